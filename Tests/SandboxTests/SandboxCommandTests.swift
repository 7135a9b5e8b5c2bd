import Testing

@testable import Sandbox

@Suite struct SandboxCommandTests {
    @Test(arguments: [
        ("MAIL FROM:<a@x>", "503 5.5.1"), ("RCPT TO:<a@x>", "503 5.5.1"), ("DATA", "503 5.5.1"),
        ("EHLO", "501 5.5.4"), ("EHLO \u{1}", "501 5.5.4"), ("helo c", "250 localhost"), ("NOOP anything", "250 2.0.0"),
        ("RSET", "250 2.0.0"), ("RSET x", "501 5.5.4"), ("QUIT x", "501 5.5.4"), ("HELP", "214 2.0.0"),
        ("VRFY a@x", "252 2.1.5"), ("VRFY", "501 5.5.4"), ("EXPN list", "502 5.5.1"), ("STARTTLS", "502 5.5.1"),
        ("", "500 5.5.1"), ("WHAT", "500 5.5.1"), ("NOOP \0", "501 5.5.4"), ("BDAT", "501 5.5.4"),
        ("BDAT -1", "501 5.5.4"), ("BDAT 1 FIRST", "501 5.5.4"), ("BDAT 1000000000000000000", "501 5.5.4"),
    ])
    func atTheBeginning(_ line: String, _ code: String) {
        var dialogue = Dialogue()
        dialogue.send(line + "\r\n")
        #expect(dialogue.codes == [code])
    }

    @Test(arguments: [
        ("<a@x>", "250 2.1.0"), ("<>", "250 2.1.0"), (" <a@x>", "250 2.1.0"), ("<\"a>b @\\\"\"@x>", "250 2.1.0"),
        ("<@r,@s:a@x>", "250 2.1.0"), ("a@x", "501 5.5.4"), ("<a@x", "501 5.5.4"), ("<a>", "501 5.5.4"),
        ("<@x>", "501 5.5.4"), ("<a@>", "501 5.5.4"), ("<a b@x>", "501 5.5.4"), ("<a@b@x>", "501 5.5.4"),
        ("<a@x>SIZE=1", "501 5.5.4"), ("<a@x> SIZE=1", "250 2.1.0"), ("<a@x> SIZE=", "501 5.5.4"),
        ("<a@x> SIZE", "501 5.5.4"), ("<a@x> SIZE=-1", "501 5.5.4"), ("<a@x> SIZE=1 size=1", "501 5.5.4"),
        ("<a@x> SIZE=67108865", "552 5.3.4"), ("<a@x> SIZE=99999999999999999999", "552 5.3.4"),
        ("<a@x> BODY=7bit", "250 2.1.0"), ("<a@x> BODY=BINARYMIME", "501 5.5.4"), ("<a@x> SMTPUTF8", "250 2.1.0"),
        ("<a@x> SMTPUTF8=1", "501 5.5.4"), ("<a@x> RET=HDRS ENVID=a+2Bb", "250 2.1.0"), ("<a@x> RET=X", "501 5.5.4"),
        ("<a@x> ENVID=a+2", "501 5.5.4"), ("<a@x> ENVID=+2b", "501 5.5.4"), ("<a@x> AUTH=<>", "555 5.5.4"),
        ("<é@x>", "553 5.6.7"), ("<é@x> SMTPUTF8", "250 2.1.0"),
    ])
    func mail(_ argument: String, _ code: String) {
        var dialogue = Dialogue.after("EHLO c")
        dialogue.send("MAIL FROM:\(argument)\r\n")
        #expect(dialogue.codes == [code])
    }

    @Test(arguments: [
        ("<b@x>", "250 2.1.5"), ("<Postmaster>", "250 2.1.5"), ("<>", "501 5.5.4"), ("b@x", "501 5.5.4"),
        ("<b@x> NOTIFY=SUCCESS,delay ORCPT=rfc822;b@x", "250 2.1.5"), ("<b@x> NOTIFY=NEVER,DELAY", "501 5.5.4"),
        ("<b@x> NOTIFY=", "501 5.5.4"), ("<b@x> ORCPT=b@x", "501 5.5.4"), ("<b@x> ORCPT=rfc822;", "501 5.5.4"),
        ("<b@x> SIZE=1", "555 5.5.4"), ("<é@x>", "553 5.6.7"),
        // What is listed in SandboxRules.
        ("<reject@x>", "550 5.1.1"), ("<REJECT+anything@x>", "550 5.1.1"), ("<rejected@x>", "250 2.1.5"),
        ("<defer@x>", "451 4.3.0"), ("<defer+1@x>", "451 4.3.0"), ("<slow+1@x>", "250 2.1.5"),
        ("<drop@x>", "250 2.1.5"), ("<full@x>", "250 2.1.5"),
    ])
    func rcpt(_ argument: String, _ code: String) {
        var dialogue = Dialogue.after("EHLO c", "MAIL FROM:<a@x>")
        dialogue.send("RCPT TO:\(argument)\r\n")
        #expect(dialogue.codes == [code])
    }

    @Test func orderOfCommands() {
        var dialogue = Dialogue.after("EHLO c", "MAIL FROM:<a@x>")
        dialogue.send("MAIL FROM:<a@x>\r\nDATA\r\nRCPT TO:<reject@x>\r\nDATA\r\n")
        #expect(dialogue.codes == ["503 5.5.1", "554 5.5.1", "550 5.1.1", "554 5.5.1"])
    }

    @Test func noParametersWithoutEHLO() {
        var dialogue = Dialogue.after("HELO c")
        dialogue.send("MAIL FROM:<a@x> SIZE=1\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x> NOTIFY=NEVER\r\n")
        #expect(dialogue.codes == ["555 5.5.4", "250 2.1.0", "555 5.5.4"])
    }

    /// A line just as long as allowed, and one octet more, however they are cut.
    @Test func longLines() {
        let longest = CommandLineReader.maximumOctets
        for (count, code) in [(longest, "250 2.0.0"), (longest + 1, "500 5.5.2"), (100_000, "500 5.5.2")] {
            let line = Array(("NOOP " + String(repeating: "x", count: count - 7) + "\r\nHELP\r\n").utf8)
            for split in [0, 1, longest - 2, longest - 1, longest] {
                var dialogue = Dialogue()
                dialogue.send(line[..<split])
                dialogue.send(line[split...])
                #expect(dialogue.codes == [code, "214 2.0.0"], "\(count) octets cut at \(split)")
            }
        }
    }

    /// By hand, in a terminal, a line ends in a lone LF.
    @Test func loneLineFeedEndsACommand() {
        var dialogue = Dialogue()
        dialogue.send("EHLO c\nNOOP\n")
        #expect(dialogue.codes.last == "250 2.0.0")
    }

    @Test func whatIsNotUTF8() {
        var dialogue = Dialogue.after("EHLO c")
        dialogue.send(Array("MAIL FROM:<".utf8) + [0xFF] + Array("@x> SMTPUTF8\r\n".utf8))
        #expect(dialogue.codes == ["501 5.5.4"])
    }

    @Test func pathsAreBounded() {
        let longest = String(repeating: "a", count: MailPath.maximumOctets - 4) + "@x"
        for (path, code) in [(longest, "250 2.1.0"), ("a" + longest, "501 5.5.4")] {
            var dialogue = Dialogue.after("EHLO c")
            dialogue.send("MAIL FROM:<\(path)>\r\n")
            #expect(dialogue.codes == [code])
        }
    }

    @Test func recipientsAreBounded() {
        var configuration = SandboxConfiguration()
        configuration.maximumRecipients = 2
        var dialogue = Dialogue.after("EHLO c", "MAIL FROM:<a@x>", configuration: configuration)
        dialogue.send("RCPT TO:<b@x>\r\nRCPT TO:<reject@x>\r\nRCPT TO:<c@x>\r\nRCPT TO:<d@x>\r\nDATA\r\n.\r\n")
        #expect(dialogue.codes == ["250 2.1.5", "550 5.1.1", "250 2.1.5", "452 4.5.3", "354 End", "keep"])
        #expect(dialogue.kept.first?.transaction.recipients == ["b@x", "c@x"])
    }
}
