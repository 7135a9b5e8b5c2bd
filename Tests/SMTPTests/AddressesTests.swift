import NIOCore
import NIOPosix
import NIOSSL
import TestSupport
import Testing

@testable import SMTP

/// A relay whose name has several addresses, not all of which connect (RFC 5321, section 5.1; RFC 8305).
@Suite(.timeLimit(.minutes(1))) struct AddressesTests {
    /// Answers with the addresses that a test names.
    private struct Addresses: Resolver {
        let eventLoop: any EventLoop
        let version4: [String]
        let version6: [String]

        private func resolved(_ hosts: [String], _ port: Int) -> EventLoopFuture<[SocketAddress]> {
            eventLoop.submit { try hosts.map { try SocketAddress(ipAddress: $0, port: port) } }
        }

        func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { resolved(version4, port) }
        func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { resolved(version6, port) }
        func cancelQueries() {}
    }

    private func configuration(
        port: Int, _ version4: [String], _ version6: [String], security: SMTPSecurity = .none
    ) throws -> SMTPConfiguration {
        var configuration = SMTPConfiguration(
            host: "relay.example.org", port: port, identity: try #require(ClientDomain("client.example.org")))
        configuration.security = security
        configuration.resolver = { Addresses(eventLoop: $0, version4: version4, version6: version6) }
        return configuration
    }

    private static let session: [ScriptedRelay.Step] = [
        .send("220 relay\r\n"), .expect("EHLO client.example.org\r\n"), .send("250-relay\r\n250 PIPELINING\r\n"),
        .expectEnd("DATA\r\n"), .send("250 ok\r\n250 ok\r\n354 go\r\n"), .expectEnd(".\r\n"), .send("250 queued\r\n"),
    ]

    @Test(arguments: [
        (["127.0.0.1"], []), (["127.0.0.2", "127.0.0.1"], []), (["127.0.0.1", "127.0.0.2"], []),
        (["127.0.0.1"], ["::1"]), (["127.0.0.2", "127.0.0.3", "127.0.0.1"], ["::1"]),
    ]) func theNextAddressIsUsed(_ version4: [String], _ version6: [String]) async throws {
        let relay = try await ScriptedRelay.start(Self.session)
        let pool = SMTPSessionPool(
            try configuration(port: relay.port, version4, version6), limits: SMTPPoolLimits(),
            on: [MultiThreadedEventLoopGroup.singleton.next()])
        let message = try await pool.open(
            Envelope(from: "a@example.org", to: ["b@example.net"]), generatesFields: false)
        #expect(try await message.close().code == 250)
        #expect(relay.connections == 1)
        #expect(relay.complaints == [])
        await pool.shutdown(grace: .milliseconds(10))
        await relay.stop()
    }

    /// Nothing is left open of the addresses that were tried, and the failure comes at once.
    @Test func whereNoneConnectsItIsUnreachable() async throws {
        let closed = try ClosedPort()
        let unreachable = try configuration(port: closed.port, ["127.0.0.2", "127.0.0.1"], ["::1"])
        let error = await #expect(throws: SMTPError.self) {
            try await SMTPSession.connect(unreachable, on: MultiThreadedEventLoopGroup.singleton.next())
        }
        #expect(error?.reason == .unreachable)
        #expect(error?.stage == .connect)
    }

    @Test func implicitTLSTakesTheSameWay() async throws {
        let certificates = try await TestCertificates.made.value
        let relay = try await ScriptedRelay.start(
            [.startTLS(try certificates.server.serverContext())] + Array(Self.session.prefix(3)) + [.expect("QUIT\r\n")]
        )
        var tls = SMTPSecurity.standardTLS
        tls.certificateVerification = .none
        let session = try await SMTPSession.connect(
            configuration(
                port: relay.port, ["127.0.0.2", "127.0.0.1"], ["::1"], security: .implicit(tls)),
            on: MultiThreadedEventLoopGroup.singleton.next())
        #expect(relay.complaints == [])
        try? await session.disconnect()
        await relay.stop()
    }
}
