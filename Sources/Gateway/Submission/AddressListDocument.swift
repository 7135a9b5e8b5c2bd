internal import MailAddress

/// A list of addresses, or one address in place of a list.
struct AddressListDocument: DecodableWithErrors {
    private(set) var mailboxes: [Mailbox] = []
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        if var list = try? decoder.unkeyedContainer() {
            self.init(elements: &list)
        } else {
            self.init(try AddressDocument(from: decoder))
        }
    }

    /// One address.
    init(_ address: AddressDocument) {
        take(address, under: nil)
    }

    /// The addresses of a list, which is read no further than a message may have recipients.
    init(elements list: inout any UnkeyedDecodingContainer) {
        mailboxes.reserveCapacity(min(list.count ?? 1, Submission.maximumRecipients))
        // The decoder is much quicker about a string than about a value of any other type. A list that has begun with
        // strings goes on with them.
        var holdsStrings = true
        while !list.isAtEnd {
            guard list.currentIndex < Submission.maximumRecipients else {
                errors.add(
                    FieldError(
                        "", "there are more than \(Submission.maximumRecipients) addresses; send to fewer at a time"))
                return
            }
            let index = String(list.currentIndex)
            if holdsStrings, let text = try? list.decode(String.self) {
                take(AddressDocument(text), under: index)
                continue
            }
            holdsStrings = false
            do {
                take(try list.decode(AddressDocument.self), under: index)
            } catch {
                errors.add(FieldError("/" + index, "this has to be an address: a string or an object"))
                // The element that could not be read is ignored.
                _ = try? list.decode(Anything.self)
            }
        }
    }

    private mutating func take(_ address: AddressDocument, under index: String?) {
        if let mailbox = address.mailbox { mailboxes.append(mailbox) }
        errors.add(address.errors, under: index)
    }
}

/// Any JSON value, not looked at.
struct Anything: Decodable {
    init(from decoder: any Decoder) {}
}
