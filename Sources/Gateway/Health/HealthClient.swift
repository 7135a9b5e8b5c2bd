internal import Foundation
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// Asks a running gateway whether it is ready: for a HEALTHCHECK in an image without shell or curl.
public enum HealthClient {
    /// Why a gateway counts as not ready.
    public struct Failure: Error, CustomStringConvertible {
        /// What happened.
        public let description: String
    }

    /// How the gateway is asked.
    public enum Security: Sendable {
        /// Over HTTP.
        case none
        /// Over HTTPS, with a certificate that this host trusts, for the name that is asked.
        case verified
        /// Over HTTPS, with any certificate: this host's own gateway is asked by its address, which no certificate names.
        case unverified
    }

    /// Octets of an answer that are read at most.
    private static let bound = 65536

    /// Asks `/readyz`.
    ///
    /// - Parameters:
    ///   - host: the gateway's host, or `unix:` and the path of its socket.
    ///   - port: the gateway's port.
    ///   - path: the endpoint to ask.
    ///   - security: whether to ask over HTTPS.
    /// - Returns: the answer's body.
    /// - Throws: ``Failure`` where there is no answer within 10 s, or one that is not 200.
    public static func check(
        host: String, port: Int, path: String = "/readyz", security: Security = .none
    ) async throws(Failure) -> String {
        let scheme = if case .none = security { "http" } else { "https" }
        let isSocket = host.hasPrefix("unix:")
        let authority = isSocket ? "localhost" : host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        let request = "GET \(path) HTTP/1.1\r\nHost: \(authority)\r\nConnection: close\r\n\r\n"
        let answer: String
        do {
            answer = try await exchange(request, host: host, port: port, security)
        } catch {
            throw Failure(
                description: "no answer from \(isSocket ? host : "\(scheme)://\(authority)\(path)"): \(error)")
        }
        if answer.isEmpty {
            throw Failure(
                description:
                    "no answer from \(isSocket ? host : authority): it closed the connection, or was silent for 10 s")
        }
        guard let end = answer.range(of: "\r\n\r\n"), answer.hasPrefix("HTTP/1.1 ") else {
            throw Failure(description: "the answer from \(authority) is not HTTP")
        }
        let body = String(answer[end.upperBound...])
        guard answer.hasPrefix("HTTP/1.1 200 ") else {
            throw Failure(description: "the gateway is not ready: \(body)")
        }
        return body
    }

    private static func handler(_ security: Security, _ host: String) throws -> NIOSSLClientHandler? {
        var tls = TLSConfiguration.makeClientConfiguration()
        switch security {
        case .none: return nil
        case .verified: break
        case .unverified: tls.certificateVerification = .none
        }
        // An address is no name to be sent (RFC 6066, section 3).
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(
            context: NIOSSLContext(configuration: tls), serverHostname: isAddress ? nil : host)
    }

    private static func exchange(
        _ request: String, host: String, port: Int, _ security: Security
    ) async throws -> String {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(.seconds(5))
        let prepare = { @Sendable (channel: any Channel) in
            channel.eventLoop.makeCompletedFuture {
                if let handler = try handler(security, host) {
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
                return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
        let channel =
            host.hasPrefix("unix:")
            ? try await bootstrap.connect(
                unixDomainSocketPath: String(host.dropFirst("unix:".count)), channelInitializer: prepare)
            : try await bootstrap.connect(host: host, port: port, channelInitializer: prepare)
        let timeout = channel.channel.eventLoop.scheduleTask(in: .seconds(10)) { channel.channel.close(promise: nil) }
        defer { timeout.cancel() }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var answer = ByteBuffer()
            do {
                for try await part in inbound where answer.readableBytes < bound { answer.writeImmutableBuffer(part) }
            } catch NIOSSLError.uncleanShutdown where answer.readableBytes > 0 {
                // The response is complete, or it is seen below that it is not.
            }
            return String(buffer: answer)
        }
    }
}
