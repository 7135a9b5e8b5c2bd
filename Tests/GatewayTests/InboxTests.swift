import Foundation
import Logging
import Settings
import TestSupport
import Testing

@testable import Gateway
@testable import HTTPServer

/// The endpoints below `/sandbox/messages`.
@Suite(.timeLimit(.minutes(2))) struct InboxTests {
    /// Three messages to three people, and what is in them.
    private static func inbox() -> TestInbox {
        let inbox = TestInbox()
        inbox.add("From: Ann <ann@example.org>\nTo: Bob <bob@example.net>\nSubject: Hi\n\nHow are you?\n")
        inbox.add(
            "From: shop@example.org\nTo: undisclosed\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nContent-Type: text/html\n\n<b>50 % off</b>",
            from: "bounces@shop.example", to: ["carla@example.net"])
        inbox.add("Cc: Dora <dora@example.net>\n\nhow ARE they?", to: ["list@example.net"])
        return inbox
    }

    private func started(_ inbox: TestInbox) throws -> Gateway {
        let values = try SettingValues(environment: [
            "POSTERN_LISTEN": "127.0.0.1:0", "POSTERN_RELAY_URL": "smtp://127.0.0.1:9?tls=none",
        ])
        return try Gateway.start(
            GatewayConfiguration(values), caughtMessages: inbox,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func served<Result>(
        _ inbox: TestInbox, _ body: (Gateway) async throws -> Result
    ) async throws -> Result {
        let gateway = try started(inbox)
        let result = try await body(gateway)
        await gateway.stop()
        return result
    }

    private func asked(_ gateway: Gateway, _ target: String, method: String = "GET") async throws -> HTTPAnswer {
        let connection = try RawConnection(port: gateway.address.port)
        try connection.send("\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return try #require(await connection.readAnswer())
    }

    private func ids(_ answer: HTTPAnswer) -> [String] {
        (answer.json["messages"] as? [[String: Any]] ?? []).compactMap { $0["id"] as? String }
    }

    @Test(arguments: [
        ("", ["3", "2", "1"]), ("?to=bob", ["1"]), ("?to=BOB%40example", ["1"]), ("?to=dora", ["3"]),
        ("?to=undisclosed", ["2"]), ("?to=example.net", ["3", "2", "1"]), ("?from=ANN", ["3", "1"]),
        ("?from=bounces", ["2"]), ("?from=shop%40", ["2"]), ("?subject=gr%C3%9C%C3%9Fe", ["2"]),
        ("?text=how+are", ["3", "1"]), ("?text=50%20%25", ["2"]), ("?text=how+are&to=dora", ["3"]),

        ("?after=AAAAA-1", ["3", "2"]), ("?after=AAAAA-3", []), ("?after=BBBBB-7", ["3", "2", "1"]),
        ("?after=2026-01-01T00:00:01Z", ["3", "2"]), ("?after=2026-01-01T00:00:01.5Z", ["3", "2"]),
        ("?after=2026-01-01T01:00:02%2B01:00", ["3"]), ("?wait=1s", ["3", "2", "1"]), ("?to=nobody", []),
        ("?to=\(String(repeating: "x", count: 200))", []),
    ])
    func messagesAreFound(_ query: String, _ numbers: [String]) async throws {
        try await served(Self.inbox()) { gateway in
            let answer = try await asked(gateway, "/sandbox/messages\(query)")
            #expect(answer.status == 200)
            #expect(ids(answer) == numbers.map { "AAAAA-\($0)" })
            #expect(answer.json["total"] as? Int == numbers.count)
            #expect(answer.json["count"] as? Int == numbers.count)
        }
    }

    @Test func aListCanBeShort() async throws {
        try await served(Self.inbox()) { gateway in
            let two = try await asked(gateway, "/sandbox/messages?limit=2")
            #expect(ids(two) == ["AAAAA-3", "AAAAA-2"])
            #expect(two.json["total"] as? Int == 3)
            #expect(two.json["count"] as? Int == 2)
            let none = try await asked(gateway, "/sandbox/messages?limit=0")
            #expect(ids(none).isEmpty)
        }
    }

    @Test(arguments: [
        "?after=yesterday", "?after=2026-01-01", "?after=2026-02-31T00:00:00Z", "?after=", "?limit=-1", "?limit=x",
        "?limit=1e3",
        "?limit=99999999999999999999",
        "?wait=10", "?wait=61s", "?wait=2m", "?wait=0s", "?wait=", "?to=", "?text=",
        "?to=\(String(repeating: "x", count: 201))", "?subjekt=x", "?to=a&to=b",
    ])
    func aQueryThatMeansNothingIsRefused(_ query: String) async throws {
        let inbox = Self.inbox()
        try await served(inbox) { gateway in
            for method in ["GET", "DELETE"] {
                let answer = try await asked(gateway, "/sandbox/messages\(query)", method: method)
                #expect(answer.status == 422)
                #expect((answer.json["type"] as? String)?.hasSuffix("/invalid-query") ?? false)
                #expect(answer.json["outcome"] == nil)
                #expect(answer.pointers.count == 1)
            }
            #expect(inbox.all().count == 3)
        }
    }

    @Test func aMessageThatArrivesIsWaitedFor() async throws {
        let inbox = Self.inbox()
        try await served(inbox) { gateway in
            async let waiting = asked(gateway, "/sandbox/messages?to=eve&subject=code&wait=60s")
            async let other = asked(gateway, "/sandbox/messages?to=eve&after=AAAAA-4&wait=60s")
            // However long it takes until both wait: another message that does not match, and then those that do.
            try await Task.sleep(for: .milliseconds(100))
            inbox.add("Subject: code", to: ["frank@example.net"])
            inbox.add("Subject: Your code", to: ["eve@example.net"])
            let (first, second) = (try await waiting, try await other)
            #expect(ids(first) == ["AAAAA-5"])
            #expect(ids(second) == ["AAAAA-5"])
        }
    }

    @Test func aWaitEndsWithNothing() async throws {
        try await served(Self.inbox()) { gateway in
            let answer = try await asked(gateway, "/sandbox/messages?to=nobody&wait=20ms")
            #expect(answer.status == 200)
            #expect(ids(answer).isEmpty)
        }
    }

    /// A message that is gone before anybody could look for it reaches those who wait all the same.
    @Test func aWaitIsHandedTheMessage() async throws {
        let inbox = TestInbox()
        try await served(inbox) { gateway in
            async let waiting = asked(gateway, "/sandbox/messages?to=eve&wait=60s")
            while inbox.looks == 0 { try await Task.sleep(for: .milliseconds(1)) }
            inbox.add("Subject: code", to: ["eve@example.net"])
            inbox.removeAll()
            let answer = try await waiting
            #expect(ids(answer) == ["AAAAA-1"])
        }
    }

    /// A drain does not wait for those who wait.
    @Test func aWaitEndsWithTheGateway() async throws {
        let inbox = TestInbox()
        let gateway = try started(inbox)
        let connection = try RawConnection(port: gateway.address.port)
        try connection.send("GET /sandbox/messages?wait=60s HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while inbox.looks == 0 { try await Task.sleep(for: .milliseconds(1)) }
        // The grace is 30 s: without its end, the wait would take longer.
        let isComplete = await gateway.stop()
        #expect(isComplete)
        let answer = try #require(await connection.readAnswer())
        #expect(answer.status == 200)
    }

    @Test(arguments: [
        ("?to=bob", ["3", "2"]), ("?after=AAAAA-1", ["1"]), ("?to=nobody", ["3", "2", "1"]), ("", []),
        ("/AAAAA-2", ["3", "1"]),
    ])
    func messagesAreDeleted(_ target: String, _ left: [String]) async throws {
        let inbox = Self.inbox()
        try await served(inbox) { gateway in
            let answer = try await asked(gateway, "/sandbox/messages\(target)", method: "DELETE")
            #expect(answer.status == 204)
            #expect(inbox.all().map(\.id) == left.map { "AAAAA-\($0)" })
        }
    }

    /// Mail is hostile, and a browser of somebody with the console open may fetch it.
    @Test func contentOfAMailCanDoNothing() async throws {
        let inbox = TestInbox([
            """
            Content-Type: multipart/mixed; boundary=b

            --b
            Content-Type: text/html; charset="x; Set-Cookie: a=b"

            <script>alert(1)</script>
            --b
            Content-Type: text/html; name="../../a é%0d;.html"
            Content-Disposition: attachment

            <script>alert(2)</script>
            --b
            Content-Type: image/svg+xml, evil

            <svg onload=alert(3)>
            --b--
            """
        ])
        try await served(inbox) { gateway in
            let html = try await asked(gateway, "/sandbox/messages/AAAAA-1/html")
            #expect(html.text == "<script>alert(1)</script>")
            #expect(html.field("content-type") == "text/html; charset=utf-8")
            #expect(html.field("set-cookie") == nil)
            let attachment = try await asked(gateway, "/sandbox/messages/AAAAA-1/attachments/0")
            let disposition = attachment.field("content-disposition")
            #expect(disposition == "attachment; filename*=utf-8''a%20%c3%a9%250d%3b.html")
            let other = try await asked(gateway, "/sandbox/messages/AAAAA-1/attachments/1")
            #expect(other.field("content-type") == "application/octet-stream")
            for answer in [html, attachment, other] {
                #expect(answer.status == 200)
                let policy = answer.field("content-security-policy") ?? ""
                #expect(policy.hasPrefix("sandbox; default-src 'none'"))
                #expect(answer.field("x-content-type-options") == "nosniff")
            }
            for target in ["/attachments/2", "/attachments/-1", "/attachments/x", "/text"] {
                let answer = try await asked(gateway, "/sandbox/messages/AAAAA-1\(target)")
                #expect(answer.status == 404)
            }
            for target in ["/raw", "/text", "/html", "/attachments/0", ""] {
                let answer = try await asked(gateway, "/sandbox/messages/AAAAA-9\(target)")
                #expect(answer.status == 404)
            }
        }
    }

    @Test func rawIsOctetForOctet() async throws {
        let inbox = TestInbox(["Subject: Hi\r\n\r\nGr\u{f6}\u{df}e\n"])
        try await served(inbox) { gateway in
            let answer = try await asked(gateway, "/sandbox/messages/AAAAA-1/raw")
            #expect(answer.field("content-type") == "message/rfc822")
            #expect(answer.text == "Subject: Hi\r\n\r\nGr\u{f6}\u{df}e\n")
        }
    }

    @Test func tooManyWaits() async throws {
        let waits = CaughtWaits()
        let tokens = (0..<CaughtWaits.maximum).compactMap { _ in waits.begin() }
        #expect(tokens.count == CaughtWaits.maximum)
        #expect(waits.begin() == nil)
        waits.end(tokens[0])
        #expect(waits.begin() != nil)
    }
}
