import Testing

@testable import InternetMessage

/// How received mail is read to be shown: whatever it is, as far as it can be understood.
@Suite struct ReceivedMessageTests {
    private func message(_ text: String) -> ReceivedMessage { ReceivedMessage(Array(text.utf8)) }

    @Test(arguments: [
        ("A: 1\r\nB:2\r\n\r\nC: 3\r\n", ["A=1", "B=2"]),
        ("A: 1\r\n 2\r\n\t3  \r\nB: \r\n\r\n", ["A=1 2\t3", "B="]),
        ("A : 1\nB: b:c\n\nC: 3", ["A=1", "B=b:c"]),
        ("A: 1", ["A=1"]), ("", []), ("\r\nA: 1\r\n", []), ("no field\r\nA: 1\r\n", []),
        (" A: 1\r\n", []), ("A: 1\r\nno field\r\n B: 2\r\n", ["A=1"]), ("A:\r\n 1\r\n", ["A=1"]),
        ("A: 1\rB: 2\r\n\r\n", ["A=1\rB: 2"]),
    ])
    func fields(_ raw: String, _ fields: [String]) {
        #expect(message(raw).fields.map { "\($0.name)=\($0.value)" } == fields)
    }

    @Test func theHeaderOfAMessage() {
        let message = message(
            """
            from: =?utf-8?q?Ann=C3=A4?= Lee <ann@example.org>
            To: Bob <bob@example.net>, Team: =?iso-8859-1?B?SvZyZw==?= <joerg@example.net>, x@example.net;
            TO: not an address
            Cc: dora@example.net
            Subject: =?utf-8?B?R3LDvA==?= =?utf-8?Q?=C3=9Fe?=
             and more
            Subject: another

            text
            """)
        #expect(message.from == "Annä Lee <ann@example.org>")
        #expect(message.to == ["Bob <bob@example.net>", "Jörg <joerg@example.net>", "x@example.net", "not an address"])
        #expect(message.cc == ["dora@example.net"])
        #expect(message.subject == "Grüße and more")
        #expect(message.text?.text == "text")
        #expect(message.html == nil)
        #expect(message.attachments.isEmpty)
    }

    @Test(arguments: [
        ("=?utf-8?q?a_b?=", "a b"), ("x =?utf-8?q?a?= y", "x a y"), ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?=  \t =?iso-8859-1?q?=FC?= c", "aü c"),
        // A character that is cut in two.
        ("=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"), ("=?utf-8?b?w7w=?=", "ü"), ("=?UTF-8*de?Q?=C3=BC?=", "ü"),
        ("=?windows-1252?q?=80=92?=", "€’"), ("=?iso-8859-15?q?=A4?=", "€"), ("=?koi8-r?q?a=C1?=", "a\u{FFFD}"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="), ("=?utf-8?q?a", "=?utf-8?q?a"), ("=?utf-8?q?a?", "=?utf-8?q?a?"),
        ("=?", "=?"),
        ("=??q?a?=", "=??q?a?="), ("=?utf-8?q?a=?=", "a="), ("=?utf-8?q?=ZZ?=", "=ZZ"), ("=?utf-8?q??=", ""),
        ("a =?utf-8?q?b?=c", "a bc"), ("=?utf-8?q?a?=b=?utf-8?q?c?=", "abc"),
    ])
    func encodedWords(_ value: String, _ text: String) {
        #expect(InternetMessage.EncodedWordReader.decoded(value) == text)
    }

    @Test func theBodyOfAMessage() {
        let message = message(
            """
            Content-Type: multipart/mixed; boundary="x y"

            preamble
            --x y
            Content-Type: multipart/alternative; boundary=inner

            --inner
            Content-Type: text/plain; charset=iso-8859-1
            Content-Transfer-Encoding: quoted-printable

            Gr=FC=DFe =
            und mehr  \u{20}
            --inner
            Content-Type: multipart/related; boundary=related

            --related
            Content-Type: text/html; charset=UTF-8

            <img src="cid:logo">
            --related
            Content-Type: image/png; name="logo.png"
            Content-Disposition: inline
            Content-ID: <logo>
            Content-Transfer-Encoding: base64

            aGVs
            bG8=
            --related--
            --inner
            Content-Type: text/calendar

            BEGIN:VCALENDAR
            --inner--
            --x y
            Content-Disposition: attachment; filename*=UTF-8''%C3%A4%20b.txt; filename=ae.txt

            attached
            --x y--not the end
            more
            --x y--
            epilogue
            --x y
            """)
        #expect(message.text?.text == "Grüße und mehr")
        #expect(message.text?.charset == "iso-8859-1")
        #expect(message.html?.text == "<img src=\"cid:logo\">")
        #expect(message.attachments.map(\.mediaType) == ["image/png", "text/calendar", "text/plain"])
        #expect(message.attachments.map(\.filename) == ["logo.png", nil, "ä b.txt"])
        #expect(message.attachments.map(\.contentID) == ["logo", nil, nil])
        #expect(message.attachments.map(\.isInline) == [true, false, false])
        #expect(
            message.attachments.map { String(decoding: $0.content, as: UTF8.self) } == [
                "hello", "BEGIN:VCALENDAR", "attached\n--x y--not the end\nmore",
            ])
    }

    /// What is broken is shown as far as it goes.
    @Test(arguments: [
        // Without a closing delimiter, without a boundary, without a part, and with CRLF.
        ("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhi", "hi", 0),
        ("Content-Type: multipart/mixed\n\n--b\n\nhi\n--b--", nil, 1),
        ("Content-Type: multipart/mixed; boundary=b\n\nhi", nil, 0),
        ("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b \t\r\n\r\nhi\r\n\r\n--b--\r\n", "hi\n", 0),
        ("Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\nhi\n--b--", "", 1),
        ("Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\nhi\n--b--", nil, 1),
        ("Content-Type: text\n\nhi", "hi", 0), ("Content-Type:\n\nhi", "hi", 0), ("Content-Type: /\n\nhi", nil, 1),
        ("Content-Type: TEXT/Plain\n\nhi", "hi", 0), ("\nhi", "hi", 0), ("hi", "hi", 0), ("", "", 0),
        ("Content-Disposition: attachment\n\nhi", nil, 1), ("Content-Type: text/plain; name=a\n\nhi", nil, 1),
        ("Content-Transfer-Encoding: base64\n\naGk", "hi", 0), ("Content-Transfer-Encoding: x\n\na=41", "a=41", 0),
        ("Content-Transfer-Encoding: BASE64\n\naGk=\nIQ==\n", "hi!", 0),
        ("Content-Transfer-Encoding: base64\n\na*G-k=", "hi", 0),
        ("Content-Transfer-Encoding: quoted-printable\n\n=3d=3D=\n=zz= \n=4", "==?zz=4".replacing("?", with: "="), 0),
    ])
    func brokenMessages(_ raw: String, _ text: String?, _ attachments: Int) {
        let message = message(raw)
        #expect(message.text?.text == text)
        #expect(message.attachments.count == attachments)
    }

    @Test(arguments: [
        (#"attachment; filename="a b.pdf""#, "a b.pdf"), ("attachment; filename=a.pdf", "a.pdf"),
        (#"attachment; filename="a\"b;c\\.pdf""#, #"a"b;c\.pdf"#), ("attachment; FILENAME = a.pdf ", "a.pdf"),
        ("attachment; filename*0=\"long \"; filename*1=name.pdf", "long name.pdf"),
        ("attachment; filename*1*=%C3%A4; filename*0*=utf-8'de'%20; filename*2=z", " äz"),
        ("attachment; filename*=iso-8859-1''%FC", "ü"), ("attachment; filename*=%FC", "\u{FFFD}"),
        ("attachment; filename*=utf-8''a%2", "a%2"), ("attachment; filename*=utf-8''%zz", "%zz"),
        (#"attachment; filename="=?utf-8?q?=C3=BC.pdf?=""#, "ü.pdf"), ("attachment; filename*1=b", nil),
        ("attachment", nil), ("attachment; filename", nil), ("attachment; =a", nil), ("attachment;;; filename=a;", "a"),
        (#"attachment; filename="open"#, "open"), ("attachment; filename=", ""),
    ])
    func fileNames(_ disposition: String, _ name: String?) {
        #expect(message("Content-Disposition: \(disposition)\n\n").attachments.first?.filename == name)
    }

    /// However deep or many, nothing is lost, and it takes linear time.
    @Test func hostileNesting() {
        let deep = (0..<1000).map { "Content-Type: multipart/mixed; boundary=b\($0)\n\n--b\($0)\n" }.joined()
        #expect(message(deep).attachments.count == 1)
        let same = String(repeating: "Content-Type: multipart/mixed; boundary=b\n\n--b\n", count: 1000)
        #expect(message(same).attachments.count <= 1000)
        let many = "Content-Type: multipart/mixed; boundary=b\n\n" + String(repeating: "--b\n\nx\n", count: 5000)
        let parts = message(many)
        #expect(parts.attachments.count < 1000)
        #expect(parts.attachments.last?.content.count ?? 0 > 20_000)
        let words = "Subject: " + String(repeating: "=?utf-8?q?a?= ", count: 50_000) + "\n\n"
        #expect(message(words).subject.utf8.count == 50_000)
    }

    /// No octets make it stop.
    @Test func randomOctets() {
        var generator = SystemRandomNumberGenerator()
        let pieces = [
            "Content-Type: multipart/mixed; boundary=b\n", "\n", "\r\n", "--b\n", "--b--", "Subject: =?utf-8?q?", "?=",
            "=", "\"", ";",
            "Content-Disposition: attachment; filename*0*=", "%C3", "Content-Transfer-Encoding: base64\n",
            "quoted-printable", "\u{e9}",
            "To: <", ">", " ", "\t", "text/html",
        ].map { Array($0.utf8) }
        for _ in 0..<3000 {
            var octets: [UInt8] = []
            for _ in 0..<Int.random(in: 0...30, using: &generator) {
                octets += pieces.randomElement(using: &generator) ?? []
                if Int.random(in: 0...5, using: &generator) == 0 {
                    octets.append(.random(in: 0...255, using: &generator))
                }
            }
            let message = ReceivedMessage(octets)
            let parts = [message.text, message.html].compactMap(\.self) + message.attachments
            #expect(parts.reduce(0) { $0 + $1.content.count } <= octets.count)
        }
    }
}
