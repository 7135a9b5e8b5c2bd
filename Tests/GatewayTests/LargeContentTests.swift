import Foundation
import InternetMessage
import Testing

@testable import Gateway

/// The content of large attachments, which is read where it stands and left out of what is decoded.
@Suite struct LargeContentTests {
    private static let octets = (0..<60_000).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 8) }
    private static let base64 = Data(octets).base64EncodedString()

    /// The contents that were read, and the document without them; nil if there are none.
    private func taken(_ json: String) -> (attachments: [Int: Base64Text], document: [UInt8])? {
        let octets = Array(json.utf8)
        guard let syntax = try? JSONSyntax(octets), syntax.repeated.isEmpty, !syntax.contents.isEmpty else {
            return nil
        }
        var document = octets
        for content in syntax.contents.reversed() { document.removeSubrange(content.octets) }
        return (Dictionary(uniqueKeysWithValues: syntax.contents.map { ($0.attachment, $0.text) }), document)
    }

    /// What comes out must be what the decoder alone would have made of it.
    @Test(arguments: [
        #"{"attachments":[{"content":"B"}]}"#,
        #"{ "text" : "a \"b\" [{", "attachments" : [ {"filename":"x\\","content" : "B" , "x":[{"content":"y"}]} ] }"#,
        #"{"attachments":[{"content":"QUJD"},{"filename":"a","content":"B"}],"headers":{"attachments":"content"}}"#,
        #"{"x":{"attachments":[{"content":"B"}]},"attachments":[7,"content",{"content":"B","filename":"]}"}]}"#,
        #"{"attachments":[{"a":{"content":"B"},"content":"B"},[{"content":"B"}],{"content":"B"}]}"#,
    ])
    func whatIsTakenOutIsTheContent(pattern: String) throws {
        let json = pattern.replacing(#""B""#, with: "\"\(Self.base64)\"")
        let large = try #require(taken(json))
        var whole = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        var list = try #require(whole["attachments"] as? [Any])
        #expect(!large.attachments.isEmpty)
        for (index, text) in large.attachments {
            var element = try #require(list[index] as? [String: Any])
            #expect(element["content"] as? String == Self.base64)
            #expect(text.decoded() == Self.octets)
            element["content"] = ""
            list[index] = element
        }
        whole["attachments"] = list
        let rest = try #require(try JSONSerialization.jsonObject(with: Data(large.document)) as? [String: Any])
        #expect(NSDictionary(dictionary: rest) == NSDictionary(dictionary: whole))
    }

    @Test(arguments: [
        #"[{"attachments":[{"content":"B"}]}]"#, #"{"attachments":[{"content":"B"}],"attachments":[]}"#,
        #"{"attachments":[{"content":"B","content":""}]}"#, #"{"\u0061ttachments":[{"content":"B"}]}"#,
        #"{"attachments":[{"conten\u0074":"B"}]}"#, #"{"attachments":{"content":"B"}}"#,
        #"{"attachments":[{"content":["B"]}]}"#, #"{"attachments":[["content","B"]]}"#,
        #"{"attachments":[{"content":"B"#, #"{"attachments":[{"content":"B"}]"#, #"{"attachments":[{"content":"B?"}]}"#,
        #"{"attachments":[{"content":"\u0041B"}]}"#, #"{"content":"B"}"#,
        #"{"html":"B","attachments":[{"content":""}]}"#,
    ])
    func whatIsUnusualIsLeftAlone(pattern: String) {
        #expect(taken(pattern.replacing("B", with: Self.base64)) == nil)
    }

    @Test func largeAndSmallAttachmentsArriveAlike() throws {
        let escaped = Self.base64.replacing("/", with: "\\/").replacing("A", with: "A\\r\\n")
        let elements = [
            #"{"content":"QUJD"}"#, #"{"filename":"l","content":"\#(escaped)"}"#,
            #"{"content":"\#(Self.base64)","content_type":"text/x"}"#,
        ]
        let list = elements.joined(separator: ",")
        let json = #"{"from":"a@example.org","to":"b@example.net","attachments":[\#(list)]}"#
        let submission = try Submission(json: Array(json.utf8))
        let contents = submission.message.attachments.map { attachment -> [UInt8] in
            if case .base64(let text) = attachment.content { text.decoded() } else { [] }
        }
        #expect(contents == [Array("ABC".utf8), Self.octets, Self.octets])
        let lines = Data(Self.octets).base64EncodedString(options: [
            .lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed,
        ])
        #expect(String(decoding: try Composition(submission).content, as: UTF8.self).contains("\r\n\r\n\(lines)\r\n--"))
    }

    @Test func errorsAreThoseOfTheWholeDocument() {
        for (members, pointer) in [
            (#""content":"\#(Self.base64)","x":1"#, "/attachments/0/x"),
            (#""content":"\#(Self.base64)?""#, "/attachments/0/content"),
            (#""content":"\#(Self.base64)","filename":7"#, "/attachments/0/filename"),
        ] {
            let json = #"{"from":"a@example.org","to":"b@example.net","attachments":[{\#(members)}]}"#
            let problem = #expect(throws: Problem.self) { try Submission(json: Array(json.utf8)) }
            #expect(problem?.errors.map(\.pointer) == [pointer])
        }
        let problem = #expect(throws: Problem.self) {
            try Submission(json: Array(#"{"attachments":[{"content":"\#(Self.base64)"}]} x"#.utf8))
        }
        #expect(problem?.status == 400)
    }
}
