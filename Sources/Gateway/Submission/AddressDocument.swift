internal import MailAddress

/// An address of a request: `"Name <a@b>"`, `"a@b"`, or an object with `name` and `address` or `email`.
struct AddressDocument: DecodableWithErrors {
    private(set) var mailbox: Mailbox?
    private(set) var errors = FieldErrors()

    /// An address in one string.
    init(_ text: String) {
        take(text)
    }

    init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            take(text)
            return
        }
        var members = try Members(of: decoder, known: ["name", "address", "email"])
        let name: String? = members.value("name", expected: "a string")
        let address: String? = members.value("address", expected: "a string")
        let email: String? = members.value("email", expected: "a string")
        switch (address, email) {
        case (let text?, nil), (nil, let text?):
            let member = address == nil ? "/email" : "/address"
            do throws(AddressError) {
                let checked = try AddrSpec(text)
                do throws(AddressError) {
                    mailbox = try Mailbox(name: name, address: checked)
                } catch {
                    members.add(FieldError("/name", error.description))
                }
            } catch {
                members.add(FieldError(member, error.description))
            }
        case (nil, nil):
            if members.errors.isEmpty { members.add(FieldError("/address", "an address is needed")) }
        case (_?, _?): members.add(FieldError("/email", "give address or email, not both"))
        }
        errors = members.errors
        if !errors.isEmpty { mailbox = nil }
    }

    private mutating func take(_ text: String) {
        do throws(AddressError) {
            mailbox = try Mailbox(parsing: text)
        } catch {
            errors.add(FieldError("", error.description))
        }
    }
}
