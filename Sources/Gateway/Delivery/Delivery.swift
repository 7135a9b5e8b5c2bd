internal import InternetMessage
internal import MailAddress
internal import NIOCore
internal import SMTP

/// Sends composed messages to the relay over its pool of sessions.
struct Delivery {
    /// What the relay said of a message that it took.
    struct Receipt {
        let reply: Reply
        var accepted: [AddrSpec]
        var rejected: [RejectedRecipient]
        /// The recipients of further transactions that failed, each with the failure.
        var failed: [(address: AddrSpec, error: SMTPError)] = []
    }

    /// The relay's name in answers.
    let relay = "default"
    let pool: SMTPSessionPool

    /// Opens, writes and closes one message. Recipients that the relay does not take in one transaction get it in
    /// further ones; the first reply is the receipt's.
    ///
    /// - Parameter eventLoop: the loop that the calling task runs on after its first wait.
    func send(
        _ content: [UInt8], to envelope: Envelope, on eventLoop: any EventLoop
    ) async throws(SMTPError) -> Receipt {
        var envelope = envelope
        envelope.size = content.count
        envelope.maySplit = envelope.recipientPolicy == .any && envelope.recipients.count > 1
        let first = try await transact(content, envelope, on: eventLoop)
        var receipt = Receipt(reply: first.reply, accepted: first.accepted, rejected: first.rejected)
        var remaining = first.remaining
        // Each round takes one recipient at least, or ends.
        while !remaining.isEmpty {
            do throws(SMTPError) {
                let next = try await transact(content, envelope.for(remaining), on: eventLoop)
                receipt.accepted += next.accepted
                receipt.rejected += next.rejected
                remaining = next.remaining
            } catch {
                receipt.rejected += error.rejected
                let answered = Set(error.rejected.map(\.address))
                receipt.failed = remaining.filter { !answered.contains($0) }.map { ($0, error) }
                break
            }
        }
        return receipt
    }

    private func transact(
        _ content: [UInt8], _ envelope: Envelope, on eventLoop: any EventLoop
    ) async throws(SMTPError) -> SMTPReceipt {
        var message = try await pool.open(envelope, generatesFields: false, on: eventLoop)
        try await message.write(content)
        return try await message.finish()
    }
}
