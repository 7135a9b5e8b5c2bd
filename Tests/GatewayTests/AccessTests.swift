import MailAddress
import Settings
import TestSupport
import Testing

@testable import Gateway
@testable import HTTPServer

@Suite(.timeLimit(.minutes(1))) struct AccessTests {
    // MARK: Patterns

    @Test(arguments: [
        ("*", "a@b"), ("*@example.org", "ann@example.org"), ("*@example.org", "ANN@EXAMPLE.ORG"),
        ("Ann@example.org", "ann@Example.org"), ("*@*.example.org", "a@x.y.example.org"), ("a*b@x", "ab@x"),
        ("a*b@x", "aXXbXXb@x"), ("*@[192.0.2.1]", "a@[192.0.2.1]"), ("**@x", "a@x"), ("*@ex*", "a@example.net"),
        ("*@example.org", "\"a@evil.example\"@example.org"),
        // A domain beyond ASCII has A-labels, however the pattern writes it.
        ("*@bücher.example", "u@bücher.example"), ("*@BÜCHER.example", "u@xn--bcher-kva.example"),
        ("*@xn--bcher-kva.example", "u@bücher.example"), ("*@*.bücher.example", "u@a.bücher.example"),
        ("*@bücher。example", "u@bücher.example"), ("e\u{301}@x", "\u{E9}@x"), ("\u{E9}@x", "e\u{301}@x"),
    ]) func matching(_ pattern: String, _ address: String) throws {
        #expect(try #require(AddressPattern(pattern)).matches(AddrSpec(address)))
    }

    @Test(arguments: [
        ("*@example.org", "a@sub.example.org"), ("*@example.org", "a@example.org.evil"),
        ("*@*.example.org", "a@example.org"), ("ann@example.org", "anna@example.org"),
        ("a*b@x", "aXXbX@x"), ("*@example.org", "\"x@example.org\"@evil.example"), ("a@*", "b@a"),
        ("*@bücher.example", "u@bucher.example"),
    ]) func notMatching(_ pattern: String, _ address: String) throws {
        #expect(try !#require(AddressPattern(pattern)).matches(AddrSpec(address)))
    }

    @Test(arguments: ["", "example.org", "@example.org", "a@", "a b@c", "<a@b>", "a@\u{200B}.example"]) func noPattern(
        _ text: String
    ) {
        #expect(AddressPattern(text) == nil)
    }

    @Test func domainsBeyondASCII() throws {
        for text in ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example"] {
            #expect(try #require(DomainPattern(text)).matches("xn--bcher-kva.example"))
            #expect(try #require(DomainPattern("*." + text)).matches("a.xn--bcher-kva.example"))
        }
        #expect(DomainPattern("\u{200B}.example") == nil)
    }

    /// The fields of a resent message name who sends it, too (RFC 5322, section 3.6.6), in a document as in a raw message.
    @Test(arguments: ["Resent-From", "Resent-Sender", "Sender"]) func everySenderHasToBeAllowed(_ name: String)
        async throws
    {
        let bench = try await Bench.start(
            [
                "POSTERN_API_KEYS": "app:secret-key-1", "POSTERN_API_KEY_RULES": "app: senders=*@a.example.org",
            ], greeting)
        for (sender, status) in [("ceo@b.example.org", 403), ("ann@a.example.org", 200)] {
            let resent = name == "Resent-From" ? "" : #","Resent-From":"ann@a.example.org""#
            let headers = name == "Sender" ? #"{"Sender":"\#(sender)"}"# : #"{"\#(name)":"\#(sender)"\#(resent)}"#
            let body =
                #"{"from":"ann@a.example.org","to":"bob@example.net","text":"x","headers":\#(headers)}"#
            let answer = try await bench.post(
                body, path: "/messages?dry_run=true", headers: "X-API-Key: secret-key-1\r\n")
            #expect(answer.status == status, "\(answer.text)")
        }
        await bench.stop()
    }

    /// Many stars cost no more than the product of both lengths.
    @Test func manyStars() throws {
        let pattern = try #require(AddressPattern(String(repeating: "a*", count: 5000) + "b@x"))
        #expect(try !pattern.matches(AddrSpec(String(repeating: "a", count: 64) + "@x")))
    }

    // MARK: Rates

    @Test func aLimiterLetsThroughWhatWasEarned() throws {
        let limiter = RateLimiter(try #require(Rate("2/s")))
        let half: Int64 = 500_000_000
        #expect(limiter.take(now: 0) == nil)
        #expect(limiter.take(now: 0) == nil)
        #expect(limiter.take(now: 0) == half)
        #expect(limiter.take(now: half - 1) == 1)
        #expect(limiter.take(now: half) == nil)
        #expect(limiter.take(now: half) == half)
        // A long rest earns one period, and no more.
        #expect(limiter.take(now: 100 * half) == nil)
        #expect(limiter.take(now: 100 * half) == nil)
        #expect(limiter.take(now: 100 * half) == half)
    }

    @Test func addressesHaveCountsOfTheirOwn() throws {
        let limiter = AddressRateLimiter(try #require(Rate("1/s")))
        #expect(limiter.take(HTTPClientAddress(192, 0, 2, 1), now: 0) == nil)
        #expect(limiter.take(HTTPClientAddress(192, 0, 2, 1), now: 0) != nil)
        #expect(limiter.take(HTTPClientAddress(192, 0, 2, 2), now: 0) == nil)
        #expect(limiter.take(HTTPClientAddress(high: 1, low: 1), now: 0) == nil)
        #expect(limiter.take(HTTPClientAddress(high: 1, low: 2), now: 0) != nil)
    }

    @Test func addressesAreBounded() throws {
        let limiter = AddressRateLimiter(try #require(Rate("1/s")))
        for number in 0..<AddressRateLimiter.maximumAddresses {
            #expect(limiter.take(HTTPClientAddress(high: UInt64(number), low: 0), now: 0) == nil)
        }
        // Those that come anew share one count, until the others have earned theirs again.
        #expect(limiter.take(HTTPClientAddress(high: .max, low: 0), now: 0) == nil)
        #expect(limiter.take(HTTPClientAddress(high: .max - 1, low: 0), now: 0) != nil)
        #expect(limiter.count == AddressRateLimiter.maximumAddresses)
        for _ in 0..<AddressRateLimiter.maximumAddresses {
            _ = limiter.take(HTTPClientAddress(high: .max, low: 0), now: 2_000_000_000)
        }
        #expect(limiter.count < 10)
    }

    // MARK: Settings

    @Test(arguments: [
        ("x: senders=*@a", "no key of the name"), ("app", "no key's name"), ("app: senders=", "no pattern"),
        ("app: senders=nobody", "is no pattern"), ("app: rate=1", "is none"), ("app: speed=1", "not known"),
        ("app: rate=1/s rate=2/s", "given twice"), ("app: rate=1/s; app: rate=2/s", "two rules"),
    ]) func rulesThatAreNone(_ rules: String, _ problem: String) throws {
        let values = try SettingValues(environment: [
            "POSTERN_API_KEYS": "app:secret-key-1", "POSTERN_API_KEY_RULES": rules,
            "POSTERN_RELAY_URL": "smtp://127.0.0.1",
        ])
        #expect {
            try GatewayConfiguration(values)
        } throws: { error in
            let error = error as? ConfigurationError
            return error?.setting == "POSTERN_API_KEY_RULES" && error?.problem.contains(problem) == true
        }
    }

    @Test(arguments: [
        ("0.0.0.0:1", false), ("[::]:1", false), ("192.0.2.1:1", false), ("127.evil.example:1", false),
        ("127.0.0.1.example:1", false), ("localhost.example:1", false), ("127.0.0.1:1", true), ("127.8.9.1:1", true),
        ("localhost:1", true), ("[::1]:1", true),
    ]) func openOnlyOnLoopback(_ address: String, _ isAllowed: Bool) throws {
        func starts(_ more: [String: String]) throws -> Bool {
            let environment = ["POSTERN_LISTEN": address, "POSTERN_RELAY_URL": "smtp://127.0.0.1"]
            return (try? GatewayConfiguration(SettingValues(environment: environment.merging(more) { $1 }))) != nil
        }
        #expect(try starts([:]) == isAllowed)
        #expect(try starts(["POSTERN_API_KEYS": "secret-key-1"]))
        #expect(try starts(["POSTERN_ALLOW_ANONYMOUS": "true"]))
    }

    /// A gateway stays at its address until a restart: a configuration with another one must not open it.
    @Test(arguments: [("127.0.0.1:1", "0.0.0.0"), ("[::1]:1", "192.0.2.1"), ("0.0.0.0:1", "127.0.0.1")])
    func noReloadTakesTheKeysFromAnAddressThatOthersReach(_ address: String, _ servedHost: String) throws {
        func reloads(_ more: [String: String], servedHost: String?) throws -> Bool {
            let environment = ["POSTERN_LISTEN": address, "POSTERN_RELAY_URL": "smtp://127.0.0.1"]
            let values = try SettingValues(environment: environment.merging(more) { $1 })
            return (try? GatewayConfiguration(values, servedHost: servedHost)) != nil
        }
        #expect(try !reloads([:], servedHost: servedHost))
        #expect(try reloads(["POSTERN_API_KEYS": "secret-key-1"], servedHost: servedHost))
        #expect(try reloads(["POSTERN_ALLOW_ANONYMOUS": "true"], servedHost: servedHost))
    }

    // MARK: Requests

    private let rules = [
        "POSTERN_API_KEYS": "app:secret-key-1\nother:secret-key-2",
        "POSTERN_API_KEY_RULES":
            "# for the shop\napp: senders=*@example.org recipients=*@example.net,x@example.com\n\nother: rate=2/h",
    ]
    private let app = "X-API-Key: secret-key-1\r\n"

    @Test(
        arguments: [
            (#"{"from":"a@example.org","to":["b@example.net","X@EXAMPLE.COM"],"text":""}"#, 200, []),
            (#"{"from":"a@example.org","to":"b@example.net","text":"","envelope":{"from":""}}"#, 200, []),
            (#"{"from":"a@example.com","to":"b@example.net","text":""}"#, 403, ["/from"]),
            (
                #"{"from":"a@example.org","to":"b@example.net","text":"","envelope":{"from":"z@example.com"}}"#, 403,
                ["/envelope/from"]
            ),
            (
                #"{"from":"a@example.org","to":"b@example.net","text":"","headers":{"Sender":"z@example.com"}}"#, 403,
                ["/from"]
            ),
            (#"{"from":"a@example.org","to":["b@example.net"],"bcc":"y@example.com","text":""}"#, 403, [""]),
            (
                #"{"from":"a@example.org","to":"b@example.net","text":"","envelope":{"to":["p@example.com","q@example.com"]}}"#,
                403, ["", ""]
            ),
        ] as [(String, Int, [String])]) func sendersAndRecipients(_ body: String, _ status: Int, _ pointers: [String])
        async throws
    {
        let bench = try await Bench.start(rules, greeting + envelope2 + taken)
        let answer = try await bench.post(body, path: "/messages?dry_run=true", headers: app)
        #expect(answer.status == status)
        #expect(answer.pointers == pointers)
        if status == 403 {
            #expect((answer.json["type"] as? String)?.hasSuffix("forbidden") == true)
            #expect(answer.json["outcome"] as? String == "not_sent")
            let batch = try await bench.post("[\(body)]", path: "/messages/batch", headers: app)
            let results = batch.json["results"] as? [[String: Any]]
            #expect(results?.first?["http_status"] as? Int == 403)
            #expect(bench.relay.connections == 0)
        }
        await bench.stop()
    }

    private let envelope2: [ScriptedRelay.Step] = [
        .expectEnd("DATA\r\n"), .send("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
    ]

    @Test func theRecipientsOfAStagingSystem() async throws {
        let bench = try await Bench.start(["POSTERN_ALLOWED_RECIPIENTS": "*@staging.example, qa@example.org"], greeting)
        #expect(try await bench.post(simple).status == 403)
        let allowed = #"{"from":"a@b","to":["x@staging.example","QA@example.org"],"text":""}"#
        #expect(try await bench.post(allowed, path: "/messages?dry_run=true").status == 200)
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }

    /// A raw message and a form are held to the same rules, streamed or read to their end.
    @Test func noOtherWayAroundTheRules() async throws {
        let bench = try await Bench.start(["POSTERN_ALLOWED_RECIPIENTS": "*@staging.example"], greeting)
        let raw = "From: a@example.org\r\nTo: b@example.net\r\n\r\nhi\r\n"
        let form = "from=a%40example.org&to=b%40example.net&text=hi"
        let answers = [
            try await bench.postRaw(raw), try await bench.postRaw(raw, headers: "Idempotency-Key: k1\r\n"),
            try await bench.postRaw(raw, query: "?to=c@example.net"),
            try await bench.postForm(Array(form.utf8), type: "application/x-www-form-urlencoded"),
        ]
        for answer in answers {
            #expect(answer.status == 403)
            #expect(answer.json["outcome"] as? String == "not_sent")
        }
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }

    @Test func theRateOfAKey() async throws {
        let bench = try await Bench.start(rules, greeting + envelope + taken + envelope + taken + envelope + taken)
        let other = "X-API-Key: secret-key-2\r\n"
        #expect(try await bench.post(simple, headers: other).status == 200)
        #expect(try await bench.post(simple, headers: other).status == 200)
        let refused = try await bench.post(simple, headers: other)
        #expect(refused.status == 429)
        let wait = try #require(refused.field("retry-after").flatMap { Int($0) })
        #expect((1...1800).contains(wait))
        #expect(refused.json["retryable"] as? Bool == true)
        #expect(refused.json["outcome"] as? String == "not_sent")
        let batch = try await bench.post("[\(simple)]", path: "/messages/batch", headers: other)
        #expect(((batch.json["results"] as? [[String: Any]])?.first?["http_status"] as? Int) == 429)
        // The other key has a count of its own.
        let from = simple.replacing("Ann <ann@example.org>", with: "a@example.org")
        #expect(try await bench.post(from, headers: app).status == 200)
        await bench.stop()
    }

    @Test func theRateOfAnAddress() async throws {
        let bench = try await Bench.start(
            ["POSTERN_RATE_PER_ADDRESS": "3/h", "POSTERN_API_KEYS": "secret-key-1"], greeting)
        for _ in 0..<3 { #expect(try await bench.post(simple, headers: "X-API-Key: wrong-key\r\n").status == 401) }
        // Guessing ends here, also with the right key.
        let refused = try await bench.post(simple, headers: app)
        #expect(refused.status == 429)
        #expect(refused.field("retry-after") != nil)
        #expect(try await bench.get("/livez").status == 200)
        await bench.stop()
    }

    /// A key for monitoring reads metrics and nothing else, the sandbox and the contract included.
    @Test func aKeyForMetricsOnly() async throws {
        let bench = try await Bench.start(
            [
                "POSTERN_API_KEYS": "app:secret-key-1,prometheus:secret-key-2",
                "POSTERN_API_KEY_RULES": "prometheus: metrics",
            ], [.silence])
        func answer(_ method: String, _ path: String, _ key: String) async throws -> HTTPAnswer {
            let connection = try RawConnection(port: bench.gateway.address.port)
            let body = method == "POST" ? "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}" : "\r\n"
            try connection.send("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nX-API-Key: \(key)\r\n\(body)")
            return try #require(await connection.readAnswer())
        }
        func status(_ method: String, _ path: String, _ key: String) async throws -> Int {
            try await answer(method, path, key).status
        }
        #expect(try await status("GET", "/metrics", "secret-key-2") == 200)
        #expect(try await status("GET", "/metrics", "secret-key-1") == 200)
        #expect(try await status("GET", "/livez", "secret-key-2") == 200)
        for (method, path) in [
            ("POST", "/messages"), ("POST", "/messages/batch"), ("POST", "/emails"), ("GET", "/openapi.json"),
            ("POST", "/messages?dry_run=true"),
        ] {
            #expect(try await status(method, path, "secret-key-2") == 403, "\(path)")
            #expect(try await status(method, path, "secret-key-1") != 403, "\(path)")
        }
        // The time of every request is in the histogram.
        let metrics = try await answer("GET", "/metrics", "secret-key-2").text
        let counts = metrics.split(separator: "\n").filter { $0.hasPrefix("postern_http_request_seconds_count{") }
        #expect(
            counts.contains {
                $0.contains(#""/messages""#) && ($0.split(separator: " ").last.map { $0 != "0" } ?? false)
            })
        await bench.stop()
    }

    /// Behind a proxy that is trusted, each of its clients has a rate of its own.
    @Test func clientsBehindAProxyAreToldApart() async throws {
        let bench = try await Bench.start(
            ["POSTERN_TRUSTED_PROXIES": "127.0.0.1", "POSTERN_RATE_PER_ADDRESS": "1/h"], [.silence])
        for (client, status) in [("192.0.2.1", 200), ("192.0.2.2", 200), ("192.0.2.1", 429)] {
            let answer = try await bench.post(
                simple, path: "/messages?dry_run=true", headers: "X-Forwarded-For: \(client)\r\n")
            #expect(answer.status == status, "\(answer.text)")
        }
        await bench.stop()
    }

    @Test(arguments: [
        "app: metrics rate=1/s", "app: senders=*@a.example metrics", "app: metrics metrics", "app: metrics=",
    ])
    func aKeyForMetricsHasNoOtherRule(_ rules: String) throws {
        let values = try SettingValues(environment: [
            "POSTERN_API_KEYS": "app:secret-key-1", "POSTERN_API_KEY_RULES": rules,
        ])
        #expect(throws: ConfigurationError.self) { try AccessConfiguration(values) }
    }
}
