import Foundation
import InternetMessage
import Testing

@testable import Gateway

/// The content of large attachments, which is read where it stands in the body and left out of what is decoded.
@Suite struct LargeContentTests {
    private static let octets = (0..<60_000).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 8) }
    private static let base64 = Data(octets).base64EncodedString()

    /// Wherever the content stands, and however it is written, what arrives is what it says.
    @Test(arguments: [
        #"{"attachments":[{"content":"B"}],R}"#, #"{ R, "attachments" : [ {"filename":"x\\","content" : "B" } ] }"#,
        #"{"\u0061ttachments":[{"conten\u0074":"B"}],R}"#,
        #"{"attachments":[{"content":"QUJD"},{"filename":"]}","content":"B"}],R,"headers":{"attachments":"content"}}"#,
        #"{"attachments":[{"content":"\u0041\u0041\u0041\u0041B"}],R}"#,
    ])
    func theContentIsWhatItSays(pattern: String) throws {
        let addresses = #""from":"a@example.org","to":"b@example.net""#
        let json = pattern.replacing("R", with: addresses).replacing("\"B\"", with: "\"\(Self.base64)\"")
            .replacing(#"41B""#, with: "41\(Self.base64)\"")
        let whole = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let list = try #require(whole["attachments"] as? [[String: String]])
        let attachments = try Submission(json: Array(json.utf8)).message.attachments
        let contents = attachments.map { attachment -> [UInt8] in
            if case .base64(let text) = attachment.content { text.decoded() } else { [] }
        }
        #expect(contents == list.map { Array(Data(base64Encoded: $0["content"] ?? "") ?? Data()) })
    }

    /// Where no content is meant, none is read.
    @Test(arguments: [
        (#"[{"attachments":[{"content":"B"}]}]"#, ""),
        (#"{"attachments":[{"content":"B"}],"attachments":[]}"#, "/attachments"),
        (#"{"attachments":[{"content":"B","content":""}]}"#, "/attachments/0/content"),
        (#"{"attachments":{"content":"B"}}"#, "/attachments"),
        (#"{"attachments":[{"content":["B"]}]}"#, "/attachments/0/content"),
        (#"{"attachments":[["content","B"]]}"#, "/attachments/0"), (#"{"attachments":["B"]}"#, "/attachments/0"),
        (#"{"attachments":"B"}"#, "/attachments"),
        (#"{"attachments":[{"filename":{"content":"B"}}]}"#, "/attachments/0/filename"),
        (#"{"content":"B"}"#, "/content"), (#"{"attachments":[{"content":"B?"}]}"#, "/attachments/0/content"),
    ])
    func whatIsUnusualIsNamed(pattern: String, pointer: String) throws {
        let json = pattern.replacing("B", with: Self.base64)
        let problem = #expect(throws: Problem.self) { try Submission(json: Array(json.utf8)) }
        #expect(problem?.status == 422)
        #expect(problem?.errors.contains { $0.pointer == pointer } == true, "\(problem?.errors.map(\.pointer) ?? [])")
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
