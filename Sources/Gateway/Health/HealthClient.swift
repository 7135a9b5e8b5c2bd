internal import Foundation
internal import NIOCore
internal import NIOPosix

/// Asks a running gateway whether it is ready: for a HEALTHCHECK in an image without shell or curl.
public enum HealthClient {
    /// Why a gateway counts as not ready.
    public struct Failure: Error, CustomStringConvertible {
        /// What happened.
        public let description: String
    }

    /// Octets of an answer that are read at most.
    private static let bound = 65536

    /// Asks `/readyz`.
    ///
    /// - Parameters:
    ///   - host: the gateway's host.
    ///   - port: the gateway's port.
    ///   - path: the route to ask.
    /// - Returns: the answer's body.
    /// - Throws: ``Failure`` where there is no answer within 10 s, or one that is not 200.
    public static func check(host: String, port: Int, path: String = "/readyz") async throws(Failure) -> String {
        let request = "GET \(path) HTTP/1.1\r\nHost: \(host):\(port)\r\nConnection: close\r\n\r\n"
        let answer: String
        do {
            answer = try await exchange(request, host: host, port: port)
        } catch {
            throw Failure(description: "no answer from http://\(host):\(port)\(path): \(error)")
        }
        guard let end = answer.range(of: "\r\n\r\n"), answer.hasPrefix("HTTP/1.1 ") else {
            throw Failure(description: "the answer from \(host):\(port) is not HTTP")
        }
        let body = String(answer[end.upperBound...])
        guard answer.hasPrefix("HTTP/1.1 200 ") else {
            throw Failure(description: "the gateway is not ready: \(body)")
        }
        return body
    }

    private static func exchange(_ request: String, host: String, port: Int) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(5))
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let timeout = channel.channel.eventLoop.scheduleTask(in: .seconds(10)) { channel.channel.close(promise: nil) }
        defer { timeout.cancel() }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var answer = ByteBuffer()
            for try await part in inbound where answer.readableBytes < bound { answer.writeImmutableBuffer(part) }
            return String(buffer: answer)
        }
    }
}
