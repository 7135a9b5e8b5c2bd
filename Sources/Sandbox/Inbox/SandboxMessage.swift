/// A message that the sandbox caught.
public struct SandboxMessage: Hashable, Sendable {
    /// The ID that the final reply named: unique in this server and easily read out.
    public let id: String
    /// When it was received, in seconds since 1970-01-01 UTC.
    public let receivedAt: Double
    /// The name that the client gave in EHLO or HELO (RFC 5321, section 4.1.1.1).
    public let helloName: String
    /// The reverse-path, empty for the null reverse-path (RFC 5321, section 4.5.5).
    public let reversePath: String
    /// The parameters of MAIL in their order, such as SIZE, BODY, SMTPUTF8, RET and ENVID.
    public let parameters: [SandboxParameter]
    /// The forward-paths that were accepted, in their order.
    public let recipients: [String]
    /// The parameters of RCPT, NOTIFY and ORCPT, one list for each of `recipients`.
    public let recipientParameters: [[SandboxParameter]]
    /// The content, octet for octet, the doubled dots undone (RFC 5321, section 4.5.2).
    public let raw: [UInt8]

    init(_ received: ReceivedMessage, id: String, receivedAt: Double) {
        self.id = id
        self.receivedAt = receivedAt
        helloName = received.helloName
        reversePath = received.transaction.reversePath
        parameters = received.transaction.parameters
        recipients = received.transaction.recipients
        recipientParameters = received.transaction.recipientParameters
        raw = received.raw
    }

    /// The header fields in their order, unfolded (RFC 5322, section 2.2.3), read leniently from `raw` at each call;
    /// what is not UTF-8 is replaced.
    public var headers: [(name: String, value: String)] { HeaderSection.fields(raw) }

    /// What the message costs of the inbox's bound: its octets and those of its envelope.
    var footprint: Int {
        var octets = raw.count + helloName.utf8.count + reversePath.utf8.count
        for recipient in recipients { octets += recipient.utf8.count }
        for parameter in parameters + recipientParameters.joined() {
            octets += parameter.keyword.utf8.count + (parameter.value?.utf8.count ?? 0)
        }
        return octets
    }
}
