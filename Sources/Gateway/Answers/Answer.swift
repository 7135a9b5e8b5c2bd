internal import HTTPServer
internal import MailAddress
internal import SMTP

/// The answers that are not problems.
enum Answer {
    static let json = [("Content-Type", "application/json")]

    /// The relay took responsibility for the message.
    static func accepted(id: String, relay: String, _ receipt: Delivery.Receipt) -> HTTPResponse {
        var json = JSONText()
        json.object { json in
            json.member("id", id)
            json.member("status", status(receipt))
            json.member("code", receipt.reply.code)
            json.member("enhanced_code", receipt.reply.enhancedCode?.description)
            json.member("text", receipt.reply.text)
            json.member("relay", relay)
            json.name("accepted")
            json.array(receipt.accepted) { $0.value($1.description) }
            json.name("rejected")
            json.array {
                for recipient in receipt.rejected { $0.rejected(recipient) }
                for recipient in receipt.failed { $0.rejected(recipient.address, recipient.error) }
            }
        }
        return HTTPResponse(status: 200, headers: Self.json, body: json.bytes)
    }

    static func status(_ receipt: Delivery.Receipt) -> String {
        receipt.rejected.isEmpty && receipt.failed.isEmpty ? "accepted" : "partially_accepted"
    }

    /// What would have been sent.
    static func dryRun(id: String, envelope: Envelope, content: [UInt8]) -> HTTPResponse {
        var json = JSONText()
        json.object { json in
            json.member("id", id)
            json.name("envelope")
            json.object { json in
                json.member("from", envelope.reversePath?.description ?? "")
                json.name("to")
                json.array(envelope.recipients) { $0.value($1.description) }
            }
            json.member("message", String(decoding: content, as: UTF8.self))
        }
        return HTTPResponse(status: 200, headers: Self.json, body: json.bytes)
    }
}
