import Testing

@testable import Sandbox

/// AUTH and STARTTLS, as a conversation has them.
@Suite struct SandboxAuthenticationTests {
    @Test(arguments: [
        (["AUTH PLAIN AGEAYg=="], ["235 2.7.0"]), (["AUTH PLAIN", "AGEAYg=="], ["334", "235 2.7.0"]),
        (["auth login", "YQ==", "Yg=="], ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 2.7.0"]),
        (["AUTH LOGIN YQ==", "Yg=="], ["334 UGFzc3dvcmQ6", "235 2.7.0"]),
        (["AUTH CRAM-MD5", "YQ=="], ["334 PDEuMUBsb2NhbGhvc3Q+", "235 2.7.0"]),
        (["AUTH XOAUTH2 dXNlcj0="], ["235 2.7.0"]), (["AUTH OAUTHBEARER", "bg=="], ["334", "235 2.7.0"]),
        (["AUTH PLAIN ="], ["235 2.7.0"]),
        (["AUTH LOGIN", "*", "NOOP"], ["334 VXNlcm5hbWU6", "501 5.7.0", "250 2.0.0"]),
        (["AUTH PLAIN", "not base64!", "NOOP"], ["334", "501 5.5.4", "250 2.0.0"]),
        (["AUTH GSSAPI"], ["504 5.5.4"]), (["AUTH"], ["501 5.5.4"]), (["AUTH PLAIN a b"], ["501 5.5.4"]),
        (["AUTH PLAIN AA==", "AUTH PLAIN AA=="], ["235 2.7.0", "503 5.5.1"]),
        (["MAIL FROM:<>", "AUTH PLAIN AA=="], ["250 2.1.0", "503 5.5.1"]),
        (["AUTH PLAIN " + String(repeating: "A", count: 12_000)], ["235 2.7.0"]),
        (["AUTH PLAIN", String(repeating: "A", count: 12_288)], ["334", "235 2.7.0"]),
        (["AUTH PLAIN", String(repeating: "A", count: 12_289), "NOOP"], ["334", "500 5.5.2", "250 2.0.0"]),
    ])
    func anyCredentialsDo(_ lines: [String], _ codes: [String]) {
        var dialogue = Dialogue.after("EHLO client")
        for line in lines { dialogue.send(line + "\r\n") }
        #expect(dialogue.codes == codes)
    }

    @Test func nothingIsOfferedBeforeEHLO() {
        var dialogue = Dialogue()
        dialogue.send("AUTH PLAIN AA==\r\nHELO client\r\nAUTH PLAIN AA==\r\nSTARTTLS\r\n")
        #expect(dialogue.codes == ["503 5.5.1", "250 localhost", "503 5.5.1", "502 5.5.1"])
    }

    /// What came in plain text before TLS is forgotten, and what a client sent behind STARTTLS is never read (RFC 3207,
    /// section 6).
    @Test func nothingOutlivesSTARTTLS() {
        var dialogue = Dialogue(offersTLS: true)
        dialogue.send(
            "EHLO client\r\nAUTH PLAIN AA==\r\nMAIL FROM:<>\r\nSTARTTLS now\r\nSTARTTLS\r\nRCPT TO:<a@b>\r\nQU")
        #expect(dialogue.texts.first?.contains("\r\n250-STARTTLS\r\n") ?? false)
        #expect(dialogue.codes.suffix(3) == ["501 5.5.4", "220 2.0.0", "TLS"])
        dialogue.secure()
        dialogue.send("IT\r\nRCPT TO:<a@b>\r\nEHLO client\r\nSTARTTLS\r\nAUTH PLAIN AA==\r\nMAIL FROM:<>\r\n")
        #expect(
            dialogue.codes.suffix(6).map(\.self)
                == [
                    "500 5.5.1", "503 5.5.1", dialogue.codes[dialogue.codes.count - 4], "503 5.5.1", "235 2.7.0",
                    "250 2.1.0",
                ])
        #expect(!dialogue.texts[dialogue.texts.count - 4].contains("STARTTLS"))
    }

    @Test(arguments: [
        ("rcpt-450@x", "450 4.0.0", nil), ("RCPT-554+any@x", "554 5.0.0", nil), ("rcpt-251@x", "251 2.0.0", "250"),
        ("rcpt-354@x", "354 Reply", nil), ("content-552@x", "250 2.1.5", "552 5.0.0"),
        ("content-450+1@x", "250 2.1.5", "450 4.0.0"), ("content-252@x", "250 2.1.5", "252 2.0.0"),
        ("rcpt-199@x", "250 2.1.5", "250"), ("rcpt-600@x", "250 2.1.5", "250"), ("rcpt-45@x", "250 2.1.5", "250"),
        ("rcpt-4500@x", "250 2.1.5", "250"), ("rcpt-@x", "250 2.1.5", "250"), ("content--50@x", "250 2.1.5", "250"),
        ("mail-550@x", "250 2.1.5", "250"),
    ])
    func anyCodeCanBeAskedFor(_ recipient: String, _ reply: String, _ final: String?) {
        var dialogue = Dialogue.after("EHLO client", "MAIL FROM:<>")
        dialogue.send("RCPT TO:<\(recipient)>\r\n")
        #expect(dialogue.codes == [reply])
        guard let final else { return }
        dialogue.send("DATA\r\nx\r\n.\r\n")
        if final == "250" {
            #expect(dialogue.texts.last == "keep")
        } else if final.hasPrefix("2") {
            guard case .keep(_, let asked) = dialogue.actions.last else {
                Issue.record("not kept: \(dialogue.texts)")
                return
            }
            #expect(asked?.text.hasPrefix(final) ?? false)
        } else {
            #expect(dialogue.codes.last == final)
        }
    }

    @Test func aFarewellEndsTheSession() {
        for lines in [["MAIL FROM:<mail-421@x>"], ["MAIL FROM:<>", "RCPT TO:<rcpt-421@x>"]] {
            var dialogue = Dialogue.after("EHLO client")
            for line in lines { dialogue.send(line + "\r\n") }
            #expect(dialogue.codes.suffix(2) == ["421 4.0.0", "close"])
        }
    }

    @Test func theSenderAsksForACode() {
        var dialogue = Dialogue.after("EHLO client")
        dialogue.send(
            "MAIL FROM:<mail-451+x@example.org>\r\nRCPT TO:<a@b>\r\nMAIL FROM:<MAIL-250@x>\r\nRCPT TO:<a@b>\r\n")
        #expect(dialogue.codes == ["451 4.0.0", "503 5.5.1", "250 2.0.0", "250 2.1.5"])
    }
}
