public import MailAddress

/// What a message has to have before it is sent (RFC 5322, section 3.6, and RFC 6409, section 8).
extension HeaderSection {
    /// Supplies `Date`, `From` and `Message-ID` where they are missing, behind the other fields.
    ///
    /// - Parameters:
    ///   - sender: the author where `From` is missing; nil if nobody can be named.
    ///   - date: the date where there is none.
    ///   - seed: the random bits of an identifier.
    ///   - domain: the domain of an identifier if neither author nor sender has one, such as that of this host.
    /// - Returns: the identifier that the message has, as it stands there.
    /// - Throws: ``HeaderSectionError`` if `From` is missing and nobody can be named, or if `From` or `Sender` stands twice:
    ///   readers would disagree who sends the message. All other fields pass as they are, however often they stand there; of
    ///   several identifiers the first is the message's.
    public mutating func complete(
        sender: AddrSpec?, date: MessageDate, seed: MessageSeed, domain: String? = nil
    ) throws(HeaderSectionError) -> String {
        let authors = fields(named: "From")
        guard authors.count <= 1 else { throw Self.repeated("From") }
        guard fields(named: "Sender").count <= 1 else { throw Self.repeated("Sender") }
        if !contains("Date") { append(RawField(name: "Date", value: date.description)) }
        if authors.isEmpty {
            guard let sender else {
                throw HeaderSectionError(
                    .missingSender, field: "From",
                    "the message has no From field and its reverse-path is empty; add a From field")
            }
            append(RawField(name: "From", value: "<\(sender)>"))
        }
        let identifiers = fields(named: "Message-ID").map(\.repairedValue)
        if let identifier = identifiers.first(where: { !$0.isEmpty }) { return identifier }
        fields.removeAll { $0.isNamed("Message-ID") }
        let identifier = MessageID(seed: seed, domain: try identifierDomain(sender, domain)).description
        append(RawField(name: "Message-ID", value: identifier))
        return identifier
    }

    /// Replaces the authors by one: `From` holds the address, and the display name if there was one author;
    /// `Sender` goes, and `Reply-To` names the authors that were there, unless there is one.
    ///
    /// - Parameters:
    ///   - address: the new author.
    ///   - authors: the mailboxes of `From`.
    public mutating func replaceAuthor(by address: AddrSpec, authors: [Mailbox]) {
        guard let index = fields.firstIndex(where: { $0.isNamed("From") }) else { return }
        let former = fields[index]
        let renamed = authors.count == 1 ? former.withAddress(address) : nil
        // Brackets may stand in a comment: the field has to name the address and nobody else.
        let isRight = renamed.map { (try? Self.mailboxes(in: $0).map(\.address)) == [address] } ?? false
        fields[index] = isRight ? renamed ?? former : RawField(name: "From", value: "<\(address)>")
        fields.removeAll { $0.isNamed("Sender") }
        let others = authors.filter { $0.address != address }
        if !others.isEmpty, !contains("Reply-To") { append(former.named("Reply-To")) }
    }

    /// The domain of the author, who alone gives out identifiers there, or of the sender, or else the one that is given.
    private func identifierDomain(_ sender: AddrSpec?, _ domain: String?) throws(HeaderSectionError) -> String {
        if let field = fields(named: "From").first, let author = try? Self.mailboxes(in: field).first {
            return author.address.domain
        }
        if let sender { return sender.domain }
        // A bounce has the null reverse-path, and often an author such as `MAILER-DAEMON`.
        if let domain { return (try? self.sender().domain) ?? domain }
        return try self.sender().domain
    }
}
