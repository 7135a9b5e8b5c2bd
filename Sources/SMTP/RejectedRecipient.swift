public import MailAddress

/// A recipient that the server refused, with its reply.
public struct RejectedRecipient: Hashable, Sendable {
    /// The address as it was given.
    public let address: AddrSpec
    /// The reply to its RCPT.
    public let reply: Reply

    init(address: AddrSpec, reply: Reply) {
        self.address = address
        self.reply = reply
    }
}
