import Testing

@testable import Gateway

/// The members of a message that become its parts, from the JSON document to the octets.
@Suite struct PartsTests {
    private func message(_ members: String) throws -> String {
        let json = #"{"from":"a@example.org","to":"b@example.net",\#(members)}"#
        return String(decoding: try Composition(Submission(json: Array(json.utf8))).content, as: UTF8.self)
    }

    private func pointers(_ members: String) -> [String] {
        do throws(Problem) {
            let json = #"{"from":"a@example.org","to":"b@example.net",\#(members)}"#
            _ = try Submission(json: Array(json.utf8))
            return []
        } catch {
            return error.errors.map(\.pointer)
        }
    }

    @Test func anInvitationIsAnAlternative() throws {
        let message = try message(
            #"""
            "text":"Lunch?","alternatives":[
            {"content_type":"text/calendar; method=REQUEST","content":"BEGIN:VCALENDAR\nEND:VCALENDAR\n"},
            {"content_type":"text/x-amp-html","content":"PGh0bWwg4pqhPg==","encoding":"base64"}]
            """#)
        #expect(message.contains("\r\nContent-Type: multipart/alternative;\r\n boundary="))
        #expect(
            message.contains(
                "Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
                    + "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"))
        #expect(message.contains("Content-Type: text/x-amp-html\r\n"))
        #expect(message.contains("\r\n\r\n<html =E2=9A=A1>\r\n--"))
    }

    @Test func anImageIsRelatedToTheHTML() throws {
        let message = try message(
            #"""
            "html":"<img src=\"cid:logo\">","attachments":[
            {"filename":"logo.png","content":"iVBORw0KGgo=","content_type":"image/png","content_id":"<logo>"}]
            """#)
        #expect(message.contains("Content-Type: multipart/related; type=\"text/html\";\r\n"))
        #expect(message.contains("Content-ID: <logo>\r\nContent-Disposition: inline; filename=logo.png\r\n"))
        #expect(message.contains("\r\n\r\niVBORw0KGgo=\r\n--"))
    }

    @Test(arguments: [
        (#""filename":"a.pdf""#, "application/pdf"), (#""filename":"A.B.PNG","content_type":null"#, "image/png"),
        (#""filename":"a.csv","content_type":"""#, "text/csv"),
        (
            #""filename":"a.docx""#,
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        ),
        (#""filename":"a.eml""#, "message/rfc822"), (#""filename":"a.unknown""#, "application/octet-stream"),
        (#""filename":"pdf""#, "application/octet-stream"), (#""filename":".pdf""#, "application/octet-stream"),
        (#""filename":"a.""#, "application/octet-stream"), (#""content_type":"""#, "application/octet-stream"),
        (#""filename":"a.pdf","content_type":"image/png""#, "image/png"),
    ])
    func anAttachmentHasTheTypeOfItsName(members: String, type: String) throws {
        let message = try message(#""attachments":[{"content":"aGkK",\#(members)}]"#)
        #expect(message.contains("\r\nContent-Type: \(type)\r\n"))
    }

    @Test func charsetsOfManySpellingsAreUTF8() throws {
        for charset in ["utf8", "UTF8", "Utf-8", "\\\"utf-8\\\""] {
            let message = try message(
                #""alternatives":[{"content_type":"text/calendar; charset=\#(charset); method=REQUEST","content":"é"}]"#
            )
            #expect(message.contains("\r\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\r\n"))
        }
        #expect(
            pointers(#""alternatives":[{"content_type":"text/calendar; charset=latin1","content":"é"}]"#)
                == ["/alternatives/0/content_type"])
        #expect(pointers(#""alternatives":[{"content_type":"","content":"x"}]"#) == ["/alternatives/0/content_type"])
    }

    @Test func noTwoAttachmentsHaveOneIdentifier() {
        let logo = #"{"content":"aGk=","content_id":"logo"}"#
        #expect(
            pointers(
                #""html":"x","attachments":[\#(logo),{"content":"","content_id":"x"},{"content":"","content_id":"<logo>"}]"#
            )
                == ["/attachments/2/content_id"])
    }

    @Test func base64MayHaveLineBreaks() throws {
        let message = try message(#""attachments":[{"content":"iVBO\r\nRw0K\nGgo="}]"#)
        #expect(message.contains("\r\n\r\niVBORw0KGgo=\r\n--"))
    }

    @Test(
        arguments: [
            (#""alternatives":[{}]"#, ["/alternatives/0/content_type", "/alternatives/0/content"]),
            (#""alternatives":"x""#, ["/alternatives"]),
            (
                #""alternatives":[{"content_type":"text/calendar","content":"x","encoding":"7bit"}]"#,
                ["/alternatives/0/encoding"]
            ),
            (
                #""alternatives":[{"content_type":"calendar","content":"?","encoding":"base64","x":1}]"#,
                ["/alternatives/0/x", "/alternatives/0/content_type", "/alternatives/0/content"]
            ),
            (
                #""alternatives":[{"content_type":"text/x","content":1},{"content_type":"multipart/x","content":""}]"#,
                ["/alternatives/0/content", "/alternatives/1/content_type"]
            ),
            (
                #""alternatives":[{"content_type":"text/x; charset=latin1","content":""}]"#,
                ["/alternatives/0/content_type"]
            ),
            (
                #""attachments":[{"content":"a"},7,{"content":"","filename":"a\nb"},{"content":"","content_id":"a b"}]"#,
                [
                    "/attachments/0/content", "/attachments/1", "/attachments/3/content_id", "/attachments/2/filename",
                ]
            ),
            (
                #""headers":{"X-A":"b","List-Unsubscribe-Post":"List-Unsubscribe=One-Click"}"#,
                ["/headers/List-Unsubscribe-Post"]
            ),
            (#""headers":{"Resent-To":"a@b.example","Date":"now"}"#, ["/headers/Date", "/headers/Resent-To"]),
        ] as [(String, [String])]) func everyBadMemberIsNamed(_ members: String, _ expected: [String])
    {
        #expect(pointers(members) == expected)
    }
}
