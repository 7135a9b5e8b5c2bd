import NIOCore
import TestSupport
import Testing

@testable import SMTP

/// Where connections come from.
@Suite(.timeLimit(.minutes(1))) struct SourceAddressTests {
    private func configuration(_ relay: ScriptedRelay, from source: String, host: String = "127.0.0.1")
        -> SMTPConfiguration
    {
        var configuration = SMTPConfiguration(host: host, port: relay.port, identity: .loopback)
        configuration.identifiesByAddress = true
        configuration.sourceAddress = source
        return configuration
    }

    /// A name with addresses of both families: those of the other one are passed over.
    @Test(arguments: ["127.0.0.1", "localhost"]) func connectionsComeFromIt(_ host: String) async throws {
        let relay = try await ScriptedRelay.start([
            .send("220 relay\r\n"), .expect("EHLO [127.0.0.9]\r\n"), .send("250 relay\r\n"),
            .expect("QUIT\r\n"), .send("221 bye\r\n"), .close,
        ])
        let session = try await SMTPSession.connect(configuration(relay, from: "127.0.0.9", host: host))
        try await session.disconnect()
        #expect(relay.complaints == [])
        await relay.stop()
    }

    @Test(arguments: [
        ("192.0.2.1", "the source address is no address of this host"),
        ("::1", "it has no address of the family of ::1"),
    ])
    func whatCannotBe(_ source: String, _ reason: String) async throws {
        let relay = try await ScriptedRelay.start([.send("220 relay\r\n"), .silence])
        let error = await #expect(throws: SMTPError.self) {
            try await SMTPSession.connect(configuration(relay, from: source))
        }
        #expect(error?.stage == .connect)
        #expect(error?.detail.hasSuffix(reason) == true, "\(error?.detail ?? "")")
        #expect(relay.connections == 0)
        await relay.stop()
    }
}
