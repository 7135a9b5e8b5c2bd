import MailAddress
import Testing

@Suite struct MailboxTests {
    @Test(arguments: [
        ("a@b.example", nil, "a@b.example"),
        ("<a@b.example>", nil, "a@b.example"),
        ("  a@b.example\t", nil, "a@b.example"),
        ("Ann <a@b.example>", "Ann", "a@b.example"),
        ("Ann Lee<a@b.example>", "Ann Lee", "a@b.example"),
        ("Ann   Lee \t <a@b.example>", "Ann Lee", "a@b.example"),
        ("\"Ann, X\" <a@b.example>", "Ann, X", "a@b.example"),
        ("\"Ann \\\"X\\\" \\\\\" <a@b.example>", "Ann \"X\" \\", "a@b.example"),
        ("\"\" <a@b.example>", nil, "a@b.example"),
        ("John Q. Public <a@b.example>", "John Q. Public", "a@b.example"),
        ("Ann \"the\" Lee <a@b.example>", "Ann the Lee", "a@b.example"),
        ("Ann (of (the) \\) hill) Lee <a@b.example>", "Ann (of (the) ) hill) Lee", "a@b.example"),
        ("(x) <( y ) a@b.example (z)> (w)", "x w", "a@b.example"),
        ("Foo (Bar) <a@b.example>", "Foo (Bar)", "a@b.example"),
        ("Foo (Bar)<a@b.example>", "Foo (Bar)", "a@b.example"),
        ("(Bar) \"Foo, X\" <a@b.example>", "(Bar) Foo, X", "a@b.example"),
        ("Ann <a@b.example> (at work)", "Ann (at work)", "a@b.example"),
        ("(Ann) a@b.example", "Ann", "a@b.example"), ("<a@b.example>(Ann)", "Ann", "a@b.example"),
        ("\"(x)\" <a@b.example>", "(x)", "a@b.example"), ("a@b.example (Ann\tLee)", "Ann Lee", "a@b.example"),
        ("Ann <\"(x) <y> \"@b.example>", "Ann", "\"(x) <y> \"@b.example"),
        ("\"a (x)\"@b.example", nil, "\"a (x)\"@b.example"),
        ("a@b.example ()", nil, "a@b.example"),
        // Encoded words (RFC 2047).
        ("=?utf-8?Q?J=C3=B6rn?= <a@b.example>", "Jörn", "a@b.example"),
        ("=?UTF-8?b?SsO2cm4=?= Lee <a@b.example>", "Jörn Lee", "a@b.example"),
        ("=?iso-8859-1?q?J=F6rn_Lee?= <a@b.example>", "Jörn Lee", "a@b.example"),
        ("=?utf-8?q?J=C3?= =?utf-8?q?=B6rn?= <a@b.example>", "Jörn", "a@b.example"),
        ("=?utf-8*de?q?a?= b =?us-ascii?q?c?= <a@b.example>", "a b c", "a@b.example"),
        ("\"=?utf-8?q?x?=\" <a@b.example>", "=?utf-8?q?x?=", "a@b.example"),
        ("a=?b <a@b.example>", "a=?b", "a@b.example"),
        ("a@b.example (Ann)", "Ann", "a@b.example"),
        ("Ünal Çelik <a@b.example>", "Ünal Çelik", "a@b.example"),
        ("山田 太郎 <a@b.example>", "山田 太郎", "a@b.example"),
        ("\"evil@example.com\" <a@b.example>", "evil@example.com", "a@b.example"),
        ("\"a b\"@b.example", nil, "\"a b\"@b.example"),
    ])
    func oneMailboxIsRead(text: String, name: String?, address: String) throws {
        let mailbox = try Mailbox(parsing: text)
        #expect(mailbox.name == name)
        #expect(mailbox.address.description == address)
        #expect(try Mailbox(parsing: mailbox.description) == mailbox)
    }

    @Test(arguments: [
        ("", AddressError.Reason.empty), (" (x) ", .empty), ("<>", .empty), ("Ann <>", .empty),
        ("Ann", .missingAt), ("Ann Lee", .unexpectedCharacter), ("Ann, Lee <a@b.example>", .separatorInName),
        ("Doe; John Q. <a@b.example>", .separatorInName), ("Ann, Lee", .missingAt),
        ("a@b.example, c@d.example", .severalAddresses), ("a@b.example;", .severalAddresses),
        ("<a@b.example> <c@d.example>", .severalAddresses), ("Ann <a@b.example>,", .severalAddresses),
        ("friends: a@b.example;", .group), ("undisclosed-recipients:;", .group),
        ("<@relay.example:a@b.example>", .sourceRoute), ("@relay.example:a@b.example", .missingLocalPart),
        ("a@b.example> SIZE=1", .unexpectedCharacter), ("<a@b.example> NOTIFY=NEVER", .unexpectedCharacter),
        ("<a@b.example", .unclosedAngle), ("Ann <", .unclosedAngle), ("\"Ann <a@b.example>", .unclosedQuote),
        ("(x <a@b.example>", .unclosedComment), ("(x\\", .unclosedComment),
        ("Ann\r\n <a@b.example>", .controlCharacter), ("Ann\n<a@b.example>", .controlCharacter),
        ("\"A\u{0}nn\" <a@b.example>", .controlCharacter), ("\"A\\\rnn\" <a@b.example>", .controlCharacter),
        ("A\u{85}nn <a@b.example>", .controlCharacter), ("\"A\u{85}nn\" <a@b.example>", .controlCharacter),
        ("a(x)@b.example", .unexpectedCharacter), ("a@b.example@c.example", .unexpectedCharacter),
        ("Ann [x] <a@b.example>", .unexpectedCharacter),
        ("=?utf-8?q?x=0D=0A?= <a@b.example>", .controlCharacter), ("=?utf-8?b?AA==?= <a@b.example>", .controlCharacter),
        ("=?koi8-r?q?x?= <a@b.example>", .encodedWord), ("=?utf-8?x?y?= <a@b.example>", .encodedWord),
        ("=?utf-8?q?=4?= <a@b.example>", .encodedWord), ("=?utf-8?b?A?= <a@b.example>", .encodedWord),
        ("a@sub_domain.example.org", .domainCharacter), ("a@b.example_", .domainCharacter),
        ("a@b.example+x", .domainCharacter),
        ("Ann <a@sub_domain.example>", .domainCharacter),
    ])
    func anythingElseIsRefused(text: String, reason: AddressError.Reason) {
        let error = #expect(throws: AddressError.self) { try Mailbox(parsing: text) }
        #expect(error?.reason == reason)
        #expect(error.map { $0.offset <= text.utf8.count } == true)
    }

    /// What is read from hostile values that are nevertheless one mailbox; all others are refused.
    private static let accepted = [
        "to-quoted-gt": "\"a> NOTIFY=NEVER <b\"@example.org",
        "to-quoted-at": "\"evil@example.com\"@example.org",
        "to-quoted-two": "\"evil@example.com, x\"@example.org",
        "to-name-looks-like-address": "a@example.org",
        "to-idn-homograph": "a@xn--exmple-4nf.org",
        "to-fullwidth-at": "a\u{FF20}evil.example.com@example.org",
        "to-percent": "a%evil.example.com@example.org",
        "to-pipe": "|/bin/sh@example.org",
    ]

    @Test(arguments: Cases.recipients)
    func hostileValueIsOneMailboxOrRefused(row: Cases.InjectionRow) throws {
        if let address = Self.accepted[row.id] {
            #expect(try Mailbox(parsing: row.value).address.description == address)
        } else {
            #expect(throws: AddressError.self) { try Mailbox(parsing: row.value) }
        }
    }

    @Test func nameIsCheckedWhenJoined() throws {
        let address = try AddrSpec("a@b.example")
        #expect(try Mailbox(name: "", address: address).name == nil)
        #expect(try Mailbox(name: "Ann, X", address: address).description == "\"Ann, X\" <a@b.example>")
        for name in ["a\rb", "a\nb", "a\u{0}b", "a\tb", "a\u{7F}b", "a\u{9F}b"] {
            #expect(throws: AddressError.self) { try Mailbox(name: name, address: address) }
        }
        _ = try Mailbox(name: String(repeating: "x", count: Mailbox.maximumNameOctets), address: address)
        #expect(throws: AddressError.self) {
            try Mailbox(name: String(repeating: "x", count: Mailbox.maximumNameOctets + 1), address: address)
        }
    }

    @Test func nestingIsBounded() throws {
        let depth = 16
        let open = String(repeating: "(", count: depth)
        let close = String(repeating: ")", count: depth)
        _ = try Mailbox(parsing: "\(open)\(close) a@b.example")
        let error = #expect(throws: AddressError.self) { try Mailbox(parsing: "(\(open)\(close)) a@b.example") }
        #expect(error?.reason == .commentTooDeep)
    }

    @Test func timeIsLinear() {
        // A reader that looked back would need minutes for these.
        for piece in ["(", "\"", "a ", "a.", "\\", "<", ",", "(a)", "\"a\" ", "é"] {
            let text = String(repeating: piece, count: 500_000)
            #expect(throws: AddressError.self) { try Mailbox(parsing: text) }
            _ = try? AddressList(parsing: text)
        }
    }
}
