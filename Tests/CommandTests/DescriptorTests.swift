import Foundation
import TestSupport
import Testing

/// `postern serve` when there are more clients than descriptors.
@Suite(.serialized, .timeLimit(.minutes(2))) struct DescriptorTests {
    private static let live = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"

    /// Clients that take all they can get keep nobody out after they have left, and a message still finds its relay.
    @Test(arguments: [64, 256]) func acceptsAgainAfterDescriptorsRanOut(_ openFiles: Int) async throws {
        let relay = try await patientRelay()
        let gateway = try await RunningGateway(
            "relay_url: 'smtp://127.0.0.1:\(relay.port)?tls=none'", openFiles: openFiles)
        try await gateway.waitForLog("the limit of open files is too low")
        for _ in 0..<3 {
            var held: [RawConnection] = []
            for _ in 0..<400 { held.append(try RawConnection(port: gateway.port)) }
            // As many as fit are served meanwhile.
            try held[0].send(RunningGateway.message(1))
            #expect(await held[0].readAnswer()?.status == 200)
            try await Task.sleep(for: .milliseconds(300))
            held = []
            let next = try RawConnection(port: gateway.port)
            try next.send(Self.live)
            #expect(await next.readAnswer()?.status == 200)
        }
    }
}
