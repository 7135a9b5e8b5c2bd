internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// Carries requests to a collector by HTTP/1.1, over TLS 1.2 or later for `https`.
struct HTTPOTLPTransport: OTLPTransport {
    private let client: HTTPClient
    private let url: String
    private let headers: HTTPHeaders
    private let timeout: Duration

    /// The longest body that is read: an answer is some octets.
    private static let maximumBody = 65_536

    init(_ configuration: OTLPConfiguration, eventLoopGroup: any EventLoopGroup) {
        // Either of the two bounds a request.
        timeout = min(configuration.requestTimeout, configuration.schedule.exportTimeout)
        url = configuration.endpoint.url
        var headers: HTTPHeaders = [
            "content-type": "application/json", "accept": "application/json", "user-agent": "Postern",
        ]
        for (name, value) in configuration.headers.fields { headers.replaceOrAdd(name: name, value: value) }
        self.headers = headers
        var settings = HTTPClient.Configuration()
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let roots = configuration.trustRoots { tls.trustRoots = .certificates(roots) }
        settings.tlsConfiguration = tls
        // The header fields are for the configured endpoint only.
        settings.redirectConfiguration = .disallow
        settings.httpVersion = .http1Only
        settings.timeout = HTTPClient.Configuration.Timeout(connect: TimeAmount(timeout), read: TimeAmount(timeout))
        // The schedule has its own pauses.
        settings.connectionPool.retryConnectionEstablishment = false
        // A connection that the collector has closed in the meantime costs a failed request.
        settings.connectionPool.idleTimeout = .seconds(30)
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 1
        client = HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: settings)
    }

    func post(_ body: ByteBuffer) async throws(OTLPTransportError) -> OTLPResponse {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers = headers
        request.body = .bytes(body)
        do {
            let request = request
            return try await withThrowingTaskGroup(of: OTLPResponse?.self) { group in
                // The client's own deadline covers the header only, and a body may come octet by octet.
                group.addTask {
                    try await Task.sleep(for: timeout)
                    return nil
                }
                group.addTask { try await answer(to: request) }
                defer { group.cancelAll() }
                guard let first = try await group.next(), let response = first else {
                    throw OTLPTransportError.timedOut
                }
                return response
            }
        } catch {
            throw translated(error)
        }
    }

    func shutdown() async {
        // It fails only if it was called before.
        try? await client.shutdown()
    }

    private func answer(to request: HTTPClientRequest) async throws -> OTLPResponse {
        let response = try await client.execute(request, timeout: TimeAmount(timeout))
        var body: [UInt8] = []
        do {
            body = Array(try await response.body.collect(upTo: Self.maximumBody).readableBytesView)
        } catch is NIOTooManyBytesError {
            // The status says what became of the spans.
        }
        return OTLPResponse(
            status: Int(response.status.code), retryAfter: response.headers.first(name: "retry-after"), body: body)
    }

    private func translated(_ error: any Error) -> OTLPTransportError {
        switch error {
        case let error as OTLPTransportError: error
        case is CancellationError: .cancelled
        case let error as HTTPClientError:
            switch error {
            case .cancelled: .cancelled
            case .connectTimeout, .deadlineExceeded, .readTimeout, .writeTimeout, .getConnectionFromPoolTimeout,
                .tlsHandshakeTimeout:
                .timedOut
            case .remoteConnectionClosed: .unreachable("the connection was closed before the end of the answer")
            default: .unreachable(error.shortDescription.lowercased())
            }
        case let error as NIOConnectionError:
            if let last = error.connectionErrors.last?.error as? IOError {
                .unreachable("the system reports \(Self.reason(last))")
            } else {
                .unreachable("the name \(error.host) has no address, or no address answers")
            }
        case let error as IOError: .unreachable("the system reports \(Self.reason(error))")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            .unreachable("TLS failed; check the certificate of the collector and OTEL_EXPORTER_OTLP_CERTIFICATE")
        default: .unreachable("the connection failed")
        }
    }

    private static func reason(_ error: IOError) -> String {
        error.errnoCode == ECONNREFUSED ? "a refused connection" : "error \(error.errnoCode)"
    }
}
