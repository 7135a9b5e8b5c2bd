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

    /// A socket of the file system: `health` asks through it, one that a killed gateway left behind is replaced, and it is
    /// gone after the end.
    @Test func aSocketIsListenedOn() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "postern-\(UUID().uuidString.prefix(8))").path
        let arguments =
            ["-i"] + PosternCommand.sanitizer + ["POSTERN_LISTEN=unix:\(path)", PosternCommand.path]
        func isReady() async throws -> Bool {
            try await Program.run("/usr/bin/env", arguments + ["health"]).status == 0
        }
        for signal in [SIGKILL, SIGTERM] {
            let gateway = try Program("/usr/bin/env", arguments + ["serve", "--sandbox"])
            var waits = 0
            while try await !isReady(), waits < 100 { waits += 1 }
            #expect(waits < 100)
            // Another one leaves it alone.
            let second = try await Program.run("/usr/bin/env", arguments + ["serve", "--sandbox"])
            #expect(second.status == 1 && second.errors.contains("unix:\(path) is in use"), "\(second.errors)")
            #expect(try await isReady())
            gateway.send(signal)
            _ = try await gateway.exitStatus()
            #expect(FileManager.default.fileExists(atPath: path) == (signal == SIGKILL))
        }
    }

    @Test(arguments: ["unix:", "unix:relative", "unix:/\(String(repeating: "x", count: 107))"])
    func whatIsNoSocket(_ address: String) async throws {
        let ended = try await Program.run(
            "/usr/bin/env",
            ["-i"] + PosternCommand.sanitizer + [
                "POSTERN_LISTEN=\(address)", PosternCommand.path, "serve", "--sandbox",
            ])
        #expect(ended.status == 78 && ended.errors.contains("POSTERN_LISTEN"), "\(ended.errors)")
    }
}
