import InternetMessage
import MailAddress
import Testing

@Suite struct CompositionErrorTests {
    @Test func everyProblemIsNamed() throws {
        var message = try Samples.message()
        message.from = []
        message.subject = "a\r\nBcc: x@y.example"
        message.attachments = [
            Attachment(filename: "ok", content: []),
            Attachment(filename: "a\u{0}b", content: [], contentType: try MediaType("multipart/mixed; boundary=x")),
        ]
        message.alternatives = [
            Alternative(contentType: try MediaType("text/x; charset=latin1"), content: .text("x"))
        ]
        let identifier = try HeaderField(name: "Message-ID", value: "<a@b>")
        message.headers = [identifier, try HeaderField(name: "MESSAGE-ID", value: "<c@d>")]
        #expect(
            message.problems.map { "\($0.field) \($0.label)" } == [
                "from missing_author", "subject control_character", "alternatives/0/contentType charset",
                "attachments/1/contentType unusable_media_type", "attachments/1/filename control_character",
                "headers/1 duplicate_header",
            ])
        let error = #expect(throws: CompositionError.self) { try Composer.compose(message) }
        #expect(error == message.problems.first)
    }

    @Test func authorsNeedASender() throws {
        var message = try Samples.message()
        message.from.append(try Mailbox(parsing: "c@example.org"))
        #expect(message.problems.map(\.label) == ["missing_sender"])
        message.headers = [try HeaderField(name: "Sender", value: "Ann <ann@example.org>")]
        #expect(message.problems.isEmpty)
        message.sender = message.from[0]
        #expect(message.problems.map(\.label) == ["duplicate_header"])
    }

    @Test func countsAndLengthsAreBounded() throws {
        var message = try Samples.message()
        message.subject = String(repeating: "x", count: Message.maximumTextOctets + 1)
        message.to = Array(repeating: message.to[0], count: Message.maximumMailboxes + 1)
        message.attachments = Array(
            repeating: Attachment(filename: nil, content: []), count: Message.maximumParts + 1)
        message.headers = Array(repeating: try HeaderField(name: "X", value: ""), count: Message.maximumHeaders + 1)
        #expect(message.problems.map(\.field) == ["to", "subject", "attachments", "headers"])
    }

    @Test func attachedMessageIsNotEncoded() throws {
        let type = try MediaType("message/rfc822")
        let good = try Samples.composed {
            $0.attachments = [Attachment(filename: nil, content: Array("A: b\r\n\r\nx".utf8), contentType: type)]
        }
        #expect(good.contains("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n"))
        let error = #expect(throws: CompositionError.self) {
            try Samples.composed {
                $0.attachments = [Attachment(filename: nil, content: Array("A: b\n\nx\0".utf8), contentType: type)]
            }
        }
        #expect(error?.field == "attachments/0/content")
        #expect(error?.label == "null")
    }

    @Test func noTwoPartsHaveOneIdentifier() throws {
        var message = try Samples.message()
        message.attachments = try ["logo", "Logo", "<logo>", "other"].map {
            Attachment(filename: nil, content: [], contentID: try ContentID($0))
        }
        #expect(message.problems.map(\.field) == ["attachments/2/contentID"])
    }
}
