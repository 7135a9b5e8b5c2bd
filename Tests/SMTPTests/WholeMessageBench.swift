import NIOCore
import TestSupport
import Testing

@testable import SMTP

/// What the tests of messages that are sent in one call share.
enum WholeMessageBench {
    static let greeting: [ScriptedRelay.Step] = [
        .send("220 relay\r\n"), .expect("EHLO client.example.org\r\n"), .send("250-relay\r\n250 PIPELINING\r\n"),
    ]
    static let quit: [ScriptedRelay.Step] = [.expect("QUIT\r\n"), .send("221 bye\r\n"), .close]
    static let envelope = "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"
    static let goAhead = ScriptedRelay.Step.send("250 ok\r\n250 ok\r\n354 go\r\n")

    /// One session to the relay. However busy the machine is, the relay counts as prompt once it has replied to a content.
    static func pool(
        _ relay: ScriptedRelay, on loop: any EventLoop, _ change: (inout SMTPPoolLimits) -> Void = { _ in }
    ) throws -> SMTPSessionPool {
        let identity = try #require(ClientDomain("client.example.org"))
        var limits = SMTPPoolLimits()
        limits.sessions = 1
        limits.chainPatience = .seconds(600)
        change(&limits)
        return SMTPSessionPool(
            SMTPConfiguration(host: "127.0.0.1", port: relay.port, identity: identity), limits: limits, on: [loop])
    }

    static func send(
        _ text: String, to recipients: [String] = ["b@example.net"], by pool: SMTPSessionPool, on loop: any EventLoop
    ) async -> Result<SMTPReceipt, SMTPError> {
        await withCheckedContinuation { continuation in
            loop.execute {
                do {
                    // To be told twice is a trap of the continuation's.
                    pool.send(
                        try WholeTestMessage(text, to: recipients) { continuation.resume(returning: $0) }, on: loop)
                } catch {
                    Issue.record(error)
                }
            }
        }
    }

    /// What a message is told, in words: the text of the reply, or the reason and the outcome.
    static func told(_ result: Result<SMTPReceipt, SMTPError>) -> String {
        switch result {
        case .success(let receipt): receipt.reply.text
        case .failure(let error): "\(error.reason) \(error.outcome.rawValue)"
        }
    }
}
