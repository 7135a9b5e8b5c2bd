/// What is said to a proxy before it passes octets on, as a value: octets in, steps out, no I/O and no clock.
struct ProxyHandshake {
    /// What is to be done.
    enum Step: Equatable {
        /// Send these octets.
        case send([UInt8])
        /// Wait for more.
        case wait
        /// The way to the server is open; it has already sent these octets.
        case open([UInt8])
        /// The proxy, or the server beyond it, refused or failed.
        case failed(SMTPError)
    }

    private enum State {
        /// The method that the proxy chooses is due (RFC 1928, section 3).
        case method
        /// The reply to user and password is due (RFC 1929, section 2).
        case login
        /// The reply to CONNECT of SOCKS is due (RFC 1928, section 6).
        case connect
        /// The response to CONNECT of HTTP is due.
        case response
        case over
    }

    /// The longest header section of a response to CONNECT.
    private static let maximumResponse = 16_384
    private static let version: UInt8 = 5
    private static let withoutLogin: UInt8 = 0
    private static let withPassword: UInt8 = 2

    private let proxy: SMTPProxy
    private let host: String
    private let port: Int
    private var state: State
    private var received: [UInt8] = []
    /// Where the line begins whose end has not come.
    private var lineStart = 0

    /// - Parameters:
    ///   - host: the server's name or address.
    ///   - port: the server's port.
    init(_ proxy: SMTPProxy, host: String, port: Int) {
        self.proxy = proxy
        self.host = host
        self.port = port
        state = proxy.kind == .socks5 ? .method : .response
    }

    /// What is sent first.
    var greeting: [UInt8] {
        switch proxy.kind {
        case .socks5:
            proxy.user == nil
                ? [Self.version, 1, Self.withoutLogin] : [Self.version, 2, Self.withoutLogin, Self.withPassword]
        case .http:
            Array(request.utf8)
        }
    }

    private var request: String {
        let target = HostAndPort.text(host, port)
        var text = "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n"
        if let user = proxy.user {
            text += "Proxy-Authorization: Basic \(Base64.encode(Array("\(user):\(proxy.password)".utf8)))\r\n"
        }
        return text + "\r\n"
    }

    /// Takes what the proxy sent.
    mutating func receive(_ octets: [UInt8]) -> Step {
        received += octets
        switch state {
        case .method: return takeMethod()
        case .login: return takeLogin()
        case .connect: return takeConnect()
        case .response: return takeResponse()
        case .over: return .wait
        }
    }

    /// The proxy closed the connection.
    mutating func closed() -> Step {
        fail("the proxy \(proxy) closed the connection before it had answered")
    }

    /// The proxy did not answer in time.
    mutating func timedOut() -> Step {
        fail("the proxy \(proxy) did not answer in time", reason: .timedOut)
    }

    // MARK: SOCKS 5

    private mutating func takeMethod() -> Step {
        guard received.count >= 2 else { return .wait }
        guard received[0] == Self.version else { return fail(noSOCKS) }
        let method = received[1]
        received.removeFirst(2)
        if method == Self.withoutLogin { return connect() }
        guard method == Self.withPassword, let user = proxy.user else {
            return fail(
                proxy.user == nil
                    ? "the proxy \(proxy) requires a login; add user:password@ to the proxy's URL"
                    : "the proxy \(proxy) takes no login with user and password")
        }
        state = .login
        let (name, password) = (Array(user.utf8), Array(proxy.password.utf8))
        guard (1...SMTPProxy.maximumCredentialOctets).contains(name.count),
            password.count <= SMTPProxy.maximumCredentialOctets
        else { return fail("the user's name or the password for the proxy \(proxy) is too long") }
        return .send([1, UInt8(name.count)] + name + [UInt8(password.count)] + password)
    }

    private mutating func takeLogin() -> Step {
        guard received.count >= 2 else { return .wait }
        guard received[1] == 0 else {
            return fail("the proxy \(proxy) refused the login; check its user and password")
        }
        received.removeFirst(2)
        return connect()
    }

    private mutating func connect() -> Step {
        state = .connect
        let address: [UInt8]
        if let octets = IPAddressText.octets(host) {
            address = [octets.count == 4 ? 1 : 4] + octets
        } else {
            guard let count = UInt8(exactly: host.utf8.count) else {
                return fail("the server's name is too long for the proxy \(proxy)")
            }
            address = [3, count] + Array(host.utf8)
        }
        return .send(
            [Self.version, 1, 0] + address + [UInt8(truncatingIfNeeded: port >> 8), UInt8(truncatingIfNeeded: port)])
    }

    private mutating func takeConnect() -> Step {
        guard received.count >= 2 else { return .wait }
        guard received[0] == Self.version else { return fail(noSOCKS) }
        guard received[1] == 0 else { return fail(Self.refusal(received[1], proxy, HostAndPort.text(host, port))) }
        guard received.count >= 5 else { return .wait }
        // The address at which the proxy is bound is of no interest.
        let length: Int
        switch received[3] {
        case 1: length = 4
        case 3: length = 1 + Int(received[4])
        case 4: length = 16
        default: return fail(noSOCKS)
        }
        let end = 4 + length + 2
        guard received.count >= end else { return .wait }
        return open(Array(received[end...]))
    }

    private var noSOCKS: String { "\(proxy) does not speak SOCKS 5; check its port, or write http:// for CONNECT" }

    /// What a reply means (RFC 1928, section 6), and whether the proxy or the server is to blame.
    private static func refusal(_ code: UInt8, _ proxy: SMTPProxy, _ server: String) -> String {
        switch code {
        case 2: "the proxy \(proxy) does not allow connections to \(server)"
        case 3: "the proxy \(proxy) has no route to the network of \(server)"
        case 4: "the proxy \(proxy) cannot reach \(server), or cannot resolve its name"
        case 5: "\(server) refused the connection of the proxy \(proxy)"
        case 6: "\(server) did not answer the proxy \(proxy) in time"
        case 7, 8: "the proxy \(proxy) cannot connect to an address like that of \(server)"
        default: "the proxy \(proxy) failed to connect to \(server)"
        }
    }

    // MARK: HTTP

    private mutating func takeResponse() -> Step {
        guard let end = sectionEnd() else {
            guard received.count <= Self.maximumResponse else {
                return fail("the response of the proxy \(proxy) to CONNECT is too long")
            }
            return .wait
        }
        let line = String(
            decoding: received.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1].utf8.count == 3, let status = Int(words[1])
        else {
            return fail("\(proxy) does not speak HTTP; check its port, or write socks5:// for SOCKS 5")
        }
        let server = HostAndPort.text(host, port)
        switch status {
        case 200..<300: return open(Array(received[end...]))
        case 407:
            return fail(
                proxy.user == nil
                    ? "the proxy \(proxy) requires a login; add user:password@ to the proxy's URL"
                    : "the proxy \(proxy) refused the login; check its user and password")
        case 403, 405: return fail("the proxy \(proxy) does not allow connections to \(server) (\(status))")
        case 502, 503, 504: return fail("the proxy \(proxy) cannot reach \(server) (\(status))")
        default: return fail("the proxy \(proxy) answered CONNECT with \(status)")
        }
    }

    /// The index after the empty line, or nil if it has not come.
    private mutating func sectionEnd() -> Int? {
        while let lineFeed = received[lineStart...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = received[lineStart..<lineFeed]
            lineStart = lineFeed + 1
            if line.isEmpty || line.elementsEqual([UInt8(ascii: "\r")]) { return lineStart }
        }
        return nil
    }

    // MARK: Ends

    private mutating func open(_ rest: [UInt8]) -> Step {
        state = .over
        received = []
        return .open(rest)
    }

    private mutating func fail(_ detail: String, reason: SMTPError.Reason = .unreachable) -> Step {
        if case .over = state { return .wait }
        state = .over
        received = []
        return .failed(SMTPError(reason, stage: .connect, detail: detail))
    }
}
