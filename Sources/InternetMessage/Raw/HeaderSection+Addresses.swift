public import MailAddress

/// Who a message is from and whom it goes to, as its header section says.
///
/// Where the message was introduced again by someone, the newest block of `Resent-` fields counts and not the fields of
/// the first author (RFC 5322, section 3.6.6).
extension HeaderSection {
    /// Who sends the message: `Sender`, or the one author in `From`.
    ///
    /// - Throws: ``HeaderSectionError`` where it is nobody, or not clear who.
    public func sender() throws(HeaderSectionError) -> AddrSpec {
        let resent = newestResentBlock
        let prefix = resent.isEmpty ? "" : "Resent-"
        let fields = resent.isEmpty ? self.fields : resent
        for name in [prefix + "Sender", prefix + "From"] {
            let named = fields.filter { $0.isNamed(name) }
            guard let field = named.first else { continue }
            guard named.count == 1 else { throw Self.repeated(name) }
            let mailboxes = try Self.mailboxes(in: field)
            guard mailboxes.count <= 1 else {
                throw HeaderSectionError(
                    .severalSenders, field: name,
                    "\(name) names \(mailboxes.count) addresses, and who sends the message is not clear; add a "
                        + "\(prefix)Sender field with one address")
            }
            if let mailbox = mailboxes.first { return mailbox.address }
        }
        throw HeaderSectionError(
            .missingSender, field: prefix + "From",
            "nothing says who the message is from; add a \(prefix)From field with an address")
    }

    /// Whom the message goes to: all addresses of `To`, `Cc` and `Bcc` in their order. There may be none, and one may
    /// stand twice.
    ///
    /// - Throws: ``HeaderSectionError`` where a field does not hold addresses.
    public func recipients() throws(HeaderSectionError) -> [AddrSpec] {
        let resent = newestResentBlock
        let prefix = resent.isEmpty ? "" : "Resent-"
        let names = ["To", "Cc", "Bcc"].map { prefix + $0 }
        var recipients: [AddrSpec] = []
        for field in resent.isEmpty ? fields : resent where names.contains(where: field.isNamed) {
            recipients += try Self.mailboxes(in: field).map(\.address)
        }
        return recipients
    }

    /// The mailboxes of a field that holds a list of addresses, groups resolved (RFC 5322, section 3.4).
    ///
    /// - Throws: ``HeaderSectionError`` where it does not.
    public static func mailboxes(in field: RawField) throws(HeaderSectionError) -> [Mailbox] {
        let mailboxes: [Mailbox]
        do throws(AddressError) {
            mailboxes = try AddressList(parsing: field.repairedValue).mailboxes
        } catch {
            guard field.isUTF8 else { throw notUTF8(field.name) }
            throw HeaderSectionError(
                .invalidAddress, field: field.name, "\(field.name) does not hold addresses: \(error.description)")
        }
        // In a name or a comment other octets do no harm; an address with them cannot be used.
        let isBroken = mailboxes.contains { $0.address.description.contains("\u{FFFD}") }
        if isBroken, !field.isUTF8 { throw notUTF8(field.name) }
        return mailboxes
    }

    /// Whether the message was introduced again, so that the fields beginning with `Resent-` count.
    public var isResent: Bool { !newestResentBlock.isEmpty }

    /// The first run of `Resent-` fields in which no name stands twice; each resender puts a block on top.
    private var newestResentBlock: [RawField] {
        var block: [RawField] = []
        var names: Set<String> = []
        for field in fields {
            let name = field.name.lowercased()
            guard name.hasPrefix("resent-") else {
                if block.isEmpty { continue } else { break }
            }
            guard names.insert(name).inserted else { break }
            block.append(field)
        }
        return block
    }

    static func repeated(_ name: String) -> HeaderSectionError {
        HeaderSectionError(
            .repeatedField, field: name, "\(name) stands more than once, and readers would disagree; keep one")
    }

    static func notUTF8(_ name: String) -> HeaderSectionError {
        HeaderSectionError(
            .notUTF8, field: name,
            "\(name) holds octets that are not UTF-8; write them as encoded words (RFC 2047) or in UTF-8")
    }
}
