internal import Foundation
internal import HTTPServer
internal import InternetMessage
internal import MailAddress
internal import SMTP

/// What the formats of Postern's own API have in common: their responses.
protocol PosternDialect: Dialect {}

extension PosternDialect {
    var holdsOneMessage: Bool { true }

    func response(to outcome: MessageOutcome, of notes: ReadingNotes, at index: Int?) -> HTTPResponse {
        switch outcome {
        case .accepted(let id, let receipt): Self.accepted(id, receipt)
        case .failed(let problem): problem.response
        case .composed(let composed): Self.dryRun(composed)
        }
    }

    func response(to problem: Problem) -> HTTPResponse { problem.response }

    private static func accepted(_ id: String, _ receipt: Receipt) -> HTTPResponse {
        var json = JSONText()
        json.object { json in
            json.member(.id, id)
            json.member(.status, receipt.status)
            json.member(.code, receipt.reply.code)
            json.member(.enhancedCode, receipt.reply.enhancedCode)
            json.member(.text, receipt.reply.text)
            json.member(.relay, receipt.relay)
            json.name(.accepted)
            json.array(receipt.accepted) { $0.value($1) }
            json.name(.rejected)
            json.array {
                for recipient in receipt.rejected { $0.rejected(recipient) }
                for recipient in receipt.failed { $0.rejected(recipient.address, recipient.error) }
            }
        }
        return HTTPResponse.json(200, json.bytes)
    }

    /// What would have been sent: the octets as the relay would have got them, in base64 if they are not UTF-8.
    private static func dryRun(_ composed: Composition) -> HTTPResponse {
        var json = JSONText()
        json.object { json in
            json.member(.id, composed.id)
            json.name("envelope")
            json.object { json in
                json.member("from", composed.envelope.reversePath?.description ?? "")
                json.name("to")
                json.array(composed.envelope.recipients) { $0.value($1.description) }
            }
            let octets = LineBreaks.canonical(composed.content)
            if let text = String(validating: octets, as: UTF8.self) {
                json.member(.message, text)
            } else {
                json.member("message_base64", Data(octets).base64EncodedString())
            }
        }
        return HTTPResponse.json(200, json.bytes)
    }
}
