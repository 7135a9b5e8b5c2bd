import Testing

@testable import Sandbox

@Suite struct SandboxConversationTests {
    private static let session =
        "EHLO client\r\nMAIL FROM:<a@example.org> SIZE=30 BODY=8BITMIME\r\nRCPT TO:<b@example.net> NOTIFY=NEVER\r\n"
        + "RCPT TO:<reject@example.net>\r\nDATA\r\nSubject: x\r\n\r\n..\r\n.a\r\n.\r.b\r\n\n.\r\n\r\n.\r\n"
        + "mail from:<>\r\nrcpt to:<slow+3@example.net>\r\nBDAT 4\r\n.\r\n.BDAT 3 LAST\r\nEND"
        + "MAIL FROM:<a@x>\r\nRCPT TO:<full@x>\r\nDATA\r\n.\r\nNONSENSE\r\nQUIT\r\nNOOP\r\n"

    private static let replies = [
        "250-localhost\r\n250-PIPELINING\r\n250-SIZE 67108864\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
            + "250-ENHANCEDSTATUSCODES\r\n250-DSN\r\n250-AUTH PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER\r\n250 CHUNKING",
        "250 2.1.0 Ok", "250 2.1.5 Ok", "550 5.1.1 User unknown", "354 End data with <CR><LF>.<CR><LF>", "keep",
        "250 2.1.0 Ok", "250 2.1.5 Ok", "250 2.0.0 4 octets received", "wait 3", "keep",
        "250 2.1.0 Ok", "250 2.1.5 Ok", "354 End data with <CR><LF>.<CR><LF>", "552 5.2.2 Mailbox full",
        "500 5.5.1 Command not recognized", "221 2.0.0 Bye", "close",
    ]

    private func check(_ dialogue: Dialogue, _ comment: Comment) {
        #expect(dialogue.texts == Self.replies, comment)
        guard dialogue.kept.count == 2 else { return }
        let (first, second) = (dialogue.kept[0], dialogue.kept[1])
        #expect(first.helloName == "client")
        #expect(first.transaction.reversePath == "a@example.org")
        #expect(
            first.transaction.parameters == [SandboxParameter("SIZE", "30"), SandboxParameter("BODY", "8BITMIME")])
        #expect(first.transaction.recipients == ["b@example.net"])
        #expect(first.transaction.recipientParameters == [[SandboxParameter("NOTIFY", "NEVER")]])
        #expect(
            String(decoding: first.raw, as: UTF8.self) == "Subject: x\r\n\r\n.\r\na\r\n\r.b\r\n\n.\r\n\r\n", comment)
        #expect(second.transaction.reversePath == "")
        #expect(String(decoding: second.raw, as: UTF8.self) == ".\r\n.END", comment)
    }

    @Test func aSessionAtEverySplit() {
        let octets = Array(Self.session.utf8)
        for split in 0...octets.count {
            var dialogue = Dialogue()
            dialogue.send(octets[..<split])
            dialogue.send(octets[split...])
            check(dialogue, "split at \(split)")
        }
    }

    @Test(arguments: 1...7) func aSessionInPieces(_ size: Int) {
        let octets = Array(Self.session.utf8)
        var dialogue = Dialogue()
        for start in stride(from: 0, to: octets.count, by: size) {
            dialogue.send(octets[start..<min(start + size, octets.count)])
        }
        check(dialogue, "pieces of \(size)")
    }

    /// Nothing is answered until the time is over, and then everything in order.
    @Test func octetsBehindAWaitAreHeld() {
        let dialogue = Dialogue.after("EHLO c", "MAIL FROM:<>", "RCPT TO:<slow@x>", "DATA")
        var conversation = dialogue.conversation
        #expect(conversation.receive(Array("a\r\n.\r\nNO".utf8)) == [.wait(seconds: 5)])
        #expect(conversation.receive(Array("OP\r\nQUIT\r\n".utf8)) == [])
        let actions = conversation.resume()
        guard actions.count == 4, case .keep(let message, nil) = actions[0] else {
            Issue.record("unexpected: \(actions)")
            return
        }
        #expect(message.raw == Array("a\r\n".utf8))
        #expect(Array(actions[1...]) == [.reply(.ok), .reply(.goodbye), .close])
        #expect(conversation.resume() == [])
    }

    @Test func nothingIsTakenBehindQuit() {
        var dialogue = Dialogue.after("EHLO c", "QUIT")
        dialogue.send("NOOP\r\n")
        #expect(dialogue.texts == [])
    }

    @Test func resetAndHelloEndATransaction() {
        for command in ["RSET", "EHLO again", "HELO again"] {
            var dialogue = Dialogue.after("EHLO c", "MAIL FROM:<a@x>", "RCPT TO:<full@x>", command)
            dialogue.send("RCPT TO:<b@x>\r\nDATA\r\nMAIL FROM:<b@x>\r\nRCPT TO:<c@x>\r\nDATA\r\n.\r\n")
            #expect(dialogue.codes == ["503 5.5.1", "503 5.5.1", "250 2.1.0", "250 2.1.5", "354 End", "keep"])
            #expect(dialogue.kept.first?.transaction.recipients == ["c@x"])
        }
    }

    /// The octets of a refused chunk are no commands.
    @Test func refusedChunks() {
        var dialogue = Dialogue.after("EHLO c")
        dialogue.send("BDAT 6 LAST\r\nQUIT\r\nNOOP\r\n")
        #expect(dialogue.codes == ["503 5.5.1", "250 2.0.0"])
    }

    @Test func chunksAndDataDoNotMix() {
        var dialogue = Dialogue.after("EHLO c", "MAIL FROM:<>", "RCPT TO:<b@x>")
        dialogue.send("BDAT 1\r\naDATA\r\nRCPT TO:<c@x>\r\nBDAT 0 LAST\r\n")
        #expect(dialogue.codes == ["250 2.0.0", "503 5.5.1", "503 5.5.1", "keep"])
        #expect(dialogue.kept.first?.raw == Array("a".utf8))
    }
}
