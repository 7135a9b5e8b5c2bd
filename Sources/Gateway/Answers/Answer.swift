internal import Foundation
internal import HTTPServer
internal import InternetMessage
internal import MailAddress
internal import SMTP

/// The answers that are not problems.
enum Answer {
    static let json = [(name: "Content-Type", value: "application/json")]

    /// The relay took responsibility for the message.
    static func accepted(id: String, _ receipt: Delivery.Receipt) -> HTTPResponse {
        var json = JSONText()
        json.object { json in
            json.member(.id, id)
            json.member(.status, status(receipt))
            json.member(.code, receipt.reply.code)
            json.member(.enhancedCode, receipt.reply.enhancedCode)
            json.member(.text, receipt.reply.text)
            json.member(.relay, receipt.relay)
            json.name(.accepted)
            json.array(receipt.accepted) { $0.value($1.description) }
            json.name(.rejected)
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

    /// The methods that can be used on a resource.
    static func options(_ methods: [String]) -> HTTPResponse {
        HTTPResponse(status: 204, headers: [("Allow", methods.joined(separator: ", "))], body: [])
    }

    /// What would have been sent: the octets as the relay would have got them, in base64 if they are not UTF-8.
    static func dryRun(_ composed: Composition) -> HTTPResponse {
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
        return HTTPResponse(status: 200, headers: Self.json, body: json.bytes)
    }

    /// The answers to the messages of a batch, in their order: each body with its status added.
    static func batch(_ answers: [MessageAnswer]) -> HTTPResponse {
        var body = Array(#"{"results":["#.utf8)
        for (index, answer) in answers.enumerated() {
            body += (index == 0 ? "" : ",").utf8
            body += #"{"http_status":\#(answer.response.status),"#.utf8
            if answer.isReplay { body += #""replayed":true,"#.utf8 }
            // Every answer to a message is an object with members: what follows its brace goes on from here.
            body += answer.response.body.dropFirst()
        }
        body += "]}".utf8
        return HTTPResponse(status: 200, headers: json, body: body)
    }
}
