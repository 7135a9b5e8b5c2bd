public import InternetMessage

/// A message that the sandbox caught.
public struct SandboxMessage: Sendable {
    /// The ID that the final reply named: unique in this server and easily read out.
    public let id: String
    /// Its place in the order of arrival, from 1.
    public let number: Int
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
    /// The content, read to be shown.
    public let content: ReceivedMessage

    init(_ received: ReceivedTransaction, id: String, number: Int, receivedAt: Double) {
        self.id = id
        self.number = number
        self.receivedAt = receivedAt
        helloName = received.helloName
        reversePath = received.transaction.reversePath
        parameters = received.transaction.parameters
        recipients = received.transaction.recipients
        recipientParameters = received.transaction.recipientParameters
        raw = received.raw
        content = ReceivedMessage(received.raw)
    }

    /// What the message costs of the inbox's bound: its octets, those of its envelope, and what was read of it.
    var footprint: Int {
        var octets = raw.count + helloName.utf8.count + reversePath.utf8.count
        for text in recipients + content.to + content.cc + [content.from, content.subject] { octets += text.utf8.count }
        for parameter in parameters + recipientParameters.joined() {
            octets += parameter.keyword.utf8.count + (parameter.value?.utf8.count ?? 0)
        }
        return octets
    }
}
