import InternetMessage
import MailAddress
import Testing

@Suite struct ComposerTests {
    private static let head = """
        Date: Tue, 1 Jul 2025 08:30:00 +0000\r
        From: Ann <ann@example.org>\r
        To: bob@example.net\r

        """
    private static let tail = "Message-ID: \(Samples.messageID)\r\nMIME-Version: 1.0\r\n"
    private static let plain = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"

    @Test func plainTextStaysOnePart() throws {
        let composed = try Samples.composed {
            $0.subject = "Hi"
            $0.text = "How are you?\n.\r\n.dot\rFrom here\r\n"
        }
        #expect(
            composed == Self.head + "Subject: Hi\r\n" + Self.tail + Self.plain
                + "How are you?\r\n.\r\n.dot\r\nFrom here\r\n")
    }

    @Test func nothingIsAnEmptyText() throws {
        #expect(try Samples.composed { _ in } == Self.head + Self.tail + Self.plain)
        #expect(try Samples.composed { $0.text = "no line break" }.hasSuffix("\r\n\r\nno line break"))
    }

    @Test func fieldsStandInOrder() throws {
        var message = try Samples.message()
        message.from.append(try Mailbox(parsing: "\"Lee, Ann\" <lee@example.org>"))
        message.sender = try Mailbox(parsing: "post@example.org")
        message.replyTo = [try Mailbox(parsing: "Straße <answers@example.org>")]
        message.cc = [try Mailbox(parsing: "c@example.net"), try Mailbox(parsing: "Dee Dee <d@example.net>")]
        message.subject = ""
        message.headers = [try HeaderField(name: "X-Campaign", value: "7")]
        message.messageID = try MessageID("own@example.org")
        message.text = "x"
        let composed = try Composer.compose(message)
        #expect(composed.messageID.description == "<own@example.org>")
        #expect(composed.needsSMTPUTF8 == false)
        #expect(
            String(decoding: composed.octets, as: UTF8.self) == """
                Date: Tue, 1 Jul 2025 08:30:00 +0000\r
                From: Ann <ann@example.org>, "Lee, Ann" <lee@example.org>\r
                Sender: post@example.org\r
                Reply-To: =?utf-8?q?Stra=C3=9Fe?= <answers@example.org>\r
                To: bob@example.net\r
                Cc: c@example.net, Dee Dee <d@example.net>\r
                Subject:\r
                Message-ID: <own@example.org>\r
                X-Campaign: 7\r
                MIME-Version: 1.0\r
                \(Self.plain)x
                """)
    }

    @Test func partsAreNestedAsNeeded() throws {
        let composed = try Samples.composed {
            $0.text = "text"
            $0.html = "<img src=\"cid:logo\">"
            $0.alternatives = [
                Alternative(
                    contentType: try MediaType("text/calendar; method=REQUEST"), content: .text("BEGIN:VCALENDAR\n"))
            ]
            $0.attachments = [
                Attachment(
                    filename: "a b.bin", content: [0, 1, 2], contentType: .octetStream),
                Attachment(
                    filename: "logo.png", content: [1], contentType: try MediaType("image/png"),
                    contentID: try ContentID("<logo>")),
            ]
        }
        let stem = try #require(composed.firstRange(of: "=_")?.lowerBound)
        let boundary = String(composed[stem...].prefix(34))
        #expect(
            composed == Self.head + Self.tail + """
                Content-Type: multipart/mixed;\r
                 boundary="\(boundary)_1"\r
                \r
                --\(boundary)_1\r
                Content-Type: multipart/alternative;\r
                 boundary="\(boundary)_2"\r
                \r
                --\(boundary)_2\r
                \(Self.plain)text\r
                --\(boundary)_2\r
                Content-Type: multipart/related; type="text/html";\r
                 boundary="\(boundary)_3"\r
                \r
                --\(boundary)_3\r
                Content-Type: text/html; charset=utf-8\r
                Content-Transfer-Encoding: 7bit\r
                \r
                <img src="cid:logo">\r
                --\(boundary)_3\r
                Content-Type: image/png\r
                Content-Transfer-Encoding: base64\r
                Content-ID: <logo>\r
                Content-Disposition: inline; filename=logo.png\r
                \r
                AQ==\r
                --\(boundary)_3--\r
                \r
                --\(boundary)_2\r
                Content-Type: text/calendar; method=REQUEST; charset=utf-8\r
                Content-Transfer-Encoding: 7bit\r
                \r
                BEGIN:VCALENDAR\r
                \r
                --\(boundary)_2--\r
                \r
                --\(boundary)_1\r
                Content-Type: application/octet-stream\r
                Content-Transfer-Encoding: base64\r
                Content-Disposition: attachment; filename="a b.bin"\r
                \r
                AAEC\r
                --\(boundary)_1--\r

                """)
    }

    @Test func structureFollowsContent() throws {
        func structure(_ change: (inout Message) throws -> Void) throws -> String {
            func describe(_ entity: ParsedEntity) -> String {
                let type = entity.raw("Content-Type").dropFirst(14).prefix { $0 != ";" }
                guard !entity.parts.isEmpty else { return String(type) }
                return "\(type)(\(entity.parts.map(describe).joined(separator: " ")))"
            }
            return describe(try ParsedEntity(Array(Samples.composed(change).utf8)))
        }
        let file = Attachment(filename: "x", content: [0], contentID: try ContentID("x"))
        var plain = file
        plain.contentID = nil
        var forced = file
        forced.disposition = .attachment
        #expect(try structure { $0.html = "x" } == "text/html")
        #expect(
            try structure {
                $0.text = "x"
                $0.html = "x"
            } == "multipart/alternative(text/plain text/html)")
        let withHTML = { (file: InternetMessage.Attachment) in
            try structure {
                $0.html = "x"
                $0.attachments = [file]
            }
        }
        #expect(try withHTML(file) == "multipart/related(text/html application/octet-stream)")
        #expect(try withHTML(forced) == "multipart/mixed(text/html application/octet-stream)")
        #expect(try withHTML(plain) == "multipart/mixed(text/html application/octet-stream)")
        // Without HTML there is nothing that could show the file.
        #expect(
            try structure {
                $0.text = "x"
                $0.attachments = [file]
            } == "multipart/mixed(text/plain application/octet-stream)")
        #expect(try structure { $0.attachments = [plain] } == "multipart/mixed(application/octet-stream)")
    }

    @Test func formsForReadersThatLookForThemStandInFrontOfTheHTML() throws {
        let entity = try ParsedEntity(
            Array(
                Samples.composed {
                    $0.text = "x"
                    $0.html = "x"
                    $0.alternatives = [
                        Alternative(contentType: try MediaType("text/calendar"), content: .text("x")),
                        Alternative(contentType: try MediaType("text/x-amp-html"), content: .text("x")),
                    ]
                }.utf8))
        let types = entity.parts.map { $0.raw("Content-Type").dropFirst(14).prefix { $0 != ";" } }
        #expect(types == ["text/plain", "text/x-amp-html", "text/html", "text/calendar"])
    }

    @Test func boundaryAvoidsContent() throws {
        func composed(text: String) throws -> String {
            try Samples.composed {
                $0.text = text
                $0.html = "y"
            }
        }
        let first = try composed(text: "x")
        let stem = try #require(first.firstRange(of: "=_")?.lowerBound)
        let taken = String(first[stem...].prefix(34))
        let second = try composed(text: "x\r\n--\(taken)_2\r\nContent-Type: text/evil\r\n")
        #expect(!second.contains("boundary=\"\(taken)"))
        #expect(try ParsedEntity(Array(second.utf8)).parts.count == 2)
    }

    @Test func onlyNonASCIIAddressesStandRaw() throws {
        var message = try Samples.message()
        message.subject = "Café au lait"
        message.to = [try Mailbox(parsing: "Ünal Ay <ünal@example.org>")]
        #expect(message.needsSMTPUTF8)
        let composed = try Composer.compose(message)
        #expect(composed.needsSMTPUTF8)
        let entity = try ParsedEntity(composed.octets)
        #expect(entity.raw("To") == "To: =?utf-8?q?=C3=9Cnal_Ay?= <ünal@example.org>")
        #expect(entity.raw("Subject") == "Subject: =?utf-8?q?Caf=C3=A9_au_lait?=")
        message.to = []
        #expect(message.needsSMTPUTF8 == false)
        message.headers = [try HeaderField(name: "Sender", value: "ünal@example.org")]
        #expect(message.needsSMTPUTF8)
    }
}
