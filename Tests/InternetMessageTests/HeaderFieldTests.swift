import InternetMessage
import MailAddress
import Testing

@Suite struct HeaderFieldTests {
    @Test(arguments: [
        "From", "to", "CC", "Bcc", "Reply-To", "Subject", "MIME-Version", "Content-Type", "content-md5",
        "Content-Transfer-Encoding", "Received", "Received-SPF", "Return-Path", "Delivered-To", "DKIM-Signature",
        "ARC-Seal", "Authentication-Results", "Content-Disposition", "Resent-Bcc", "Apparently-To",
    ])
    func nameIsRefusedWithReason(name: String) {
        let error = #expect(throws: HeaderError.self) { try HeaderField(name: name, value: "x") }
        #expect(error?.reason == .refusedName)
        #expect(error?.description == HeaderPolicy.refusal(of: name)?.description)
    }

    @Test(arguments: ["", "X Y", "X:Y", "X-Ä", "X\u{1}Y", "X-A: b\r\nBcc", "X\u{7F}"])
    func nameIsNoToken(name: String) {
        let error = #expect(throws: HeaderError.self) { try HeaderField(name: name, value: "x") }
        #expect(error?.reason == .invalidName)
    }

    @Test func lengthsAreBounded() throws {
        _ = try HeaderField(name: String(repeating: "x", count: 76), value: String(repeating: "é", count: 16_384))
        #expect(throws: HeaderError.self) { try HeaderField(name: String(repeating: "x", count: 77), value: "") }
        #expect(throws: HeaderError.self) { try HeaderField(name: "X", value: String(repeating: "x", count: 32_769)) }
    }

    @Test(arguments: ["a\rb", "a\nb", "a\r\n b", "a\u{0}", "\u{B}", "\u{7F}", "a\u{85}b"])
    func controlCharacterIsRefused(value: String) {
        for name in ["X-Test", "List-Unsubscribe", "Message-ID", "Sender", "Auto-Submitted"] {
            let error = #expect(throws: HeaderError.self) { try HeaderField(name: name, value: value) }
            #expect(error?.reason == .controlCharacter)
        }
    }

    @Test(arguments: [
        ("X-Test", "plain  text\twith tab", "X-Test: plain  text\twith tab"),
        ("X-Test", "", "X-Test:"),
        ("X-Test", " x", "X-Test: =?utf-8?q?_x?="),
        ("X-Test", "not =?utf-8?q?x?=", "X-Test: =?utf-8?b?bm90ID0/dXRmLTg/cT94Pz0=?="),
        ("X-Test", "日本", "X-Test: =?utf-8?b?5pel5pys?="),
        ("In-Reply-To", " <a@b>  <c>", "In-Reply-To: <a@b> <c>"),
        ("Message-ID", "<a@b>", "Message-ID: <a@b>"),
        (
            "List-Unsubscribe", "<mailto:u@example.org?subject=x>, <https://example.org/u?a=b;c>",
            "List-Unsubscribe: <mailto:u@example.org?subject=x>,\r\n <https://example.org/u?a=b;c>"
        ),
        // The examples of RFC 2369, section 3.
        (
            "List-Help", "<mailto:list@host.com?subject=help> (List Instructions)",
            "List-Help: <mailto:list@host.com?subject=help> (List Instructions)"
        ),
        (
            "List-Post", "<mailto:moderator@host.com> (Postings are Moderated)",
            "List-Post: <mailto:moderator@host.com> (Postings are Moderated)"
        ),
        (
            "List-Post", "NO (posting not allowed on this list)", "List-Post: NO (posting not allowed on this list)"
        ),
        (
            "List-Owner", "<mailto:grant@foo.bar> (Grant Neufeld)", "List-Owner: <mailto:grant@foo.bar> (Grant Neufeld)"
        ),
        (
            "List-Unsubscribe",
            "(Use this command to get off the list) <mailto:list-manager@host.com?body=unsubscribe%20list>",
            "List-Unsubscribe: (Use this command to get off the list)\r\n <mailto:list-manager@host.com?body=unsubscribe%20list>"
        ),
        (
            "List-Archive", "< https://host.example/u > (Web Archive)",
            "List-Archive: <https://host.example/u> (Web Archive)"
        ),
        (
            "List-Help", "<https://a.example/x,y>,<mailto:b@c.example>",
            "List-Help: <https://a.example/x,y>, <mailto:b@c.example>"
        ),
        ("List-Id", "Föö <foo.example>", "List-Id: =?utf-8?b?RsO2w7Y=?= <foo.example>"),
        ("List-Id", "\"A  B\" <x.example>", "List-Id: \"A  B\" <x.example>"),
        ("List-Id", "\"a \\\"b\\\" c\" <x.example>", "List-Id: \"a \\\"b\\\" c\" <x.example>"),
        ("List-Id", " <x.example> ", "List-Id: <x.example>"),
        ("References", "<a@b><c@d>", "References: <a@b> <c@d>"),
        ("References", "<a@b>\r\n <c@d>\n\t<e@f>", "References: <a@b> <c@d> <e@f>"),
        ("References", "<a@b>,\r\n <c@d>", "References: <a@b> <c@d>"),
        ("In-Reply-To", "<a@b> (Ann (x) \\) y)", "In-Reply-To: <a@b>"),
        ("Message-ID", " <a@b> ", "Message-ID: <a@b>"),
        ("Content-Language", "de, en-GB", "Content-Language: de, en-GB"),
        ("Content-Class", "urn:content-classes:message", "Content-Class: urn:content-classes:message"),
        ("Priority", "high", "Priority: high"), ("X-MSMail-Priority", "Highest", "X-MSMail-Priority: Highest"),
        ("Date", "Tue, 1 Jul 2025 08:30:00 +0000 (UTC)", "Date: Tue, 1 Jul 2025 08:30:00 +0000"),
        ("Reply-By", "Tue, 1 Jul 2025 08:30:00 -0000", "Reply-By: Tue, 1 Jul 2025 08:30:00 -0000"),
        ("Date", "Wed, 2 Jul 2025 23:59:60 GMT", "Date: Wed, 2 Jul 2025 23:59:59 +0000"),
        ("Expires", "1 Jan 2026 00:00 -0330", "Expires: Thu, 1 Jan 2026 00:00:00 -0330"),
        ("TLS-Required", "No", "TLS-Required: No"),
        ("List-Post", "NO", "List-Post: NO"),
        ("List-Id", "News of the day <news.example.org>", "List-Id: News of the day <news.example.org>"),
        ("Auto-Submitted", "auto-replied; x=y", "Auto-Submitted: auto-replied; x=y"),
        ("X-Priority", "1 (Highest)", "X-Priority: 1 (Highest)"),
        ("Sender", "Éloise <a@b.example>", "Sender: =?utf-8?q?=C3=89loise?= <a@b.example>"),
        ("Errors-To", "a@b.example,c@d.example", "Errors-To: a@b.example, c@d.example"),
    ])
    func valueIsWritten(name: String, value: String, raw: String) throws {
        #expect(try Samples.field(name) { $0.headers = [try HeaderField(name: name, value: value)] } == raw)
    }

    @Test(arguments: [
        ("References", "a@b"), ("References", ""), ("In-Reply-To", "<a b@c>"), ("Message-ID", "<ab>"),
        ("Message-ID", "<a@b> <c@d>"), ("Message-ID", "<a@>"), ("Message-ID", "<@b>"),
        ("List-Unsubscribe", "https://example.org"), ("List-Unsubscribe", "<example>"), ("List-Unsubscribe", ""),
        ("List-Unsubscribe", "<https://example.org/é>"), ("List-Unsubscribe", "<https://a>,"),
        ("List-Unsubscribe-Post", "yes"), ("Auto-Submitted", "maybe"), ("X-Priority", "9"), ("List-Id", "x"),
        ("List-Id", "é"), ("List-Id", "x <é.example>"), ("List-Id", "a \" b <x.example>"),
        ("List-Id", "=?utf-8?q?x?= <x.example>"),
        ("List-Post", "NO, <mailto:a@b.example>"), ("List-Post", "no"), ("List-Help", "(x) NO <"),
        ("List-Help", "<https://a> (é)"),
        ("List-Help", "<https://a> (open"), ("List-Help", "(only a comment)"), ("List-Help", "<https://a> <https://b>"),
        ("List-Help", "<https://a>, ,<https://b>"), ("References", "<a@b"), ("References", "x <a@b>"),
        ("References", "(x)"),
        ("Content-Language", "é"), ("Sender", "a@b.example, c@d.example"), ("Errors-To", ""), ("Feedback-ID", "=?x"),
        ("Date", "tomorrow"), ("Date", ""), ("Resent-Date", "2025-07-01T08:30:00Z"), ("Resent-From", "Ann"),
        ("Resent-Sender", "a@b.example, c@d.example"), ("Resent-Message-ID", "<a@b> <c@d>"), ("TLS-Required", "Yes"),
    ])
    func valueWithoutTheSyntaxIsRefused(name: String, value: String) {
        let error = #expect(throws: HeaderError.self) { try HeaderField(name: name, value: value) }
        #expect(error?.reason == .invalidValue || error?.reason == .invalidMessageID)
    }

    @Test func resentFieldsStandInFrontOfAllOthers() throws {
        let fields = [
            ("X-Test", "x"), ("Resent-Message-ID", "r@example.org"),
            ("Resent-To", "Cy <cy@example.net>, dee@example.net"),
            ("Resent-From", "Éloise <e@example.org>"),
        ]
        let composed = try Samples.composed {
            $0.headers = try fields.map { try HeaderField(name: $0.0, value: $0.1) }
        }
        let expected = """
            Resent-Date: Tue, 1 Jul 2025 08:30:00 +0000\r
            Resent-Message-ID: <r@example.org>\r
            Resent-To: Cy <cy@example.net>, dee@example.net\r
            Resent-From: =?utf-8?q?=C3=89loise?= <e@example.org>\r
            Date: Tue, 1 Jul 2025 08:30:00 +0000\r
            From: Ann <ann@example.org>\r

            """
        #expect(composed.hasPrefix(expected))
        let dated = try Samples.composed {
            $0.headers = [
                try HeaderField(name: "resent-date", value: "1 Jul 2025 10:30 +0200"),
                try HeaderField(name: "resent-from", value: "e@example.org"),
            ]
        }
        #expect(
            dated.hasPrefix("resent-date: Tue, 1 Jul 2025 10:30:00 +0200\r\nresent-from: e@example.org\r\nDate: "))
    }

    @Test func fieldsThatNeedAnotherAreRefusedWithoutIt() throws {
        var message = try Samples.message()
        message.headers = [try HeaderField(name: "Resent-To", value: "a@b.example")]
        #expect(message.problems.map(\.label) == ["missing_resent_from"])
        let oneClick = try HeaderField(name: "List-Unsubscribe-Post", value: "List-Unsubscribe=One-Click")
        message.headers = [oneClick]
        #expect(message.problems.map(\.label) == ["missing_one_click_link"])
        message.headers = [oneClick, try HeaderField(name: "List-Unsubscribe", value: "<mailto:u@example.org>")]
        #expect(message.problems.map(\.field) == ["headers/0"])
        message.headers[1] = try HeaderField(
            name: "List-Unsubscribe", value: "<mailto:u@example.org>, <HTTPS://example.org/u?id=1>")
        #expect(message.problems.isEmpty)
        let composed = String(decoding: try Composer.compose(message).octets, as: UTF8.self)
        #expect(composed.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"))
    }

    @Test func linesAreFoldedAndNeverTooLong() throws {
        let sentence = String(repeating: "twelve chars ", count: 40) + "end"
        let folded = try #require(try Samples.field("Subject") { $0.subject = sentence })
        #expect(folded.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 78 })
        #expect(folded.replacing("\r\n", with: "") == "Subject: \(sentence)")
        let word = String(repeating: "x", count: 500)
        #expect(try Samples.field("Subject") { $0.subject = word } == "Subject: \(word)")
        let encoded = try #require(try Samples.field("Subject") { $0.subject = word + word })
        #expect(encoded.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 78 })
        let references = Array(repeating: "<\(String(repeating: "i", count: 800))>", count: 20).joined(separator: " ")
        let lines = try #require(
            try Samples.field("References") { $0.headers = [try HeaderField(name: "References", value: references)] })
        #expect(lines.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 998 })
    }

    @Test(arguments: ["é", "日", "😀", "שלום", "a😀"])
    func encodedWordsNeverSplitACharacter(character: String) throws {
        let text = String(repeating: character, count: 1_000)
        let raw = try #require(try Samples.field("Subject") { $0.subject = text })
        for line in raw.split(separator: "\r\n") { #expect(line.utf8.count <= 78) }
        let words = raw.split(whereSeparator: \.isWhitespace).dropFirst()
        var decoded = ""
        for word in words {
            #expect(word.utf8.count <= 75)
            decoded += try #require(EncodedWordReader.decode(String(word)))
        }
        #expect(decoded == text)
    }

    @Test func onlyTheLastEncodedWordIsPadded() throws {
        for text in ["aéあ😀", "Привет", "日本語 ", " 日本語日本語日本語日本語日本語日本語日本語日本語日本語", "a日", "😀"].map({
            String(repeating: $0, count: 60)
        }) {
            let raw = try #require(try Samples.field("Subject") { $0.subject = text })
            let words = raw.split(whereSeparator: \.isWhitespace).dropFirst()
            #expect(words.count > 2)
            #expect(words.dropLast().allSatisfy { !$0.hasSuffix("=?=") })
            #expect(try words.map { try #require(EncodedWordReader.decode(String($0))) }.joined() == text)
        }
    }
}
