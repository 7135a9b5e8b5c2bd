import Foundation
import InternetMessage
import Testing

@Suite struct TransferEncodingTests {
    private static func body(_ text: String) throws -> (encoding: Substring, content: String) {
        let entity = try ParsedEntity(Array(Samples.composed { $0.text = text }.utf8))
        return (entity.raw("Content-Transfer-Encoding").dropFirst(27), entity.content)
    }

    @Test(arguments: [
        ("x", "7bit", "x"),
        ("Viele Grüße sendet\n", "quoted-printable", "Viele Gr=C3=BC=C3=9Fe sendet\r\n"),
        ("plain words é \n a=b\t", "quoted-printable", "plain words =C3=A9=20\r\n a=3Db=09"),
        ("nul\u{0}", "quoted-printable", "nul=00"),
        ("escape\u{1B}", "quoted-printable", "escape=1B"),
        ("日本", "base64", "5pel5pys"),
        ("日\n本\r", "base64", "5pelDQrmnKwNCg=="),
    ])
    func textIsEncodedAsShortAsCanBe(text: String, encoding: String, content: String) throws {
        let body = try Self.body(text)
        #expect(body.encoding == encoding)
        #expect(body.content == content)
    }

    @Test func eightBitIsUsedWhereItIsAllowedAndEnough() throws {
        func composed(_ change: (inout Message) throws -> Void) throws -> ComposedMessage {
            var message = try Samples.message()
            message.allowsEightBit = true
            try change(&message)
            return try Composer.compose(message)
        }
        let single = try composed { $0.text = "Grüße\n日本\r\n" }
        #expect(single.isEightBit)
        let entity = try ParsedEntity(single.octets)
        #expect(entity.raw("Content-Transfer-Encoding") == "Content-Transfer-Encoding: 8bit")
        #expect(entity.content == "Grüße\r\n日本\r\n")
        for text in ["plain", "nul\u{0}ü", String(repeating: "ü", count: 500)] {
            #expect(try composed { $0.text = text }.isEightBit == false)
        }
        // What holds 8-bit data is labelled so on every level, and nothing else is.
        let nested = try ParsedEntity(
            composed {
                $0.text = "plain"
                $0.html = "<p>ü</p>"
                $0.attachments = [Attachment(filename: "x", content: [0xFC])]
            }.octets)
        let encodings = [nested, nested.parts[0], nested.parts[0].parts[0], nested.parts[0].parts[1], nested.parts[1]]
        #expect(
            encodings.map { $0.raw("Content-Transfer-Encoding").dropFirst(27) }
                == ["8bit", "8bit", "7bit", "8bit", "base64"])
        let forwarded = try composed {
            let type = try MediaType("message/rfc822")
            $0.attachments = [Attachment(filename: nil, content: Array("A: é\r\n\r\nx".utf8), contentType: type)]
        }
        #expect(forwarded.isEightBit)
    }

    @Test func linesOfTextAreBounded() throws {
        let fits = String(repeating: "x", count: 998)
        #expect(try Self.body(fits).encoding == "7bit")
        #expect(try Self.body("\(fits)\n\(fits)\r\(fits)\r\n").encoding == "7bit")
        let long = try Self.body(fits + "x")
        #expect(long.encoding == "quoted-printable")
        #expect(long.content.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 76 })
        #expect(long.content.replacing("=\r\n", with: "") == fits + "x")
    }

    @Test func base64LinesAreFull() throws {
        for count in [0, 1, 2, 3, 56, 57, 58, 113, 114, 115, 1_000] {
            let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 200) }
            let entity = try ParsedEntity(
                Array(Samples.composed { $0.attachments = [Attachment(filename: nil, content: octets)] }.utf8))
            let content = try #require(entity.parts.first?.content)
            #expect(content == Data(octets).base64EncodedString(options: .lineLength76Characters))
        }
    }

    @Test(arguments: [
        ("a,b\r\nc,d\r\n", "7bit", "a,b\r\nc,d\r\n"),
        ("words and\r\nwords\nand words\r\n", "quoted-printable", "words and\r\nwords=0Aand words\r\n"),
        ("\n\n\n", "base64", "CgoK"),
    ])
    func attachedTextKeepsItsOctets(text: String, encoding: String, content: String) throws {
        let entity = try ParsedEntity(
            Array(
                Samples.composed {
                    let type = try MediaType("text/csv")
                    $0.attachments = [Attachment(filename: "a.csv", content: Array(text.utf8), contentType: type)]
                }.utf8))
        let part = try #require(entity.parts.first)
        #expect(part.raw("Content-Transfer-Encoding").hasSuffix(encoding))
        #expect(part.content == content)
    }

    @Test(arguments: [
        ("a.pdf", " attachment; filename=a.pdf"),
        ("a b.pdf", " attachment; filename=\"a b.pdf\""),
        ("a\"b\\.pdf", " attachment; filename=\"a\\\"b\\\\.pdf\""),
        // No second name in ASCII: readers take the wrong one, or both.
        ("Grüße.pdf", " attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf"),
        ("Økonomi.xlsx", " attachment; filename*=utf-8''%C3%98konomi.xlsx"),
        ("a\tb=?.é", " attachment; filename*=utf-8''a%09b%3D%3F.%C3%A9"),
        ("a\tb", " attachment; filename*=utf-8''a%09b"),
        (String(repeating: "a b", count: 23), " attachment;\r\n filename=\"\(String(repeating: "a b", count: 23))\""),
        (String(repeating: "ab", count: 35), " attachment;\r\n filename=\(String(repeating: "ab", count: 35))"),
        (
            String(repeating: "a ", count: 126) + "pdf",
            " attachment;\r\n filename=\"\(String(repeating: "a ", count: 126))pdf\""
        ),
        ("", " attachment"),
    ])
    func fileNameIsWritten(name: String, value: String) throws {
        let entity = try ParsedEntity(
            Array(Samples.composed { $0.attachments = [Attachment(filename: name, content: [])] }.utf8))
        #expect(entity.parts.first?.raw("Content-Disposition") == "Content-Disposition:\(value)")
    }

    @Test(arguments: [
        ("application/pdf; name*=utf-8''Gr%C3%BC%C3%9Fe.pdf", " application/pdf; name*=utf-8''Gr%C3%BC%C3%9Fe.pdf"),
        (
            "application/pdf; name*0*=utf-8'de'Gr; name*1*=%C3%BC; name*2=x",
            " application/pdf; name*0*=utf-8'de'Gr; name*1*=%C3%BC; name*2=x"
        ),
        ("application/pdf; name*=\"utf-8''a%20b\"", " application/pdf; name*=utf-8''a%20b"),
        // The type follows the field's name however long it is.
        (
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            " application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        ),
        (
            "application/vnd.openxmlformats-officedocument.presentationml.presentation; a=b",
            " application/vnd.openxmlformats-officedocument.presentationml.presentation;\r\n a=b"
        ),
    ])
    func aTypeIsWrittenAsItWasGiven(type: String, value: String) throws {
        let entity = try ParsedEntity(
            Array(
                Samples.composed {
                    $0.attachments = [Attachment(filename: nil, content: [1], contentType: try MediaType(type))]
                }.utf8))
        #expect(entity.parts.first?.raw("Content-Type") == "Content-Type:\(value)")
    }

    @Test(arguments: ["a*=x", "a*=utf-8'x", "a*=\"utf-8''a b\"", "a*0*=x", "a*1*=u''x", "a*=utf-8''é", "a*=\"\""])
    func anExtendedValueHasItsSyntax(parameter: String) {
        #expect(throws: HeaderError.self) { try MediaType("text/x; \(parameter)") }
    }

    // MARK: Messages as parts

    /// A message is never encoded: its lines get the ends that all lines have.
    @Test(arguments: [
        ("From: a@example.org\nSubject: x\n\nhi\n", "7bit"), ("A: b\r\n\r\nx\r\n", "7bit"),
        ("A: b\r\n\r\none\ntwo\r\n", "7bit"),
        ("A: b\r\rx", "7bit"), ("A: b\r\n\r\nGrüße\r\n", "8bit"), ("A: é\n\nx\n", "8bit"),
        ("A: b\n\na\u{C}b\n", "7bit"),
        ("A: b\n\n" + String(repeating: "x", count: 1_200) + "\n", "7bit"), ("", "7bit"),
    ])
    func aMessageIsAttachedAsItIs(content: String, encoding: String) throws {
        let lines = content.replacing("\r\n", with: "\n").replacing("\r", with: "\n").replacing("\n", with: "\r\n")
        for subtype in ["rfc822", "partial; id=x; number=1", "external-body; access-type=x"] {
            let type = try MediaType("message/\(subtype)")
            let composed = try Samples.composition {
                $0.attachments = [Attachment(filename: nil, content: Array(content.utf8), contentType: type)]
                $0.alternatives = [Alternative(contentType: type, content: .text(content))]
            }
            #expect(composed.isEightBit == (encoding == "8bit"))
            let entity = try ParsedEntity(composed.octets)
            let attached = try #require(entity.parts.last)
            #expect(attached.raw("Content-Transfer-Encoding") == "Content-Transfer-Encoding: \(encoding)")
            #expect(attached.content == lines)
            let alternative = try #require(entity.parts.first)
            #expect(alternative.raw("Content-Transfer-Encoding") == "Content-Transfer-Encoding: \(encoding)")
            #expect(!alternative.raw("Content-Type").contains("charset"))
        }
    }

    /// RFC 3464, section 2.1, and RFC 8098, section 3.1.
    @Test(arguments: ["delivery-status", "disposition-notification", "feedback-report", "tracking-status"])
    func aReportIsSevenBit(subtype: String) throws {
        let type = try MediaType("message/\(subtype)")
        func composed(_ content: String) throws -> ParsedEntity {
            try ParsedEntity(
                Samples.composition {
                    $0.attachments = [Attachment(filename: nil, content: Array(content.utf8), contentType: type)]
                }.octets)
        }
        let part = try #require(try composed("Reporting-MTA: dns; x\n\nAction: failed\n").parts.first)
        #expect(part.raw("Content-Transfer-Encoding").hasSuffix(" 7bit"))
        #expect(part.content == "Reporting-MTA: dns; x\r\n\r\nAction: failed\r\n")
        let error = #expect(throws: CompositionError.self) { try composed("Reporting-MTA: dns; ü\n") }
        #expect(error?.label == "not_seven_bit")
    }

    @Test func longFileNameIsContinued() throws {
        let name = String(repeating: "日本😀", count: 200) + ".pdf"
        let entity = try ParsedEntity(
            Array(Samples.composed { $0.attachments = [Attachment(filename: name, content: [])] }.utf8))
        let raw = try #require(entity.parts.first?.raw("Content-Disposition"))
        #expect(raw.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 78 })
        var decoded = ""
        for (index, line) in raw.split(separator: "\r\n").dropFirst().enumerated() where line.contains("*=") {
            let value = line.drop { $0 != "=" }.dropFirst().prefix { $0 != ";" }
            #expect(line.hasPrefix(" filename*\(index)*="))
            // Each section decodes for itself: no character is split.
            decoded += try #require(String(value.replacing("utf-8''", with: "")).removingPercentEncoding)
        }
        #expect(decoded == name)
    }
}
