internal import Foundation
internal import InternetMessage

extension JSONText {
    /// What a list says of a message, but for how many attachments it has.
    mutating func summary(of message: CaughtMessage) {
        member("id", message.id)
        member("received_at", Timestamp.text(message.receivedAt))
        name("envelope")
        object { json in
            json.member("from", message.reversePath)
            json.name("to")
            json.array(message.recipients) { $0.value($1) }
        }
        member("from", message.content.from)
        name("to")
        array(message.content.to) { $0.value($1) }
        member("subject", message.content.subject)
        member("size", message.raw.count)
    }
}

extension CaughtMessage {
    /// The message as JSON, but for the content of its attachments.
    var document: [UInt8] {
        var json = JSONText()
        json.object { json in
            json.summary(of: self)
            json.name("headers")
            json.array(content.fields) { json, field in
                json.object {
                    $0.member("name", field.name)
                    $0.member("value", field.value)
                }
            }
            json.member("text", content.text?.text)
            json.member("html", content.html?.text)
            json.name("attachments")
            json.array(content.attachments.enumerated()) { json, attachment in
                json.object {
                    $0.member("index", attachment.offset)
                    $0.member("filename", attachment.element.filename)
                    $0.member("content_type", attachment.element.mediaType)
                    $0.member("content_id", attachment.element.contentID)
                    $0.member("size", attachment.element.content.count)
                }
            }
        }
        return json.bytes
    }
}
