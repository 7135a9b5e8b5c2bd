import Foundation
import TestSupport
import Testing

/// `postern serve --sandbox` as test suites use it.
@Suite(.timeLimit(.minutes(2))) struct ServeSandboxTests {
    private func status(of gateway: RunningGateway, to recipient: String) async throws -> Int {
        let body = #"{"from":"ann@example.org","to":"\#(recipient)","text":"x"}"#
        let connection = try RawConnection(port: gateway.port)
        try connection.send(
            "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return try #require(await connection.readAnswer()).status
    }

    /// Simulated failures keep nobody else from sending.
    @Test func theCircuitBreakerNeverOpens() async throws {
        let gateway = try await RunningGateway("", arguments: ["--sandbox"])
        for _ in 0..<8 { #expect(try await status(of: gateway, to: "drop@example.net") == 504) }
        #expect(try await status(of: gateway, to: "bob@example.net") == 200)
    }
}
