internal import InternetMessage
internal import MailAddress
internal import NIOCore
internal import SMTP

/// Sends composed messages to the relay over its pool of sessions.
struct Delivery {
    /// What the relay said of a message that it took.
    struct Receipt {
        let reply: Reply
        let accepted: [AddrSpec]
        let rejected: [RejectedRecipient]
    }

    /// The relay's name in answers.
    let relay = "default"
    let pool: SMTPSessionPool

    /// Opens, writes and closes one message.
    ///
    /// - Parameter eventLoop: the loop that the calling task runs on after its first wait.
    func send(
        _ content: [UInt8], to envelope: Envelope, on eventLoop: any EventLoop
    ) async throws(SMTPError) -> Receipt {
        var envelope = envelope
        envelope.size = content.count
        var message = try await pool.open(envelope, generatesFields: false, on: eventLoop)
        try await message.write(content)
        let accepted = message.accepted
        let rejected = message.rejected
        let reply = try await message.close()
        return Receipt(reply: reply, accepted: accepted, rejected: rejected)
    }
}
