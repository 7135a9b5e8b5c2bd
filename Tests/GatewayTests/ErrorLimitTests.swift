import Foundation
import HTTPServer
import MailAddress
import Testing

@testable import Gateway
@testable import SMTP

/// What a request costs does not depend on how bad it is: errors are listed up to a hundred, and a problem has 64 KiB at most.
@Suite struct ErrorLimitTests {
    static let documents: [(name: String, json: String, atLeast: Int)] = [
        ("recipients that are numbers", document(#""to":[\#(list("1", 50_000))]"#), 1_000),
        ("empty recipients", document(#""to":[\#(list(#""""#, 50_000))]"#), 1_000),
        ("recipients that are wrong objects", document(#""to":[\#(list(#"{"a":1}"#, 20_000))]"#), 1_000),
        ("envelope recipients", document(#""envelope":{"to":[\#(list("null", 50_000))]}"#), 1_000),
        ("empty attachments", document(#""to":"b@example.net","attachments":[\#(list("{}", 50_000))]"#), 1_000),
        (
            "attachments with unknown members",
            document(#""to":"b@example.net","attachments":[\#(list(#"{"a":1,"b":2,"c":3}"#, 20_000))]"#), 4_000
        ),
        ("empty alternatives", document(#""to":"b@example.net","alternatives":[\#(list("{}", 50_000))]"#), 2_000),
        ("unknown members", document(#""to":"b@example.net",\#(members(1_900))"#), 1_900),
        (
            "long unknown members",
            document(#""to":"b@example.net",\#(members(150, suffix: String(repeating: "é", count: 5_000)))"#), 150
        ),
        (
            "unknown members of control characters",
            document(#""to":"b@example.net",\#(members(150, suffix: String(repeating: "\\u0001", count: 500)))"#), 150
        ),
        ("headers that are numbers", document(#""to":"b@example.net","headers":{\#(members(1_900))}"#), 1_900),
        (
            "headers with bad names",
            document(#""to":"b@example.net","headers":{\#(members(1_900, suffix: " :", value: #""x""#))}"#), 1_900
        ),
        ("members that stand twice under a long name", document(repeated(count: 1_999, nameLength: 100_000)), 1_998),
        (
            "members that stand twice, deep under long names",
            document(#""to":"b@example.net","x":\#(nested(depth: 200, nameLength: 3_000))"#), 2
        ),
        ("words of a notification", document(#""to":"b@example.net","dsn":{"notify":[\#(list("1", 50_000))]}"#), 1),
    ]

    private static func document(_ members: String) -> String { #"{"from":"a@example.org",\#(members)}"# }
    private static func list(_ element: String, _ count: Int) -> String {
        repeatElement(element, count: count).joined(separator: ",")
    }
    private static func members(_ count: Int, suffix: String = "", value: String = "1") -> String {
        (0..<count).map { #""q\#($0)\#(suffix)":\#(value)"# }.joined(separator: ",")
    }
    private static func repeated(count: Int, nameLength: Int) -> String {
        let name = String(repeating: "n", count: nameLength)
        return #""to":"b@example.net","\#(name)":{\#(list(#""a":1"#, count))}"#
    }
    private static func nested(depth: Int, nameLength: Int) -> String {
        let open = #"{"\#(String(repeating: "~", count: nameLength))":"#
        return String(repeating: open, count: depth) + #"{"a":1,"a":2,"a":3}"# + String(repeating: "}", count: depth)
    }

    private static func problem(_ json: String) -> Problem? {
        do throws(Problem) {
            _ = try Submission(json: Array(json.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: documents) func errorsHaveALimit(name: String, json: String, atLeast: Int) throws {
        let problem = try #require(Self.problem(json))
        let body = problem.response.body
        #expect(body.count <= Problem.maximumOctets)
        let answer = try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
        let errors = try #require(answer["errors"] as? [[String: String]])
        let more = answer["more_errors"] as? Int ?? 0
        #expect((1...FieldErrors.maximumListed).contains(errors.count))
        #expect(errors.count + more >= atLeast)
        #expect(errors.count == FieldErrors.maximumListed || more == 0 || body.count > 48 * 1024)
        if more > 0 { #expect((answer["detail"] as? String)?.contains("\(errors.count + more) fields") == true) }
        for error in errors {
            let pointer = try #require(error["pointer"])
            #expect(pointer.unicodeScalars.count <= FieldError.maximumPointerCharacters + 1)
            #expect(error["detail"]?.isEmpty == false)
        }
    }

    /// What was right before the limit is found, and the reader of a list stops where the limit is.
    @Test func noListIsReadBeyondItsLimit() throws {
        let many = Self.list(#""b@example.net""#, 1_001)
        let problem = try #require(Self.problem(Self.document(#""to":[\#(many)]"#)))
        #expect(problem.errors.map(\.pointer) == ["/to"])
        #expect(problem.errors.first?.detail.contains("1000") == true)
        let parts = Self.list(#"{"content":""}"#, 1_001)
        let other = try #require(Self.problem(Self.document(#""to":"b@example.net","attachments":[\#(parts)]"#)))
        #expect(other.errors.map(\.pointer) == ["/attachments"])
    }

    @Test func theMessagesOfABatchHaveTheSameLimit() throws {
        let message = #"{"to":[\#(Self.list("1", 2_000))]}"#
        let messages = try BatchDialect.messages(in: Array("[\(Self.list(message, 20))]".utf8))
        #expect(messages.count == 20)
        for case .failure(let problem) in messages {
            #expect(problem.errors.count == 100)
            #expect(problem.response.body.count < Problem.maximumOctets)
        }
    }

    /// A relay's replies are as long as it likes, and so is the list of recipients that it did not take.
    @Test func rejectedRecipientsHaveALimitToo() throws {
        let reply = Reply(code: 550, enhancedCode: nil, text: String(repeating: "no\u{1}", count: 5_000))
        var problem = Problem("relay-refused", "The relay refused the message", status: 422, detail: "rcpt")
        problem.reply = reply
        problem.rejected = try (0..<1_000).map {
            RejectedRecipient(address: try .init("b\($0)@example.net"), reply: reply)
        }
        let body = problem.response.body
        #expect(body.count <= Problem.maximumOctets)
        let answer = try #require(try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
        let listed = try #require(answer["rejected"] as? [[String: Any]]).count
        #expect(listed > 5)
        #expect(answer["more_rejected"] as? Int == 1_000 - listed)
    }

    // MARK: Every bad field is named

    @Test func everyBadHeaderIsNamed() {
        let json = Self.document(
            #""to":"b@example.net","headers":{"X-A":7,"X-B":true,"X-C":"fine","X-D":null,"X-E":["a"],"Subject":"x"}"#)
        #expect(
            Self.problem(json)?.errors.map(\.pointer)
                == ["/headers/X-A", "/headers/X-B", "/headers/X-D", "/headers/X-E", "/headers/Subject"])
        for value in ["[]", "7", #""X-A: 7""#] {
            #expect(
                Self.problem(Self.document(#""to":"b@example.net","headers":\#(value)"#))?.errors.map(\.pointer)
                    == ["/headers"])
        }
    }

    @Test(arguments: [
        ("replyTo", "reply_to"), ("Reply-To", "reply_to"), ("TextBody", "text"), ("HtmlBody", "html"), ("From", "from"),
        ("body", "text"), ("sender", "from"), ("tags", "headers"), ("file", "attachments"), ("subjet", "subject"),
        ("attachment", "attachments"), ("recipients", "to"), ("requireTls", "require_tls"),
        ("recipientPolicy", "recipient_policy"), ("ehaders", "headers"),
    ])
    func aSlipGetsASuggestion(name: String, known: String) {
        let errors = Self.problem(Self.document(#""to":"b@example.net","\#(name)":"x""#))?.errors
        #expect(errors == [FieldError("/" + name, "there is no such field; did you mean \"\(known)\"?")])
    }

    @Test(arguments: [
        ("contentType", "content_type"), ("type", "content_type"), ("cid", "content_id"), ("name", "filename"),
        ("data", "content"), ("fileName", "filename"),
    ])
    func aSlipInAnAttachmentGetsASuggestion(name: String, known: String) {
        let json = Self.document(#""to":"b@example.net","attachments":[{"content":"","\#(name)":"x"}]"#)
        #expect(
            Self.problem(json)?.errors
                == [FieldError("/attachments/0/\(name)", "there is no such field; did you mean \"\(known)\"?")])
    }

    @Test(arguments: ["zzz", "x", "qwertyuiop", String(repeating: "from", count: 50)])
    func whatResemblesNothingGetsTheList(name: String) {
        let errors = Self.problem(Self.document(#""to":"b@example.net","\#(name)":"x""#))?.errors
        #expect(errors?.count == 1)
        #expect(
            errors?.first?.detail.hasPrefix("there is no such field; known are alternatives, attachments, bcc") == true)
    }

    @Test(arguments: [" [", "[{}]", "\n[]"]) func anArrayBelongsToTheBatch(json: String) {
        let json = json == " [" ? " [1]" : json
        #expect(Self.problem(json)?.errors.first?.detail.contains("/messages/batch") == true)
    }

    // MARK: Empty text

    @Test func anEmptyTextBesideHTMLMakesNoPart() throws {
        func content(_ members: String) throws -> String {
            let submission = try Submission(json: Array(Self.document(#""to":"b@example.net",\#(members)"#).utf8))
            return String(decoding: try Composition(submission).content, as: UTF8.self)
        }
        for members in [#""text":"","html":"<p>x""#, #""html":"<p>x""#, #""text":null,"html":"<p>x""#] {
            let message = try content(members)
            #expect(message.contains("Content-Type: text/html; charset=utf-8\r\n"))
            #expect(!message.contains("multipart") && !message.contains("text/plain"))
        }
        #expect(try content(#""text":" ","html":"<p>x""#).contains("text/plain"))
        #expect(try content(#""text":"""#).contains("text/plain"))
    }
}
