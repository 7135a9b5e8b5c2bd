/// The addresses of a header field such as `To:` (RFC 5322, section 3.4).
///
///     let list = try AddressList(parsing: "Ann <ann@example.org>, Friends: bob@example.net;")
public struct AddressList: Hashable, Sendable {
    /// The most mailboxes that a list may hold; it bounds the work one header field can ask for.
    public static let maximumCount = 10_000

    /// The elements in the order in which they were written.
    public let addresses: [Address]

    /// The mailboxes of all elements, groups resolved, in order.
    public var mailboxes: [Mailbox] { addresses.flatMap(\.mailboxes) }

    /// Reads the text of a field, without its name. Folded lines are allowed (CRLF before a space or tab), and so are
    /// empty elements, as receivers have to accept them (RFC 5322, section 4.4). A text without any address is an
    /// empty list.
    ///
    /// Throws an `AddressError` for anything else and for more than `maximumCount` mailboxes.
    public init(parsing text: String) throws(AddressError) {
        let utf8 = text.utf8
        let octets = utf8.span
        var parser = AddressParser(allowsFolding: true)
        var addresses: [Address] = []
        var group: (name: String, members: [Mailbox])?
        var count = 0
        while true {
            try parser.skipSeparators(octets)
            guard parser.position < octets.count else { break }
            if octets[parser.position] == Octet.semicolon, let ended = group {
                addresses.append(.group(name: ended.name, members: ended.members))
                group = nil
                parser.position += 1
                try parser.checkElementEnd(octets, inGroup: false)
                continue
            }
            switch try parser.next(octets) {
            case .groupStart(let name):
                guard group == nil else { throw AddressError(.group, at: parser.position) }
                group = (name, [])
                // Groups count as well, or a list of empty ones would have no bound.
                count += 1
            case .mailbox(let mailbox):
                count += 1
                if group == nil { addresses.append(.mailbox(mailbox)) } else { group?.members.append(mailbox) }
                try parser.checkElementEnd(octets, inGroup: group != nil)
            }
            guard count <= Self.maximumCount else { throw AddressError(.tooManyAddresses, at: parser.position) }
        }
        guard group == nil else { throw AddressError(.unclosedGroup, at: octets.count) }
        self.addresses = addresses
    }
}
