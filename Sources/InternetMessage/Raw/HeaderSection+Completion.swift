public import MailAddress

/// What a message has to have before it is sent (RFC 5322, section 3.6, and RFC 6409, section 8).
extension HeaderSection {
    /// Supplies `Date`, `From` and `Message-ID` where they are missing, behind the other fields.
    ///
    /// - Parameters:
    ///   - sender: the author where `From` is missing; nil where nobody can be named.
    ///   - date: the date where there is none.
    ///   - seed: the random bits of an identifier.
    /// - Returns: the identifier that the message has, as it stands there.
    /// - Throws: ``HeaderSectionError`` where `From` is missing and nobody can be named, or stands twice, or where a field
    ///   is not UTF-8.
    public mutating func complete(
        sender: AddrSpec?, date: MessageDate, seed: MessageSeed
    ) throws(HeaderSectionError) -> String {
        for field in fields where String(validating: field.octets, as: UTF8.self) == nil {
            throw Self.notUTF8(field.name)
        }
        let authors = fields(named: "From")
        guard authors.count <= 1 else { throw Self.repeated("From") }
        if !contains("Date") { append(RawField(name: "Date", value: date.description)) }
        if authors.isEmpty {
            guard let sender else {
                throw HeaderSectionError(
                    .missingSender, field: "From",
                    "the message has no From field and its reverse-path is empty; add a From field")
            }
            append(RawField(name: "From", value: "<\(sender)>"))
        }
        let identifiers = fields(named: "Message-ID")
        guard identifiers.count <= 1 else { throw Self.repeated("Message-ID") }
        if let identifier = identifiers.first?.value, !identifier.isEmpty { return identifier }
        fields.removeAll { $0.isNamed("Message-ID") }
        let identifier = MessageID(seed: seed, domain: try identifierDomain(sender)).description
        append(RawField(name: "Message-ID", value: identifier))
        return identifier
    }

    /// The domain of the author, who alone gives out identifiers there, or of the sender.
    private func identifierDomain(_ sender: AddrSpec?) throws(HeaderSectionError) -> String {
        if let field = fields(named: "From").first, let author = try? Self.mailboxes(in: field).first {
            return author.address.domain
        }
        if let sender { return sender.domain }
        return try self.sender().domain
    }
}
