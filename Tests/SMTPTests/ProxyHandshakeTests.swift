import Testing

@testable import SMTP

/// What is said to a proxy, octet by octet.
@Suite struct ProxyHandshakeTests {
    private static let rest = Array("220 relay\r\n".utf8)

    /// Plays a handshake whose octets come one at a time, and gives what was sent and how it ended.
    private func play(
        _ proxy: SMTPProxy, host: String = "relay.example.net", port: Int = 587, _ received: [UInt8]
    ) -> (sent: [[UInt8]], end: ProxyHandshake.Step) {
        var handshake = ProxyHandshake(proxy, host: host, port: port)
        var sent = [handshake.greeting]
        for (index, octet) in received.enumerated() {
            switch handshake.receive([octet]) {
            case .send(let octets): sent.append(octets)
            case .wait: continue
            case .open(let rest): return (sent, .open(rest + received[(index + 1)...]))
            case .failed(let error): return (sent, .failed(error))
            }
        }
        return (sent, .wait)
    }

    private func detail(_ step: ProxyHandshake.Step) -> String {
        if case .failed(let error) = step { error.detail } else { "\(step)" }
    }

    private let socks = SMTPProxy(.socks5, host: "p", port: 1080)
    private let http = SMTPProxy(.http, host: "p", port: 3128)

    @Test func socksWithoutALogin() {
        let (sent, end) = play(socks, [5, 0, 5, 0, 0, 1, 127, 0, 0, 1, 4, 56] + Self.rest)
        #expect(sent == [[5, 1, 0], [5, 1, 0, 3, 17] + Array("relay.example.net".utf8) + [2, 75]])
        #expect(end == .open(Self.rest))
    }

    @Test func socksWithALogin() {
        let proxy = SMTPProxy(.socks5, host: "p", port: 1080, user: "ab", password: "c")
        let (sent, end) = play(proxy, host: "192.0.2.1", [5, 2, 1, 0, 5, 0, 0, 3, 1, 120, 0, 0])
        #expect(sent == [[5, 2, 0, 2], [1, 2, 97, 98, 1, 99], [5, 1, 0, 1, 192, 0, 2, 1, 2, 75]])
        #expect(end == .open([]))
        // One that wants no login gets none.
        #expect(play(proxy, [5, 0]).sent.count == 2)
        #expect(detail(play(proxy, [5, 2, 1, 1]).end).contains("refused the login"))
        #expect(detail(play(proxy, [5, 255]).end).contains("takes no login"))
        #expect(detail(play(socks, [5, 255]).end).contains("requires a login"))
        #expect(detail(play(socks, [5, 2]).end).contains("requires a login"))
    }

    @Test(arguments: [
        (2, "does not allow"), (3, "no route"), (4, "cannot reach"), (5, "refused the connection"), (6, "in time"),
        (8, "an address like"), (1, "failed to connect"), (200, "failed to connect"),
    ])
    func socksRefuses(_ code: UInt8, _ text: String) {
        let end = play(socks, [5, 0, 5, code]).end
        #expect(detail(end).contains(text) && detail(end).contains("relay.example.net:587"), "\(detail(end))")
    }

    @Test(arguments: [
        [4, 0], Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), Array("220 relay\r\n".utf8), [5, 0, 4, 0],
        [5, 0, 5, 0, 0, 9, 0],
    ])
    func noSOCKS(_ received: [UInt8]) {
        #expect(detail(play(socks, received).end).contains("does not speak SOCKS 5"))
    }

    @Test func connectOfHTTP() {
        let response = Array("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n".utf8)
        let (sent, end) = play(http, response + Self.rest)
        #expect(sent == [Array("CONNECT relay.example.net:587 HTTP/1.1\r\nHost: relay.example.net:587\r\n\r\n".utf8)])
        #expect(end == .open(Self.rest))
        let proxy = SMTPProxy(.http, host: "p", port: 3128, user: "ann", password: "a:b")
        let login = String(decoding: play(proxy, host: "2001:db8::1", response).sent[0], as: UTF8.self)
        #expect(login.hasPrefix("CONNECT [2001:db8::1]:587 HTTP/1.1\r\n"))
        #expect(login.contains("\r\nProxy-Authorization: Basic YW5uOmE6Yg==\r\n"))
        #expect(play(http, Array("HTTP/1.0 200 OK\n\n220".utf8)).end == .open(Array("220".utf8)))
    }

    @Test(arguments: [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "requires a login"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "does not allow"),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nabc", "cannot reach relay.example.net:587"),
        ("HTTP/1.1 504 \r\n\r\n", "cannot reach"), ("HTTP/1.1 301 Moved\r\n\r\n", "with 301"),
        ("220 relay\r\n\r\n", "does not speak HTTP"),
        ("HTTP/1.1 20 OK\r\n\r\n", "does not speak HTTP"), ("\r\n\r\n", "does not speak HTTP"),
    ])
    func httpRefuses(_ response: String, _ text: String) {
        #expect(detail(play(http, Array(response.utf8)).end).contains(text))
    }

    @Test func anEndlessResponse() {
        var handshake = ProxyHandshake(http, host: "h", port: 25)
        #expect(handshake.receive(Array("HTTP/1.1 200 OK\r\n".utf8)) == .wait)
        #expect(detail(handshake.receive([UInt8](repeating: 65, count: 20_000))).contains("too long"))
        #expect(handshake.receive([65]) == .wait)
        #expect(handshake.closed() == .wait)
    }

    @Test func aProxyThatDoesNotAnswer() {
        var handshake = ProxyHandshake(socks, host: "h", port: 25)
        guard case .failed(let error) = handshake.timedOut() else {
            Issue.record("no failure")
            return
        }
        #expect(error.reason == .timedOut && error.stage == .connect && error.outcome == .notSent)
        handshake = ProxyHandshake(socks, host: "h", port: 25)
        #expect(detail(handshake.closed()).contains("closed the connection"))
    }

    @Test func noSecretIsShown() {
        let proxy = SMTPProxy(.socks5, host: "::1", port: 1080, user: "the-user", password: "the-secret")
        #expect("\(proxy)" == "socks5://[::1]:1080")
        #expect(!"\(String(reflecting: proxy))".contains("the-"))
        #expect(!detail(play(proxy, [5, 2, 1, 1]).end).contains("the-secret"))
    }

    @Test(arguments: [
        ("127.0.0.1", [127, 0, 0, 1]), ("::", [UInt8](repeating: 0, count: 16)),
        ("2001:db8::1", [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ("1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]),
        ("::ffff:192.0.2.1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1]),
    ])
    func addresses(_ text: String, _ octets: [UInt8]) {
        #expect(IPAddressText.octets(text) == octets)
    }

    @Test(arguments: [
        "relay", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.+4", "1.2..4", ":", "1:2", "1:2:3:4:5:6:7:8:9", "::1::2",
        "1:2:3:4:5:6:7::8",
        "g::", "::12345", "::+1", "fe80::1%eth0", "::1.2.3", "1.2.3.4:1::",
    ])
    func noAddresses(_ text: String) {
        #expect(IPAddressText.octets(text) == nil)
    }
}
