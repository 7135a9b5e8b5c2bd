/// One element of an address list: a mailbox or a named group of them (RFC 5322, section 3.4).
public enum Address: Hashable, Sendable {
    /// A single mailbox.
    case mailbox(Mailbox)
    /// A group with its name, and its members, of which there may be none.
    case group(name: String, members: [Mailbox])

    /// The mailboxes that the element stands for.
    public var mailboxes: [Mailbox] {
        switch self {
        case .mailbox(let mailbox): [mailbox]
        case .group(_, let members): members
        }
    }
}
