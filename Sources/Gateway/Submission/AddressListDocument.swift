internal import MailAddress

/// A list of addresses, or one address in place of a list.
struct AddressListDocument: DecodableWithErrors {
    private(set) var mailboxes: [Mailbox] = []
    private(set) var errors: [FieldError] = []

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

    /// The addresses of a list.
    init(elements list: inout any UnkeyedDecodingContainer) {
        mailboxes.reserveCapacity(list.count ?? 1)
        // The decoder is much quicker about a string than about a value of any other type. A list that has begun with
        // strings goes on with them.
        var holdsStrings = true
        while !list.isAtEnd {
            let index = String(list.currentIndex)
            if holdsStrings, let text = try? list.decode(String.self) {
                take(AddressDocument(text), under: index)
                continue
            }
            holdsStrings = false
            do {
                take(try list.decode(AddressDocument.self), under: index)
            } catch {
                errors.append(FieldError("/" + index, "this has to be an address: a string or an object"))
                // The element that could not be read is passed over.
                _ = try? list.decode(Anything.self)
            }
        }
    }

    private mutating func take(_ address: AddressDocument, under index: String?) {
        if let mailbox = address.mailbox { mailboxes.append(mailbox) }
        errors += address.errors.map { error in index.map { error.under($0) } ?? error }
    }
}

/// Any JSON value, not looked at.
struct Anything: Decodable {
    init(from decoder: any Decoder) {}
}
