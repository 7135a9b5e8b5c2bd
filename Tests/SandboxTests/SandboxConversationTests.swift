import TestSupport
import Testing

@testable import Sandbox

@Suite struct SandboxConversationTests {
    private static let session =
        "EHLO c\r\nMAIL FROM:<a@example.org> SIZE=3\r\nRCPT TO:<b@example.net>\r\nRCPT TO:<reject@x>\r\nDATA\r\n"
        + "Subject: x\r\n\r\n..\r\n.a\r\n.\r\nQUIT\r\n"

    private func texts(_ actions: [SandboxConversation.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .reply(let reply): String(reply.prefix(3))
            case .keep(let caught):
                "\(caught.reversePath) \(caught.recipients) \(String(decoding: caught.raw, as: UTF8.self))"
            case .close: "close"
            }
        }
    }

    @Test func aSessionAtEverySplit() {
        let bytes = Array(Self.session.utf8)
        let expected = [
            "250", "250", "250", "550", "354", "a@example.org [\"b@example.net\"] Subject: x\r\n\r\n.\r\na\r\n", "221",
            "close",
        ]
        for split in 0...bytes.count {
            var conversation = SandboxConversation()
            let actions = conversation.receive(bytes[..<split]) + conversation.receive(bytes[split...])
            #expect(texts(actions) == expected, "split at \(split)")
        }
    }

    /// What a client doubles is undone again, and a lone LF never ends the content.
    @Test func smuggledEnd() {
        var conversation = SandboxConversation()
        _ = conversation.receive(Array("EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<b@x>\r\nDATA\r\n".utf8))
        let actions = conversation.receive(Array("a\n.\r\nb\r\n.\nc\r\n.\r\n".utf8))
        #expect(texts(actions) == [" [\"b@x\"] a\n.\r\nb\r\n\nc\r\n"])
    }

    @Test(arguments: [
        ("reject@x", "550"), ("reject+a@x", "550"), ("defer@x", "451"), ("b@x", "250"), ("\"a>b\"@x", "250"),
    ]) func recipients(_ recipient: String, _ code: String) {
        var conversation = SandboxConversation()
        let actions = conversation.receive(Array("EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<\(recipient)>\r\n".utf8))
        #expect(texts(actions).last == code)
    }

    @Test func ordersAndBounds() {
        var conversation = SandboxConversation()
        #expect(texts(conversation.receive(Array("MAIL FROM:<a@b>\r\n".utf8))) == ["503"])
        #expect(texts(conversation.receive(Array("DATA\r\n".utf8))) == ["554"])
        #expect(texts(conversation.receive(Array("WHAT\r\n".utf8))) == ["500"])
        #expect(texts(conversation.receive(Array(repeating: 0x78, count: 5000))) == ["500", "close"])
    }

    @Test func theInboxIsBounded() {
        let inbox = SandboxInbox()
        for number in 0..<(SandboxInbox.maximumMessages + 10) {
            inbox.add(
                SandboxMessage(
                    id: "\(number)", receivedAt: 0, helloName: "c", reversePath: "", recipients: [], raw: []))
        }
        #expect(inbox.all().count == SandboxInbox.maximumMessages)
        #expect(inbox.message(id: "0") == nil)
        #expect(inbox.all().first?.id == "209")
    }
}
