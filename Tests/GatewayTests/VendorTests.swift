import Foundation
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

    // MARK: The setting

    @Test func whatIsSwitchedOffIsNotThere() async throws {
        let bench = try await Bench.start(["POSTERN_VENDOR_APIS": "Postmark"], [.silence])
        #expect(try await bench.post("{}", path: "/emails").status == 404)
        #expect(try await bench.post("{}", path: "/emails").json["title"] as? String == "There is no such route")
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
}
