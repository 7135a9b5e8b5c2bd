import NIOHTTP1
import NIOPosix
import TestSupport
import Testing

@testable import RelayAccess

/// The transport against a server that speaks TLS.
@Suite struct HTTPTokenTransportTests {
    enum Roots {
        case authority, other, system
    }

    /// Sends a form to a path of a server.
    private func post(
        _ path: String, identity: (TestCertificates) -> TestCertificates.Identity = { $0.server },
        trusting roots: Roots = .authority, host: String = "localhost", timeout: Duration = .seconds(20)
    ) async throws -> (Result<TokenResponse, TokenTransportError>, [TokenServer.Request]) {
        let certificates = try await TestCertificates.made.value
        let server = try await TokenServer(identity(certificates).serverContext())
        let url = try TokenURL("https://\(host):\(server.port)\(path)")
        var endpoint = TokenEndpoint(url: url, .clientCredentials(clientID: "client", .secret("secret")))
        endpoint.timeout = timeout
        switch roots {
        case .authority: endpoint.trustRoots = [try certificates.authority.certificate]
        case .other: endpoint.trustRoots = [try certificates.otherAuthority.certificate]
        case .system: endpoint.trustRoots = nil
        }
        let result = await post(to: endpoint)
        let requests = server.requests
        try await server.stop()
        return (result, requests)
    }

    private func post(to endpoint: TokenEndpoint) async -> Result<TokenResponse, TokenTransportError> {
        let transport = HTTPTokenTransport(for: endpoint, eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
        let result: Result<TokenResponse, TokenTransportError>
        do throws(TokenTransportError) {
            result = .success(try await transport.post("grant_type=client_credentials&x=%20", to: endpoint.url))
        } catch {
            result = .failure(error)
        }
        await transport.shutdown()
        await transport.shutdown()
        return result
    }

    @Test func aFormGoesByPOSTAndTheAnswerComesBack() async throws {
        let (result, requests) = try await post("/ok")
        let response = try result.get()
        #expect(response.status == 200)
        #expect(response.retryAfter == nil)
        #expect(
            String(decoding: response.body, as: UTF8.self)
                == #"{"access_token":"token","token_type":"Bearer","expires_in":3599}"#)
        let request = try #require(requests.first)
        #expect(requests.count == 1)
        #expect(request.head.method == .POST)
        #expect(request.head.uri == "/ok")
        #expect(request.head.headers["content-type"] == ["application/x-www-form-urlencoded"])
        #expect(request.head.headers["accept"] == ["application/json"])
        #expect(request.head.headers["content-length"] == ["35"])
        #expect(request.body == "grant_type=client_credentials&x=%20")
    }

    @Test func aRefusalIsAnAnswer() async throws {
        let response = try await post("/refused").0.get()
        #expect(response.status == 400)
        #expect(String(decoding: response.body, as: UTF8.self).contains("invalid_grant"))
    }

    @Test func retryAfterComesWithTheAnswer() async throws {
        let response = try await post("/throttled").0.get()
        #expect(response == TokenResponse(status: 429, retryAfter: "17", body: []))
    }

    @Test func aRedirectIsNotFollowed() async throws {
        let (result, requests) = try await post("/moved")
        #expect(try result.get().status == 302)
        #expect(requests.map(\.head.uri) == ["/moved"])
    }

    @Test func aBodyIsBounded() async throws {
        #expect(try await post("/long").0 == .failure(.tooLong))
        #expect(try await post("/longest").0.get().body.count == 65_536)
    }

    @Test(arguments: ["/silent", "/dripping"]) func anAnswerThatDoesNotComeToItsEndIsWaitedForOnlySoLong(
        path: String
    ) async throws {
        #expect(try await post(path, timeout: .milliseconds(300)).0 == .failure(.timedOut(.milliseconds(300))))
    }

    @Test func aConnectionThatBreaksIsUnreachable() async throws {
        let reason = "the connection was closed before the end of the answer"
        #expect(try await post("/closed").0 == .failure(.unreachable(reason)))
    }

    @Test func aRefusedConnectionIsToldAtOnce() async throws {
        let closed = try ClosedPort()
        let url = try TokenURL("https://127.0.0.1:\(closed.port)/ok")
        let endpoint = TokenEndpoint(url: url, .clientCredentials(clientID: "client", .secret("secret")))
        #expect(await post(to: endpoint) == .failure(.unreachable("connection refused")))
    }

    @Test(arguments: [Roots.other, .system]) func aCertificateOfAnUnknownAuthorityIsNotTrusted(
        roots: Roots
    ) async throws {
        let (result, requests) = try await post("/ok", trusting: roots)
        let reason = "the certificate is not trusted: its authority is not known, or it is not valid now"
        #expect(result == .failure(.tls(reason)))
        #expect(requests.isEmpty)
    }

    @Test func aCertificateForAnotherHostIsNotTrusted() async throws {
        let (result, requests) = try await post("/ok", identity: { $0.wrongHost })
        #expect(result == .failure(.tls("the certificate is for another host")))
        #expect(requests.isEmpty)
    }

    @Test func aServerWithoutTLSServesThisMachineOnly() async throws {
        let server = try await TokenServer(nil)
        func result(_ scheme: String) async throws -> Result<TokenResponse, TokenTransportError> {
            let url = try TokenURL("\(scheme)://127.0.0.1:\(server.port)/throttled")
            return await post(
                to: TokenEndpoint(url: url, .clientCredentials(clientID: "client", .secret("secret"))))
        }
        #expect(try await result("http").get().status == 429)
        #expect(try await result("https") == .failure(.tls("wrong version number")))
        #expect(server.requests.count == 1)
        try await server.stop()
    }

    @Test func aNameWithoutAnAddressIsUnreachable() async throws {
        let url = try TokenURL("https://missing.invalid/token")
        let result = await post(
            to: TokenEndpoint(url: url, .clientCredentials(clientID: "client", .secret("secret"))))
        #expect(result == .failure(.unreachable("the name missing.invalid has no address")))
    }

    @Test func aProxyThatRefusesConnectionsIsUnreachable() async throws {
        let closed = try ClosedPort()
        for scheme in ["http", "socks5"] {
            let url = try TokenURL("https://login.example.org/ok")
            var endpoint = TokenEndpoint(url: url, .clientCredentials(clientID: "client", .secret("secret")))
            endpoint.proxy = try TokenProxy("\(scheme)://127.0.0.1:\(closed.port)")
            #expect(await post(to: endpoint) == .failure(.unreachable("connection refused")))
        }
    }

    @Test(arguments: ["http://ann:pass@", "http://"]) func anHTTPProxyConnectsToTheNamedHost(start: String) async throws
    {
        let certificates = try await TestCertificates.made.value
        let server = try await TokenServer(certificates.server.serverContext())
        let proxy = try await ConnectProxy()
        let url = try TokenURL("https://localhost:\(server.port)/throttled")
        var endpoint = TokenEndpoint(url: url, .clientCredentials(clientID: "client", .secret("secret")))
        endpoint.trustRoots = [try certificates.authority.certificate]
        endpoint.proxy = try TokenProxy("\(start)127.0.0.1:\(proxy.port)")
        let result = await post(to: endpoint)
        #expect(proxy.heads.count == 1)
        #expect(proxy.heads.first?.hasPrefix("CONNECT localhost:\(server.port) HTTP/1.1\r\n") == true)
        if start.contains("ann") {
            #expect(try result.get().status == 429)
        } else {
            #expect(result == .failure(.unreachable("the proxy asks for a user name and a password")))
            #expect(server.requests.isEmpty)
        }
        try await proxy.stop()
        try await server.stop()
    }

    @Test func tokensComeThroughAllLayers() async throws {
        let certificates = try await TestCertificates.made.value
        let server = try await TokenServer(certificates.server.serverContext())
        let url = try TokenURL("https://localhost:\(server.port)/ok")
        var endpoint = TokenEndpoint(url: url, .clientCredentials(clientID: "client", .secret("secret")))
        endpoint.trustRoots = [try certificates.authority.certificate]
        let tokens = AccessTokens(
            .endpoint(endpoint), eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: KeptLog().logger)
        #expect(try await tokens.token() == "token")
        #expect(try await tokens.token() == "token")
        await tokens.stop()
        #expect(server.requests.map(\.body) == ["grant_type=client_credentials&client_id=client&client_secret=secret"])
        try await server.stop()
    }
}
