internal import MailAddress

/// The member `envelope`: who the relay is told, if that differs from the header fields.
struct EnvelopeDocument: DecodableWithErrors {
    private enum Member: String, MemberName { case from, to }

    /// The reverse-path: `.some(nil)` is the null reverse-path, nil if none was given.
    private(set) var reversePath: AddrSpec??
    private(set) var recipients: [AddrSpec]?
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var members = try Members(of: decoder)
        while let member: Member = members.next() {
            switch member {
            case .from:
                guard let from = members.text() else { continue }
                do throws(AddressError) {
                    reversePath = .some(from.isEmpty ? nil : try AddrSpec(from))
                } catch {
                    members.refuse(error.description)
                }
            case .to:
                let count = members.foundCount
                recipients = members.addresses("a list of addresses").map(\.address)
                if recipients == [], members.foundCount == count {
                    members.refuse("at least one recipient is needed")
                }
            }
        }
        errors = members.errors
    }
}
