import Foundation
import Logging
import Settings
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// Two relays, the first dying and coming back.
@Suite(.timeLimit(.minutes(2))) struct RelayFailoverTests {
    /// A gateway in front of two scripted relays, `a` before `b`.
    struct Pair {
        let gateway: Gateway
        let a: ScriptedRelay
        let b: ScriptedRelay

        static func start(
            _ settings: [String: String] = [:], a: [[ScriptedRelay.Step]], b: [[ScriptedRelay.Step]]
        ) async throws -> Pair {
            let (a, b) = (try await ScriptedRelay.start(scripts: a), try await ScriptedRelay.start(scripts: b))
            var environment = [
                "POSTERN_LISTEN": "127.0.0.1:0", "POSTERN_HELO_NAME": "gate.example.org", "POSTERN_ROUTES": "*=a>b",
                "POSTERN_RELAY_A_URL": "smtp://127.0.0.1:\(a.port)?tls=none",
                "POSTERN_RELAY_B_URL": "smtp://127.0.0.1:\(b.port)?tls=none",
            ]
            environment.merge(settings) { $1 }
            let gateway = try Gateway.start(
                GatewayConfiguration(SettingValues(environment: environment)),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            return Pair(gateway: gateway, a: a, b: b)
        }

        func post(_ connection: RawConnection, number: Int) async throws -> HTTPAnswer {
            let body =
                #"{"from":"ann@example.org","to":"bob@example.net","subject":"Hi","text":"number \#(number) of many"}"#
            try connection.send(Bench.request(body))
            return try #require(await connection.readAnswer())
        }

        func post(number: Int = 0) async throws -> HTTPAnswer {
            try await post(RawConnection(port: gateway.address.port), number: number)
        }

        func metrics() async throws -> [String: Double] {
            let connection = try RawConnection(port: gateway.address.port)
            try connection.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let text = try #require(await connection.readAnswer()).text
            let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            return Dictionary(
                lines.compactMap { line in
                    line.lastIndex(of: " ").map { (String(line[..<$0]), Double(line[$0...].dropFirst()) ?? .nan) }
                }, uniquingKeysWith: { first, _ in first })
        }

        func stop() async {
            await gateway.stop()
            await a.stop()
            await b.stop()
        }

        /// How often the whole text of each message, its final dot included, has reached a relay.
        static func arrivals(at relay: ScriptedRelay) -> [Int: Int] {
            var found: [Int: Int] = [:]
            for text in relay.received {
                for match in text.matches(of: /number (\d+) of many\r\n\.\r\n/) {
                    if let number = Int(match.output.1) { found[number, default: 0] += 1 }
                }
            }
            return found
        }
    }

    /// What clients that send side by side share: the next number, and the answers.
    final class Load: Sendable {
        private let next = Atomic<Int>(0)
        private let results = Mutex<[Int: HTTPAnswer]>([:])
        private let count: Int

        init(_ count: Int) {
            self.count = count
        }

        var answers: [Int: HTTPAnswer] { results.withLock { $0 } }

        func number() -> Int? {
            let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
            return number < count ? number : nil
        }

        func add(_ answer: HTTPAnswer, _ number: Int) {
            results.withLock { $0[number] = answer }
        }
    }

    static func messages(_ count: Int) -> [ScriptedRelay.Step] {
        (0..<count).flatMap { _ in envelope + taken }
    }

    @Test func everyMessageIsSentOnceOrReportedWhenARelayDiesUnderLoad() async throws {
        let count = 1000
        // Each session of the first relay dies at another place; then it takes connections and drops them; then it is
        // well again.
        let dying: [[ScriptedRelay.Step]] = [
            greeting + Self.messages(20) + envelope + [.expectEnd("\r\n.\r\n"), .close],
            greeting + Self.messages(22) + envelope + [.expectEnd("\r\n.\r\n"), .close],
            greeting + Self.messages(40) + envelope + [.close],
            greeting + Self.messages(45) + [.expectEnd("DATA\r\n"), .close],
        ]
        let dead = [[ScriptedRelay.Step]](repeating: [.close], count: 12)
        let pair = try await Pair.start(
            [
                "POSTERN_RELAY_CONNECTIONS": "4", "POSTERN_RELAY_A_BREAKER_FAILURES": "3",
                "POSTERN_RELAY_A_BREAKER_PAUSE": "20ms",
            ], a: dying + dead + [greeting + Self.messages(count)], b: [greeting + Self.messages(count)])
        let load = Load(count)
        try await withThrowingTaskGroup { group in
            for _ in 0..<32 {
                group.addTask {
                    let connection = try RawConnection(port: pair.gateway.address.port)
                    while let number = load.number() {
                        load.add(try await pair.post(connection, number: number), number)
                    }
                }
            }
            try await group.waitForAll()
        }
        let answers = load.answers
        #expect(answers.count == count)
        let (atA, atB) = (Pair.arrivals(at: pair.a), Pair.arrivals(at: pair.b))
        var sent = ["a": 0, "b": 0]
        var unknown = 0
        for (number, answer) in answers {
            let arrivals = (atA[number] ?? 0) + (atB[number] ?? 0)
            switch answer.status {
            case 200:
                let relay = try #require(answer.json["relay"] as? String)
                sent[relay, default: 0] += 1
                #expect(arrivals == 1, "message \(number) was accepted and arrived \(arrivals) times")
                #expect((relay == "a" ? atA : atB)[number] == 1)
            case 504:
                unknown += 1
                #expect(answer.json["outcome"] as? String == "unknown")
                #expect(arrivals <= 1 && atB[number] == nil, "message \(number) may have been taken and went on")
            default:
                #expect(answer.json["outcome"] as? String == "not_sent")
                #expect(arrivals == 0, "message \(number) was reported as not sent and arrived")
            }
        }
        #expect(try #require(sent["a"]) > 20)
        #expect(try #require(sent["b"]) > 0)
        #expect((1...4).contains(unknown))
        // One message after another, until the first relay is tried again and has come back.
        var relay = ""
        for number in count..<(count + 1000) where relay != "a" {
            relay = try #require(try await pair.post(number: number).json["relay"] as? String)
            if relay == "a" { sent["a", default: 0] += 1 } else { sent["b", default: 0] += 1 }
        }
        #expect(relay == "a")

        let metrics = try await pair.metrics()
        #expect(metrics[#"postern_messages_total{relay="a",outcome="accepted"}"#] == sent["a"].map(Double.init))
        #expect(metrics[#"postern_messages_total{relay="b",outcome="accepted"}"#] == sent["b"].map(Double.init))
        #expect(metrics[#"postern_messages_total{relay="a",outcome="unknown"}"#] == Double(unknown))
        #expect(metrics[#"postern_fallbacks_total{relay="a"}"#] == sent["b"].map(Double.init))
        #expect(try #require(metrics[#"postern_breaker_openings_total{relay="a"}"#]) >= 1)
        #expect(metrics[#"postern_breaker_state{relay="a"}"#] == 0)
        #expect(try #require(metrics[#"postern_session_failures_total{relay="a",stage="greeting"}"#]) >= 1)
        #expect(
            metrics[#"postern_http_requests_total{route="/messages",status="200"}"#]
                == Double(sent["a", default: 0] + sent["b", default: 0]))
        #expect(metrics["postern_messages_in_flight"] == 0)
        await pair.stop()
    }

    @Test func whatTheFirstRelayRefusesForGoodIsNotAskedOfTheNext() async throws {
        let refused =
            greeting + [
                .expectEnd("DATA\r\n"), .send("250 a\r\n550 5.1.1 no\r\n554 b\r\n"), .expect("RSET\r\n"),
                .send("250 c\r\n"),
            ]
        let pair = try await Pair.start(a: [refused], b: [greeting + envelope + taken])
        let answer = try await pair.post()
        #expect(answer.status == 422)
        #expect(pair.b.connections == 0)
        #expect(try await pair.metrics()[#"postern_messages_total{relay="a",outcome="refused"}"#] == 1)
        await pair.stop()
    }

    @Test func whatTheFirstRelayDefersIsAskedOfTheNext() async throws {
        let deferred = greeting + envelope + [.expectEnd("\r\n.\r\n"), .send("451 4.3.0 later\r\n")]
        let pair = try await Pair.start(a: [deferred], b: [greeting + envelope + taken])
        let answer = try await pair.post()
        #expect(answer.status == 200)
        #expect(answer.json["relay"] as? String == "b")
        #expect(try await pair.metrics()[#"postern_replies_total{relay="a",stage="content",class="4xx"}"#] == 1)
        await pair.stop()
    }

    @Test func aRelayThatIsLeftAloneAnswersAtOnceAndSaysForHowLong() async throws {
        let pair = try await Pair.start(
            [
                "POSTERN_ROUTES": "*=a", "POSTERN_RELAY_BREAKER_FAILURES": "2", "POSTERN_RELAY_BREAKER_PAUSE": "1h",
            ], a: [[.close]], b: [])
        for _ in 0..<2 { #expect(try await pair.post().status == 502) }
        let tried = pair.a.connections
        let answer = try await pair.post()
        #expect(answer.status == 503)
        #expect(answer.json["type"] as? String == "/problems/circuit-breaker-open")
        #expect(answer.json["outcome"] as? String == "not_sent")
        #expect(answer.json["retryable"] as? Bool == true)
        #expect(answer.json["stage"] == nil && answer.json["code"] == nil)
        let detail = try #require(answer.json["detail"] as? String)
        #expect(detail.hasPrefix("relay a failed several times in a row"))
        #expect(detail.contains("; the last failure was greeting: "))
        // A second may have begun meanwhile, or several on a busy machine; the pause is never told shorter than it is.
        let wait = try #require(answer.field("retry-after").flatMap(Int.init))
        #expect((3500...3600).contains(wait))
        #expect(pair.a.connections == tried)
        await pair.stop()
    }

    @Test func whatARelayThatIsLeftAloneSaidOfOneMessageIsToldToNoOther() async throws {
        let closing =
            greeting + [.expectEnd("DATA\r\n"), .send("250 a\r\n421 4.3.2 not bob@example.net, closing\r\n"), .close]
        let pair = try await Pair.start(
            [
                "POSTERN_ROUTES": "*=a", "POSTERN_RELAY_BREAKER_FAILURES": "1", "POSTERN_RELAY_BREAKER_PAUSE": "1h",
            ], a: [closing], b: [])
        let first = try await pair.post()
        #expect(first.status == 503)
        #expect(first.json["code"] as? Int == 421)
        let second = try await pair.post()
        #expect(second.status == 503)
        #expect(second.json["retryable"] as? Bool == true)
        for member in ["code", "enhanced_code", "text", "stage", "rejected"] { #expect(second.json[member] == nil) }
        #expect(!second.text.contains("bob@example.net"))
        await pair.stop()
    }

    @Test func aRateThatIsUsedUpAnswersWithAnHonestRetryAfter() async throws {
        let pair = try await Pair.start(
            ["POSTERN_ROUTES": "*=a", "POSTERN_RELAY_A_RATE": "1", "POSTERN_QUEUE_TIMEOUT": "2s"],
            a: [greeting + Self.messages(8)], b: [])
        // Eight at once are more than one a second lets through in time, however slow the machine is.
        let connections = try (0..<8).map { _ in try RawConnection(port: pair.gateway.address.port) }
        for connection in connections { try connection.send(Bench.request(simple)) }
        var statuses: [Int] = []
        for connection in connections {
            let answer = try #require(await connection.readAnswer())
            statuses.append(answer.status)
            guard answer.status == 503 else { continue }
            #expect(answer.json["outcome"] as? String == "not_sent")
            #expect((1...8).contains(answer.field("retry-after").flatMap(Int.init) ?? 0))
        }
        #expect(statuses.contains(200) && statuses.contains(503))
        #expect(statuses.allSatisfy { $0 == 200 || $0 == 503 })
        #expect(
            try await pair.metrics()[#"postern_throttled_total{relay="a"}"#]
                == Double(statuses.count { $0 == 503 }))
        await pair.stop()
    }

    @Test func readinessShowsEachRelayAndNeedsOneForEveryRoute() async throws {
        let ready: [ScriptedRelay.Step] = greeting + [.expect("QUIT\r\n"), .send("221 bye\r\n"), .close]
        func answer(_ routes: String) async throws -> HTTPAnswer {
            let pair = try await Pair.start(["POSTERN_ROUTES": routes], a: [[.close]], b: [ready])
            let connection = try RawConnection(port: pair.gateway.address.port)
            try connection.send("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let answer = try #require(await connection.readAnswer())
            await pair.stop()
            return answer
        }
        let usable = try await answer("*=a>b")
        #expect(usable.status == 200)
        #expect(usable.json["status"] as? String == "degraded")
        let relays = try #require(usable.json["relays"] as? [[String: Any]])
        #expect(relays.map { $0["name"] as? String } == ["a", "b"])
        #expect(relays.map { $0["status"] as? String } == ["unavailable", "ok"])
        #expect(relays[0]["error"] is String && relays[1]["error"] is NSNull)
        #expect(try await answer("from:example.org=a,*=b").status == 503)
    }
}
