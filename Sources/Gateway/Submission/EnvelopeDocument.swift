internal import MailAddress

/// The member `envelope`: who the relay is told, where that differs from the header fields.
struct EnvelopeDocument: DecodableWithErrors {
    /// The reverse-path: `.some(nil)` is the null reverse-path, nil where none was given.
    private(set) var reversePath: AddrSpec??
    private(set) var recipients: [AddrSpec]?
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder, known: ["from", "to"])
        if let from: String = members.value("from", expected: "a string") {
            if from.isEmpty {
                reversePath = .some(nil)
            } else {
                do throws(AddressError) {
                    reversePath = try AddrSpec(from)
                } catch {
                    members.add(FieldError("/from", error.description))
                }
            }
        }
        if let list: AddressListDocument = members.nested("to", expected: "a list of addresses") {
            recipients = list.mailboxes.map(\.address)
            if list.mailboxes.isEmpty, list.errors.isEmpty {
                members.add(FieldError("/to", "at least one recipient is needed"))
            }
        }
        errors = members.errors
    }
}
