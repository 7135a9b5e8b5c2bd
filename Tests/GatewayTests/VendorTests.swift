import Foundation
import InternetMessage
import JSON
import Sandbox
import Settings
import TestSupport
import Testing

@testable import Gateway

/// The APIs of vendors where their own clients do not reach: what is sent once, what is refused before anything is sent,
/// and what several messages of one request are told. (`scripts/check-vendors` drives the clients.)
@Suite(.timeLimit(.minutes(2))) struct VendorTests {
    private static let end = ScriptedRelay.Step.expectEnd("\r\n.\r\n")
    private static let refused: [ScriptedRelay.Step] = [
        .expectEnd("DATA\r\n"), .send("250 ok\r\n550 5.1.1 User unknown\r\n554 no\r\n"), .expectEnd("RSET\r\n"),
        .send("250 ok\r\n"),
    ]

    private static func resend(_ to: String = "b@example.net", _ more: String = "") -> String {
        #"{"from":"a@example.org","to":"\#(to)","subject":"Hi","text":"How?"\#(more)}"#
    }

    private static func sendGrid(_ personalizations: String...) -> String {
        #"{"personalizations":[\#(personalizations.joined(separator: ","))],"from":{"email":"a@example.org"},"#
            + #""subject":"Hi","content":[{"type":"text/plain","value":"How?"}]}"#
    }

    private static func personalization(_ to: String) -> String { #"{"to":[{"email":"\#(to)"}]}"# }

    /// One response over one session.
    private static func answer(
        _ steps: [ScriptedRelay.Step], _ body: String, path: String, headers: String = ""
    ) async throws -> HTTPAnswer {
        let bench = try await Bench.start(["POSTERN_RELAY_CONNECTIONS": "1"], steps)
        let answer = try await bench.post(body, path: path, headers: headers)
        await bench.stop()
        return answer
    }

    // MARK: Whole requests

    /// In strict mode, which is the default, one message that is not valid keeps the others from being sent: the relay
    /// is never asked.
    @Test(arguments: ["", "x-batch-validation: strict\r\n"]) func oneInvalidMessageKeepsAStrictBatch(
        _ mode: String
    ) async throws {
        let answer = try await Self.answer(
            [.silence], "[\(Self.resend()),\(Self.resend("nobody"))]", path: "/emails/batch", headers: mode)
        #expect(answer.status == 422)
        #expect(answer.json["name"] as? String == "validation_error")
        #expect((answer.json["message"] as? String)?.contains("`1.to`") == true, "\(answer.text)")
        #expect(answer.field("x-postern-outcome") == "not_sent")
    }

    @Test func aPermissiveBatchSendsWhatIsValid() async throws {
        let answer = try await Self.answer(
            greeting + envelope + taken, "[\(Self.resend("nobody")),\(Self.resend())]", path: "/emails/batch",
            headers: "x-batch-validation: permissive\r\n")
        #expect(answer.status == 200)
        #expect((answer.json["data"] as? [[String: Any]])?.count == 1)
        let errors = try #require(answer.json["errors"] as? [[String: Any]])
        #expect(errors.map { $0["index"] as? Int } == [0])
        #expect(answer.field("x-postern-outcome") == "partially_accepted")
    }

    /// A status at which no client sends the accepted ones again, and a text that says which they are.
    @Test func aMixedResultSaysWhatWasSent() async throws {
        let steps = greeting + envelope + taken + Self.refused
        let batch = try await Self.answer(
            steps, "[\(Self.resend()),\(Self.resend("x@example.net"))]", path: "/emails/batch")
        #expect(batch.status == 422)
        #expect(
            (batch.json["message"] as? String)?.contains("The messages 0 were sent; do not send them again") == true)
        #expect(batch.field("x-postern-outcome") == "partially_accepted")
        #expect(batch.field("x-postern-reply") == "550 5.1.1 user unknown")
        let mail = try await Self.answer(
            steps, Self.sendGrid(Self.personalization("b@example.net"), Self.personalization("x@example.net")),
            path: "/v3/mail/send")
        #expect(mail.status == 400)
        let errors = try #require(mail.json["errors"] as? [[String: Any]])
        #expect(errors.map { $0["field"] as? String } == [nil, "personalizations.1"])
        #expect((errors.first?["message"] as? String)?.contains("personalizations 0 were sent") == true)
        #expect(mail.field("x-postern-outcome") == "partially_accepted")
    }

    /// If nothing was sent and everything may be sent again, a client that repeats the request does right.
    @Test func aRequestOfWhichNothingWasSentMayBeRepeated() async throws {
        let later: [ScriptedRelay.Step] = [
            .expectEnd("DATA\r\n"), .send("250 ok\r\n451 4.2.0 Later\r\n554 no\r\n"), .expectEnd("RSET\r\n"),
            .send("250 ok\r\n"),
        ]
        let answer = try await Self.answer(
            greeting + later + later,
            Self.sendGrid(Self.personalization("b@example.net"), Self.personalization("c@example.net")),
            path: "/v3/mail/send")
        #expect(answer.status == 429)
        #expect(answer.field("retry-after") != nil)
        #expect(answer.field("x-postern-outcome") == "not_sent")
    }

    /// A rejection in any of several messages is reported, though all of them were accepted for somebody.
    @Test func aRejectionInALaterMessageIsReported() async throws {
        let partly: [ScriptedRelay.Step] =
            [.expectEnd("DATA\r\n"), .send("250 ok\r\n250 ok\r\n550 5.1.1 User unknown\r\n354 go\r\n")] + taken
        let two = #"{"to":[{"email":"c@example.net"},{"email":"x@example.net"}]}"#
        let answer = try await Self.answer(
            greeting + envelope + taken + partly, Self.sendGrid(Self.personalization("b@example.net"), two),
            path: "/v3/mail/send")
        #expect(answer.status == 202)
        #expect(answer.field("x-message-id") != nil)
        #expect(answer.field("x-postern-outcome") == "partially_accepted")
        #expect(answer.field("x-postern-rejected") == "x@example.net 550 5.1.1 user unknown")
    }

    // MARK: Outcomes

    /// 409, 422, 400 and 400: no client of these vendors repeats a request for them.
    @Test(arguments: [
        ("/emails", resend(), 409), ("/v3/mail/send", sendGrid(personalization("b@example.net")), 400),
        ("/email", #"{"From":"a@example.org","To":"b@example.net","TextBody":"How?"}"#, 422),
    ]) func anUnknownOutcomeHasAStatusThatNobodyRepeats(_ path: String, _ body: String, _ status: Int) async throws {
        let answer = try await Self.answer(greeting + envelope + [Self.end, .close], body, path: path)
        #expect(answer.status == status)
        #expect(answer.field("x-postern-outcome") == "unknown")
        #expect(answer.field("retry-after") == nil)
        #expect(answer.text.contains("The relay may have the message"))
    }

    /// The Message-ID is the id that the client is told, so one finds the other in a relay's log.
    @Test func theIdentifierIsTheMessageID() async throws {
        let bench = try await Bench.start([:], greeting + envelope + taken)
        let answer = try await bench.post(Self.resend(), path: "/emails")
        let identifier = try #require(answer.json["id"] as? String)
        #expect(UUID(uuidString: identifier) != nil)
        #expect(bench.relay.received.joined().contains("Message-ID: <\(identifier)@example.org>"))
        await bench.stop()
    }

    // MARK: Reading

    /// What clients leave empty says nothing, and whatever is wrong is named, wherever it stands.
    @Test(
        arguments: [
            (resend(), []), ("{}", []),
            (#"{"from":null,"to":"","cc":[],"bcc":[""],"subject":"","text":"","html":"","headers":[]}"#, ["/bcc/0"]),
            (
                #"{"topic_id":"x","tags":[],"template":{},"scheduled_at":"now","to":["b@x.example",1,{}]}"#,
                ["/scheduled_at", "/to/1", "/to/2/address"]
            ),
            (
                #"{"headers":{"X-A":1,"X-B":"b"},"attachments":[{"content":[1,2],"filename":"a.pdf"},{"content":""},1,{}]}"#,
                ["/headers/X-A", "/attachments/2", "/attachments/3/content"]
            ),
            (
                #"{"headers":["x"],"attachments":{},"to":{"email":"b@example.net"},"reply_to":7,"text":7,"html":[],"from":[]}"#,
                ["/headers", "/attachments", "/reply_to", "/text", "/html", "/from"]
            ),
            (
                #"{"attachments":[{"content":{"type":"Buffer","data":[104]},"content_id":"a"},{"content":"*","path":"x"}]}"#,
                ["/attachments/1/content", "/attachments/1/path"]
            ),
            (#"{"attachments":[{"content":{"type":"Bluffer","data":[104]}}]}"#, ["/attachments/0/content"]),
            (
                #"{"attachments":[{"content":{"type":"Buffer","data":{}}},{"content":{"type":"Buffer","data":{"a":1}}}]}"#,
                ["/attachments/0/content", "/attachments/1/content"]
            ),
            (
                #"{"attachments":[{"content":[104,"x"]},{"content":["x"]}]}"#,
                ["/attachments/0/content", "/attachments/1/content"]
            ),
            (
                #"{"attachments":[{"content":[256]},{"content":{"data":[-1]}}]}"#,
                ["/attachments/0/content", "/attachments/1/content"]
            ),
            (
                #"{"headers":"","tags":"","cc":"c@example.net","unknown":1,"Subject":"x","from":"Ann <a@example.org>"}"#,
                ["/Subject", "/unknown"]
            ),
        ] as [(String, [String])]) func aDocumentIsReadAsFarAsItGoes(_ text: String, _ pointers: [String]) throws
    {
        let document = try JSONDocument.read(ResendMessage.self, from: Array(text.utf8), expected: "")
        #expect(document.errors.listed.map(\.pointer) == pointers)
    }

    @Test func whatADocumentSaysIsKept() throws {
        let text =
            #"{"attachments":[{"content":[1,2],"filename":"a.pdf"},{"content":"*"},{"content":"aGk="}],"tags":["x"],"topic_id":""}"#
        let document = try JSONDocument.read(ResendMessage.self, from: Array(text.utf8), expected: "")
        #expect(document.hasAttachments)
        #expect(document.message.ignored == ["tags"])
        let contents = document.message.document.attachments.map(\.content)
        #expect(contents == [.octets([1, 2]), .base64(try Base64Text(Array("aGk=".utf8)[...], notation: .escaped))])
        #expect(
            document.message.document.attachments.map(\.contentType.description) == [
                "application/pdf", "application/octet-stream",
            ])
        #expect(document.message.document.places["attachments"] == [0, 2])
        let missing = try JSONDocument.read(ResendMessage.self, from: Array("{}".utf8), expected: "").missing
        #expect(missing == ["from", "to", "subject"])
    }

    // MARK: Once

    /// What was kept under a key is given again with all that its client reads: the id stands in a header field here.
    @Test func aReplayKeepsTheHeaderFields() async throws {
        let bench = try await Bench.start([:], greeting + envelope + taken)
        let body = Self.sendGrid(Self.personalization("b@example.net"))
        let first = try await bench.post(body, path: "/v3/mail/send", headers: "Idempotency-Key: k\r\n")
        let second = try await bench.post(body, path: "/v3/mail/send", headers: "Idempotency-Key: k\r\n")
        #expect(first.status == 202 && second.status == 202)
        #expect(first.field("x-message-id") != nil)
        #expect(first.field("x-message-id") == second.field("x-message-id"))
        #expect(second.field("idempotency-replayed") == "true")
        await bench.stop()
    }

    @Test func anotherMessageUnderAKeyIsResendsConflict() async throws {
        let bench = try await Bench.start([:], greeting + envelope + taken)
        let key = "Idempotency-Key: k\r\n"
        #expect(try await bench.post(Self.resend(), path: "/emails", headers: key).status == 200)
        let other = try await bench.post(Self.resend("c@example.net"), path: "/emails", headers: key)
        #expect(other.status == 409)
        #expect(other.json["name"] as? String == "invalid_idempotent_request")
        await bench.stop()
    }

    // MARK: The door

    /// Each vendor's clients send their key in a field of their own.
    @Test(arguments: [
        ("/email", "X-Postmark-Server-Token: key-of-the-app\r\n", 422),
        ("/email", "X-Postmark-Server-Token: wrong\r\n", 401),
        ("/emails", "X-Postmark-Server-Token: key-of-the-app\r\n", 401),
        ("/emails", "Authorization: Bearer key-of-the-app\r\n", 422),
        ("/emails", "Authorization: Bearer wrong\r\n", 403),
        ("/emails", "Authorization: Basic YXBpOmtleS1vZi10aGUtYXBw\r\n", 401),
    ]) func aKeyIsTakenFromItsVendorsField(_ path: String, _ headers: String, _ status: Int) async throws {
        let bench = try await Bench.start(["POSTERN_API_KEYS": "app:key-of-the-app"], [.silence])
        let answer = try await bench.post("{}", path: path, headers: headers)
        #expect(answer.status == status, "\(answer.text)")
        #expect(answer.head.lowercased().contains("content-type: application/json"))
        await bench.stop()
    }

    @Test func mailgunsKeyIsAPasswordAndItsDomainTheSenders() async throws {
        let bench = try await Bench.start(["POSTERN_API_KEYS": "app:key-of-the-app"], [.silence])
        func post(_ domain: String, _ credentials: String) async throws -> HTTPAnswer {
            let connection = try RawConnection(port: bench.gateway.address.port)
            let body = "from=a@mail.example.org&to=b@example.net&text=x&o:testmode=yes"
            try connection.send(
                "POST /v3/\(domain)/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic "
                    + "\(Data(credentials.utf8).base64EncodedString())\r\n"
                    + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
            return try #require(await connection.readAnswer())
        }
        #expect(try await post("mail.example.org", "api:key-of-the-app").status == 200)
        #expect(try await post("EXAMPLE.ORG", "api:key-of-the-app").status == 200)
        for (domain, credentials) in [
            ("ample.org", "api:key-of-the-app"), ("other.example", "api:key-of-the-app"),
            ("example.org", "api:wrong-key"), ("example.org", "app:key-of-the-app"),
        ] {
            let answer = try await post(domain, credentials)
            #expect(answer.status == 401, "\(domain) \(credentials)")
            #expect(answer.text == "Forbidden")
        }
        await bench.stop()
    }

    /// What would change the message is refused by its name; what only sorts is named in a header field.
    @Test func whatIsNotDoneIsNamed() async throws {
        let refused = try await Self.answer(
            [.silence], Self.resend("b@example.net", #","scheduled_at":"in 1 min","template":{"id":"t"}"#),
            path: "/emails")
        #expect(refused.status == 422)
        for name in ["scheduled_at", "template"] { #expect(refused.text.contains("\(name) is not supported")) }
        let ignored = try await Self.answer(
            greeting + envelope + taken,
            Self.resend("b@example.net", #","tags":[{"name":"a","value":"b"}],"topic_id":"","scheduled_at":null"#),
            path: "/emails")
        #expect(ignored.status == 200)
        #expect(ignored.field("x-postern-ignored") == "tags")
    }

    @Test func aPathThatAVendorHasAndPosternHasNotIsToldInItsForm() async throws {
        let bench = try await Bench.start([:], [.silence])
        let postmark = try await bench.post("{}", path: "/email/withTemplate")
        #expect(postmark.status == 404)
        #expect(postmark.json["ErrorCode"] != nil)
        let resend = try await bench.get("/emails/4ef9a417-02e9-4d39-ad75-9611e0fcc33c")
        #expect(resend.status == 404)
        #expect(resend.json["name"] as? String == "not_found")
        let method = try await bench.get("/emails")
        #expect(method.status == 405)
        #expect(method.json["name"] as? String == "method_not_allowed")
        await bench.stop()
    }

    // MARK: Hostile and sloppy requests

    private static func mailgun(
        _ fields: [(String, String)], settings: [String: String] = [:], path: String = "/v3/example.org/messages"
    ) async throws -> HTTPAnswer {
        let sandbox = try await SandboxServer.start()
        let bench = try await Bench.start(
            ["POSTERN_RELAY_URL": "smtp://127.0.0.1:\(sandbox.port)?tls=none"].merging(settings) { $1 }, [])
        func escaped(_ text: String) -> String {
            text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        }
        let isWhole = path.hasSuffix(".mime")
        let all = (isWhole ? [] : [("from", "a@example.org"), ("text", "How?")]) + fields
        let body = all.map { "\(escaped($0.0))=\(escaped($0.1))" }.joined(separator: "&")
        let answer = try await bench.postForm(
            Array(body.utf8), type: "application/x-www-form-urlencoded", path: path)
        await bench.stop()
        await sandbox.shutdown()
        return answer
    }

    /// What was meant as a test must not be sent, nor what was to be protected go out unprotected.
    @Test(arguments: [
        "o:test-mode", "o:testmod", "o:require_tls", "o:deliver-within", "o:archive-to", "testmode", "o:",
    ]) func aMisspeltOptionIsRefused(_ name: String) async throws {
        let answer = try await Self.mailgun([("to", "b@example.net"), (name, "yes")])
        #expect(answer.status == 400)
        #expect(answer.text.contains(name), "\(answer.text)")
    }

    @Test func anOptionIsReadInAnyCaseAndOnce() async throws {
        let test = try await Self.mailgun([("to", "b@example.net"), ("o:TestMode", "Yes")])
        #expect(test.status == 200 && test.text.contains("it was not sent"))
        for second in ["yes", "no"] {
            let twice = try await Self.mailgun([("to", "b@example.net"), ("o:testmode", "yes"), ("o:testmode", second)])
            #expect(twice.status == 400 && twice.text.contains("given twice"))
        }
        let maybe = try await Self.mailgun([("to", "b@example.net"), ("o:testmode", "maybe")])
        #expect(maybe.status == 400)
    }

    @Test(arguments: [#"{"enabled":true}"#, #"{"Enable":true}"#, #"{"enable":"yes"}"#, "true"])
    func aMisspeltSandboxModeIsRefused(_ mode: String) async throws {
        let body = Self.sendGrid(Self.personalization("b@example.net")).dropLast()
        let answer = try await Self.answer(
            [.silence], body + #","mail_settings":{"sandbox_mode":\#(mode)}}"#, path: "/v3/mail/send")
        #expect(answer.status == 400)
        #expect(answer.text.contains("mail_settings.sandbox_mode"), "\(answer.text)")
    }

    /// A response reaches its client however many fields had no effect.
    @Test func manyIgnoredFieldsFitIntoAHeader() async throws {
        let variables = (0..<300).map { ("v:variable-number-\($0)", "1") }
        let answer = try await Self.mailgun([("to", "b@example.net")] + variables)
        #expect(answer.status == 200)
        let ignored = try #require(answer.field("x-postern-ignored"))
        #expect(ignored.utf8.count < 1_000)
        #expect(ignored.hasSuffix("more"))
    }

    /// Messages that share a large attachment are not composed one by one until the memory is used up.
    @Test func messagesThatAreTooLargeTogetherAreRefused() async throws {
        let people = (0..<200).map { Self.personalization("b\($0)@example.net") }.joined(separator: ",")
        let content = String(repeating: "A", count: 40_000)
        let body = Self.sendGrid(people).dropLast()
        let answer = try await Bench.start(["POSTERN_MAX_MESSAGE_BYTES": "65536"], [.silence]).post(
            body + #","attachments":[{"content":"\#(content)","filename":"a"}]}"#, path: "/v3/mail/send")
        #expect(answer.status == 413, "\(answer.text)")
        #expect(answer.text.contains("POSTERN_MAX_MESSAGE_BYTES"))
    }

    /// A request of which nothing is sent uses up nothing of the rate; one that never fits says so.
    @Test func severalMessagesTakeTheRateTogether() async throws {
        let bench = try await Bench.start(["POSTERN_RATE_PER_KEY": "3/m"], greeting + envelope + taken)
        let people = (0..<4).map { Self.personalization("b\($0)@example.net") }.joined(separator: ",")
        let many = try await bench.post(Self.sendGrid(people), path: "/v3/mail/send")
        #expect(many.status == 400)
        #expect(many.text.contains("never allows 4 messages"))
        #expect(try await bench.post(Self.resend(), path: "/emails").status == 200)
        await bench.stop()
    }

    /// A whole message counts against the rate as any other does, with an Idempotency-Key too.
    @Test(arguments: ["", "Idempotency-Key: "]) func aWholeMessageCountsAgainstTheRate(_ key: String) async throws {
        let bench = try await Bench.start(
            ["POSTERN_RATE_PER_KEY": "1/m", "POSTERN_RELAY_CONNECTIONS": "1"],
            greeting + envelope + taken + envelope + taken)
        let text = "From: a@example.org\r\n\r\nHow?\r\n".addingPercentEncoding(withAllowedCharacters: .alphanumerics)
        let body = "to=b@example.net&message=\(text ?? "")"
        var statuses: [Int] = []
        for number in 0..<2 {
            let connection = try RawConnection(port: bench.gateway.address.port)
            try connection.send(
                "POST /v3/example.org/messages.mime HTTP/1.1\r\nHost: localhost\r\n"
                    + (key.isEmpty ? "" : "\(key)\(number)\r\n") + "Content-Type: application/x-www-form-urlencoded\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            statuses.append(try #require(await connection.readAnswer()).status)
        }
        #expect(statuses == [200, 429])
        await bench.stop()
    }

    /// No response is more than a small multiple of its request.
    @Test func responsesHaveABound() async throws {
        let bench = try await Bench.start([:], [.silence])
        let empty = Array(repeating: "{}", count: 500).joined(separator: ",")
        #expect(try await bench.post("[\(empty)]", path: "/email/batch").body.count < 64 * 1024)
        let headers = #"{"Headers":[\#(Array(repeating: "1", count: 100).joined(separator: ","))]}"#
        let bad = Array(repeating: headers, count: 500).joined(separator: ",")
        #expect(try await bench.post("[\(bad)]", path: "/email/batch").body.count < 64 * 1024)
        let long = String(repeating: #"\u0001"#, count: 500)
        let names = (0..<200).map { "\"\($0)\(long)\":1" }.joined(separator: ",")
        #expect(try await bench.post("{\(names)}", path: "/v3/mail/send").body.count < 64 * 1024)
        #expect(try await bench.post("{\(names)}", path: "/emails").body.count < 64 * 1024)
        await bench.stop()
    }

    /// One recipient, one message; and no two messages under one identifier.
    @Test func recipientVariablesMakeAMessageForEach() async throws {
        let twice = try await Self.mailgun([
            ("to", "b@example.net, B <b@example.net>"), ("recipient-variables", "{}"),
            ("h:Message-Id", "<x@example.org>"),
        ])
        #expect(twice.status == 200, "\(twice.text)")
        let several = try await Self.mailgun([
            ("to", "b@example.net"), ("to", "c@example.net"), ("recipient-variables", "{}"),
            ("h:Message-Id", "<x@example.org>"),
        ])
        #expect(several.status == 400)
        for variables in [#"{"b@example.net":{"id":1}}"#, #"{"b@x":{},"b@x":{"id":1}}"#, "{,}", "[]", ""] {
            let answer = try await Self.mailgun([("to", "b@example.net"), ("recipient-variables", variables)])
            #expect(answer.status == 400, "\(variables)")
        }
    }

    /// In `messages.mime` there are no variables, and a test counts against no rate.
    @Test func aWholeMessageHasNoVariables() async throws {
        let message = ("message", "From: a@example.org\r\n\r\nHow?\r\n")
        let path = "/v3/example.org/messages.mime"
        let answer = try await Self.mailgun(
            [("to", "b@example.net"), message, ("recipient-variables", "{}")], path: path)
        #expect(answer.status == 400 && answer.text.contains("recipient-variables"), "\(answer.text)")
    }

    /// A path is octets: what looks like one character with a slash is none.
    @Test(arguments: ["/emails/%CC%81x", "/v3/%CC%88bc/messages"]) func aPathIsComparedByOctets(
        _ path: String
    ) async throws {
        let bench = try await Bench.start([:], [.silence])
        let answer = try await bench.post("{}", path: path)
        #expect(!answer.head.contains("problem+json"), "\(answer.head)")
        await bench.stop()
    }

    /// A log line says in which format a message came; the metrics say it by the endpoint's path.
    @Test func theLogAndTheMetricsTellDialectsApart() async throws {
        let lines = LogLines()
        let bench = try await Bench.start(
            ["POSTERN_RELAY_CONNECTIONS": "1"], logger: lines.logger, greeting + envelope + taken + envelope + taken)
        #expect(try await bench.post(Self.resend(), path: "/emails").status == 200)
        #expect(try await bench.post(simple).status == 200)
        let sent = lines.all.filter { $0.message == "message accepted" }
        #expect(sent.map { $0.metadata["dialect"] } == ["resend", nil])
        let metrics = try await bench.get("/metrics").text
        #expect(metrics.contains(#"postern_http_requests_total{route="/emails",status="200"} 1"#))
        await bench.stop()
    }

    // MARK: The setting

    @Test func whatIsSwitchedOffIsNotThere() async throws {
        let bench = try await Bench.start(["POSTERN_VENDOR_APIS": "Postmark"], [.silence])
        #expect(try await bench.post("{}", path: "/emails").status == 404)
        #expect(try await bench.post("{}", path: "/emails").json["title"] as? String == "There is no such endpoint")
        #expect(try await bench.post("{}", path: "/email").status == 422)
        await bench.stop()
    }

    @Test(arguments: [("none", 0), ("resend", 1), ("mailgun, sendgrid", 2), ("resend,resend", 1)])
    func theSettingNamesVendors(_ text: String, _ count: Int) throws {
        #expect(try VendorAPI.list(SettingValues(environment: ["POSTERN_VENDOR_APIS": text])).count == count)
    }

    @Test(arguments: ["mailjet", "none,resend", ","]) func aSettingThatMeansNothingStopsTheStart(
        _ text: String
    ) throws {
        let values = try SettingValues(environment: ["POSTERN_VENDOR_APIS": text])
        #expect(throws: ConfigurationError.self) { try VendorAPI.list(values) }
    }

    // MARK: Names, and the test key

    /// What is wrong is named as the vendor's documents name it, with its place among what the client wrote.
    @Test(arguments: [
        (#""from":{"email":"nobody"}"#, "", "from.email"), (#""from":{"name":"Ann"}"#, "", "from.email"),
        ("", #""to":[{"email":"b@example.net"},{"name":"B"}]"#, "personalizations.0.to.1.email"),
        (
            #""content":[{"type":"text/plain","value":"x"},{"type":"multipart/mixed","value":"x"}]"#, "",
            "content.1.type"
        ),
        (#""attachments":[{"content":"aGk=","filename":"a","type":"nonsense"}]"#, "", "attachments.0.type"),
        (#""reply_to_list":[{"email":"a@b"},{"email":"x"}]"#, "", "reply_to_list.1.email"),
        (#""headers":{"address":"a\r\nb"}"#, "", "headers.address"),
    ])
    func sendGridNamesItsOwnFields(_ common: String, _ own: String, _ field: String) async throws {
        var members = [
            "from": #"{"email":"a@example.org"}"#, "subject": #""Hi""#,
            "content": #"[{"type":"text/plain","value":"How?"}]"#,
        ].map { "\"\($0.key)\":\($0.value)" }.filter { member in
            common.isEmpty || !member.hasPrefix(common.prefix { $0 != ":" })
        }
        if !common.isEmpty { members.append(common) }
        members.append(#""personalizations":[{\#(own.isEmpty ? #""to":[{"email":"b@example.net"}]"# : own)}]"#)
        let answer = try await Self.answer(
            [.silence], "{\(members.joined(separator: ","))}", path: "/v3/mail/send")
        #expect(answer.status == 400)
        let errors = answer.json["errors"] as? [[String: Any]] ?? []
        #expect(errors.map { $0["field"] as? String } == [field], "\(answer.text)")
    }

    /// Postmark's test key checks a message and sends nothing, if a setting takes it or no key is needed. It is no key
    /// for anything else.
    @Test(arguments: [
        (["POSTERN_API_KEYS": "app:secret-key", "POSTERN_VENDOR_TEST_KEYS": "true"], 200),
        (["POSTERN_API_KEYS": "app:secret-key"], 401), ([:], 200),
    ])
    func theTestKeySendsNothing(_ settings: [String: String], _ status: Int) async throws {
        let bench = try await Bench.start(settings, [.silence])
        let key = "X-Postmark-Server-Token: POSTMARK_API_TEST\r\n"
        let message = #"{"From":"a@example.org","To":"b@example.net","TextBody":"x"}"#
        let one = try await bench.post(message, path: "/email", headers: key)
        #expect(one.status == status)
        let several = try await bench.post("[\(message)]", path: "/email/batch", headers: key)
        #expect(several.status == status)
        if status == 200 {
            #expect(one.json["ErrorCode"] as? Int == 0)
            let bad = try await bench.post(#"{"From":"a@example.org"}"#, path: "/email", headers: key)
            #expect(bad.status == 422)
        }
        if !settings.isEmpty {
            for headers in ["Authorization: Bearer POSTMARK_API_TEST\r\n", "X-API-Key: POSTMARK_API_TEST\r\n", key] {
                #expect(try await bench.post(simple, headers: headers).status == 401)
            }
            #expect(try await bench.post("{}", path: "/emails", headers: key).status == 401)
        }
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }
}
