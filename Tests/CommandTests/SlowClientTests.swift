import Foundation
import Synchronization
import TestSupport
import Testing

/// Clients that hold connections of `postern serve` without ever coming to an end.
@Suite(.timeLimit(.minutes(2))) struct SlowClientTests {
    /// Where each kind of slow client goes on an octet at a time.
    private static let beginnings = [
        "POST /mess", "POST /messages HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{",
        "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            + "Content-Length: 999\r\n\r\ntext=",
        "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: message/rfc822\r\nContent-Length: 999\r\n\r\nSubject: ",
    ]

    private static let live = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"

    /// Whether the slow clients are gone.
    private final class End: Sendable {
        private let state = Mutex(false)

        var hasCome: Bool { state.withLock { $0 } }
        func come() { state.withLock { $0 = true } }
    }

    /// Writes an octet on each connection, again and again, until the server has ended them all.
    private static func trickle(_ connections: [RawConnection]) async throws {
        var open = connections
        while !open.isEmpty {
            open.removeAll { (try? $0.send("a")) == nil }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    @Test func idleAndSlowConnectionsKeepNobodyFromSending() async throws {
        let relay = try await patientRelay(messages: 20_000)
        let gateway = try await RunningGateway(
            "relay_url: 'smtp://127.0.0.1:\(relay.port)?tls=none'\nrequest_timeout: 2s\nidle_timeout: 1h")
        var idle: [RawConnection] = []
        for _ in 0..<300 {
            let connection = try RawConnection(port: gateway.port)
            try connection.send(Self.live)
            #expect(await connection.readAnswer()?.status == 200)
            idle.append(connection)
        }
        let slow = try (0..<50).map { number in
            let connection = try RawConnection(port: gateway.port)
            try connection.send(Self.beginnings[number % Self.beginnings.count])
            return connection
        }
        // For as long as there is a slow client, somebody else sends messages.
        let end = End()
        try await withThrowingTaskGroup { group in
            group.addTask {
                try await Self.trickle(slow)
                end.come()
            }
            group.addTask {
                var number = 0
                repeat {
                    number += 1
                    let connection = try RawConnection(port: gateway.port)
                    try connection.send(RunningGateway.message(number))
                    #expect(await connection.readAnswer()?.status == 200)
                } while !end.hasCome && number < 20_000
            }
            try await group.waitForAll()
        }
        #expect(gateway.log.contains("their clients took longer than POSTERN_REQUEST_TIMEOUT"))
        // What was merely idle is still served.
        for connection in idle {
            try connection.send(Self.live)
            #expect(await connection.readAnswer()?.status == 200)
        }
        gateway.program.send(SIGTERM)
        #expect(try await gateway.program.exitStatus() == 0)
        await relay.stop()
    }
}
