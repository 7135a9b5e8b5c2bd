internal import MailAddress

/// An address that is given as an object: `address` or `email`, and perhaps `name`. As a string it is `"Name <a@b>"` or `"a@b"`.
struct AddressDocument: DecodableWithErrors {
    private enum Member: String, MemberName { case name, address, email }

    private(set) var mailbox: Mailbox?
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder)
        var name, address, email: String?
        while let member: Member = members.next() {
            switch member {
            case .name: name = members.text()
            case .address: address = members.text()
            case .email: email = members.text()
            }
        }
        if address != nil, email != nil {
            members.add(FieldError("/email", "give address or email, not both"))
        } else if let text = address ?? email {
            do throws(AddressError) {
                let checked = try AddrSpec(text)
                do throws(AddressError) {
                    mailbox = try Mailbox(name: name, address: checked)
                } catch {
                    members.add(FieldError("/name", error.description))
                }
            } catch {
                members.add(FieldError(address == nil ? "/email" : "/address", error.description))
            }
        } else if members.areRight {
            members.add(FieldError("/address", "an address is needed"))
        }
        errors = members.errors
        if !errors.isEmpty { mailbox = nil }
    }

    /// The addresses of a list, which is read no further than a message may have recipients.
    static func mailboxes(_ elements: consuming Elements) -> ([Mailbox], FieldErrors) {
        var mailboxes: [Mailbox] = []
        var errors = FieldErrors()
        mailboxes.reserveCapacity(min(elements.count, Submission.maximumRecipients))
        while !elements.isAtEnd {
            let index = elements.index
            guard index < Submission.maximumRecipients else {
                errors.add(
                    FieldError(
                        "", "there are more than \(Submission.maximumRecipients) addresses; send to fewer at a time"))
                break
            }
            if let text = elements.text() {
                do throws(AddressError) {
                    mailboxes.append(try Mailbox(parsing: text))
                } catch {
                    errors.add(FieldError("/\(index)", error.description))
                }
            } else if let address: AddressDocument = elements.part() {
                if let mailbox = address.mailbox { mailboxes.append(mailbox) }
                errors.add(address.errors, under: String(index))
            } else {
                errors.add(FieldError("/\(index)", "this has to be an address: a string or an object"))
            }
        }
        return (mailboxes, errors)
    }
}
