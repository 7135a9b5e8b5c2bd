import TestSupport
import Testing

@testable import Sandbox

/// How content is taken: dots, its end, its bound, and what the recipients do to it.
@Suite struct ContentTests {
    private struct Case: Decodable {
        let id: String
        let written: String
        let wire: String
    }

    private func contents(of wire: [UInt8], split: Int) -> (contents: [String], texts: [String]) {
        var dialogue = Dialogue.after("EHLO c", "MAIL FROM:<>", "RCPT TO:<b@x>", "DATA")
        dialogue.send(wire[..<split])
        dialogue.send(wire[split...])
        return (dialogue.kept.map { String(decoding: $0.raw, as: UTF8.self) }, dialogue.texts)
    }

    /// The table of what a client writes, read backwards: line ends are CRLF on the wire whatever they were.
    @Test func dotsAtEverySplit() {
        let cases = SharedCases.rows("dot_stuffing.json", as: Case.self)
        #expect(cases.count > 20)
        for row in cases {
            // Octets and not characters, of which CRLF is one.
            var lines: [UInt8] = []
            var previous = UInt8(0)
            for octet in row.written.utf8 {
                switch octet {
                case 0x0D: lines += [0x0D, 0x0A]
                case 0x0A where previous == 0x0D: break
                case 0x0A: lines += [0x0D, 0x0A]
                default: lines.append(octet)
                }
                previous = octet
            }
            if !lines.isEmpty, lines.last != 0x0A { lines += [0x0D, 0x0A] }
            let wire = Array(row.wire.utf8)
            for split in 0...wire.count {
                let (contents, texts) = contents(of: wire, split: split)
                #expect(contents == [String(decoding: lines, as: UTF8.self)], "\(row.id) split at \(split)")
                #expect(texts == ["keep"], "\(row.id) split at \(split)")
            }
        }
    }

    @Test(arguments: [
        (".\r\n", ""), ("..\r\n.\r\n", ".\r\n"), (".a\r\n.\r\n", "a\r\n"), ("a\n.\r\n\r\n.\r\n", "a\n.\r\n\r\n"),
        ("a\r\n.\n\r\n.\r\n", "a\r\n\n\r\n"), ("a\r.\r\n\r\n.\r\n", "a\r.\r\n\r\n"), ("\r\r\n.\r\n", "\r\r\n"),
        ("a\r\n.\r.\r\n.\r\n", "a\r\n\r.\r\n"), ("a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n"), ("a\n.\n\r\n.\r\n", "a\n.\n\r\n"),
    ])
    func onlyWholeLineEndsCount(_ wire: String, _ content: String) {
        for split in 0...wire.utf8.count {
            #expect(contents(of: Array(wire.utf8), split: split).contents == [content], "split at \(split)")
        }
    }

    @Test func contentIsBounded() {
        var configuration = SandboxConfiguration()
        configuration.maximumMessageOctets = 10
        for (content, code) in [("12345678\r\n", "keep"), ("123456789\r\n", "552 5.3.4")] {
            var dialogue = Dialogue.after(
                "EHLO c", "MAIL FROM:<>", "RCPT TO:<b@x>", "DATA", configuration: configuration)
            dialogue.send(content + ".\r\nNOOP\r\n")
            #expect(dialogue.codes == [code, "250 2.0.0"])
        }
        var dialogue = Dialogue.after("EHLO c", "MAIL FROM:<>", "RCPT TO:<b@x>", configuration: configuration)
        dialogue.send("BDAT 9\r\n123456789BDAT 2\r\n01BDAT 1 LAST\r\n2MAIL FROM:<> SIZE=11\r\nMAIL FROM:<>\r\n")
        #expect(dialogue.codes == ["250 2.0.0", "552 5.3.4", "552 5.3.4", "552 5.3.4", "250 2.1.0"])
    }

    @Test(arguments: [
        (["b"], ["keep"]), (["full+x"], ["552 5.2.2"]), (["drop"], ["close"]), (["full", "drop"], ["close"]),
        (["slow+3"], ["wait 3", "keep"]), (["slow"], ["wait 5", "keep"]), (["slow+x"], ["wait 5", "keep"]),
        (["slow+60"], ["wait 60", "keep"]), (["slow+61"], ["wait 60", "keep"]), (["slow+0"], ["keep"]),
        (["slow+99999999999999999999"], ["wait 60", "keep"]), (["slow+2", "slow+9", "b"], ["wait 9", "keep"]),
        (["slow+2", "full"], ["wait 2", "552 5.2.2"]), (["slow+2", "drop"], ["wait 2", "close"]),
    ])
    func whatRecipientsDoToIt(_ recipients: [String], _ codes: [String]) {
        var dialogue = Dialogue.after("EHLO c", "MAIL FROM:<>")
        for recipient in recipients { dialogue.send("RCPT TO:<\(recipient)@example.net>\r\n") }
        let before = dialogue.texts.count
        dialogue.send("DATA\r\na\r\n.\r\n")
        #expect(Array(dialogue.codes[(before + 1)...]) == codes)
    }
}
