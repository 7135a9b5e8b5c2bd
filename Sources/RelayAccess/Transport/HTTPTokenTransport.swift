internal import AsyncHTTPClient
internal import Foundation
public import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// Carries requests to a token endpoint by HTTP/1.1, over TLS 1.2 or later for `https`.
public struct HTTPTokenTransport: TokenTransport {
    private let client: HTTPClient
    private let connectTimeout: Duration
    private let timeout: Duration

    /// The longest body: an answer with tokens is some kilobytes.
    private static let maximumBody = 65_536

    /// Makes a transport.
    ///
    /// - Parameters:
    ///   - endpoint: gives the authorities, the proxy and the timeouts.
    ///   - eventLoopGroup: runs the connections. The caller shuts it down, after ``shutdown()``.
    public init(for endpoint: TokenEndpoint, eventLoopGroup: any EventLoopGroup) {
        var configuration = HTTPClient.Configuration()
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let roots = endpoint.trustRoots { tls.trustRoots = .certificates(roots) }
        configuration.tlsConfiguration = tls
        // A form with secrets goes to the configured endpoint only.
        configuration.redirectConfiguration = .disallow
        configuration.httpVersion = .http1Only
        configuration.timeout = HTTPClient.Configuration.Timeout(
            connect: TimeAmount(endpoint.connectTimeout), read: TimeAmount(endpoint.timeout))
        // The schedule has its own pauses.
        configuration.connectionPool.retryConnectionEstablishment = false
        // The next request is most of an hour away.
        configuration.connectionPool.idleTimeout = .seconds(5)
        if let proxy = endpoint.proxy {
            configuration.proxy =
                switch proxy.kind {
                case .http(let user, let password):
                    .server(
                        host: proxy.host, port: proxy.port, authorization: .basic(username: user, password: password))
                case .httpWithoutPassword: .server(host: proxy.host, port: proxy.port)
                case .socks5: .socksServer(host: proxy.host, port: proxy.port)
                }
        }
        client = HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
        connectTimeout = endpoint.connectTimeout
        timeout = endpoint.timeout
    }

    /// Sends a form by POST, and returns the answer.
    public func post(_ form: String, to url: TokenURL) async throws(TokenTransportError) -> TokenResponse {
        var request = HTTPClientRequest(url: url.description)
        request.method = .POST
        request.headers = [
            "content-type": "application/x-www-form-urlencoded", "accept": "application/json", "user-agent": "Postern",
        ]
        request.body = .bytes(ByteBuffer(string: form))
        do {
            let request = request
            return try await withThrowingTaskGroup(of: TokenResponse?.self) { group in
                // The client's own deadline covers the header only, and a body may come octet by octet.
                group.addTask {
                    try await Task.sleep(for: timeout)
                    return nil
                }
                group.addTask { try await answer(to: request) }
                defer { group.cancelAll() }
                guard let first = try await group.next(), let response = first else {
                    throw TokenTransportError.timedOut(timeout)
                }
                return response
            }
        } catch {
            throw translated(error)
        }
    }

    /// Closes the connections.
    public func shutdown() async {
        // It fails only if it was called before.
        try? await client.shutdown()
    }

    private func answer(to request: HTTPClientRequest) async throws -> TokenResponse {
        let response = try await client.execute(request, timeout: TimeAmount(timeout))
        let body = try await response.body.collect(upTo: Self.maximumBody)
        return TokenResponse(
            status: Int(response.status.code), retryAfter: response.headers.first(name: "retry-after"),
            body: Array(body.readableBytesView))
    }

    private func translated(_ error: any Error) -> TokenTransportError {
        switch error {
        case let error as TokenTransportError: error
        case is CancellationError: .cancelled
        case is NIOTooManyBytesError: .tooLong
        case let error as HTTPClientError:
            switch error {
            case .cancelled: .cancelled
            case .connectTimeout, .deadlineExceeded, .readTimeout, .writeTimeout, .getConnectionFromPoolTimeout,
                .tlsHandshakeTimeout, .socksHandshakeTimeout, .httpProxyHandshakeTimeout:
                .timedOut(error == .connectTimeout ? connectTimeout : timeout)
            case .remoteConnectionClosed: .unreachable("the connection was closed before the end of the answer")
            case .proxyAuthenticationRequired: .unreachable("the proxy asks for a user name and a password")
            case .invalidProxyResponse: .unreachable("the proxy does not connect to it")
            default: .unreachable(error.shortDescription.lowercased())
            }
        case let error as NIOConnectionError: .unreachable(Self.reason(error))
        case let error as IOError: .unreachable(Self.reason(error))
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: .tls(Self.reason("\(error)"))
        default: .unreachable("\(error)")
        }
    }

    /// Why there is no connection: to one of the addresses, or because the name has none.
    private static func reason(_ error: NIOConnectionError) -> String {
        // The last attempt stands for all: the addresses of a host fail in the same way.
        guard let last = error.connectionErrors.last else { return "the name \(error.host) has no address" }
        return switch last.error {
        case let error as IOError: reason(error)
        case ChannelError.connectTimeout: "the attempt to connect got no answer"
        default: "\(last.error)"
        }
    }

    private static func reason(_ error: IOError) -> String {
        switch error.errnoCode {
        case ECONNREFUSED: "connection refused"
        case ECONNRESET, EPIPE: "the connection was closed before the end of the answer"
        case EHOSTUNREACH, ENETUNREACH: "there is no route to it"
        case ETIMEDOUT: "the attempt to connect got no answer"
        default: "the system reports error \(error.errnoCode)"
        }
    }

    /// Why TLS failed, from the text of BoringSSL, which names files and lines of its source.
    private static func reason(_ text: String) -> String {
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return "the certificate is not trusted: its authority is not known, or it is not valid now"
        }
        if text.contains("failedToValidateHostname") { return "the certificate is for another host" }
        guard let mark = text.firstRange(of: "OPENSSL_internal:") else { return "the handshake did not succeed" }
        let reason = text[mark.upperBound...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        return reason.lowercased().replacing("_", with: " ")
    }
}
