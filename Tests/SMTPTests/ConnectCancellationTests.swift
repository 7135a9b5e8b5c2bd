import NIOCore
import NIOSSL
import Synchronization
import TestSupport
import Testing

@testable import SMTP

/// A task that is cancelled while its session is being set up: the attempt ends at once, whatever it waits for. The
/// bounds of the stages are minutes.
@Suite(.timeLimit(.minutes(1))) struct ConnectCancellationTests {
    /// What the server does not go on with.
    enum Stall: CaseIterable, Sendable {
        case greeting, ehlo, implicitTLS, startTLS, handshake, authentication, token
    }

    private static let greeting: [ScriptedRelay.Step] = [
        .send("220 relay\r\n"), .expect("EHLO client.example.org\r\n"),
    ]

    private func script(_ stall: Stall) async throws -> [ScriptedRelay.Step] {
        let offer = Self.greeting + [.send("250-relay\r\n250 STARTTLS\r\n"), .expect("STARTTLS\r\n")]
        let inTLS: [ScriptedRelay.Step] = [
            .startTLS(try await TestCertificates.made.value.server.serverContext())
        ]
        return switch stall {
        case .greeting, .implicitTLS: [.silence]
        case .ehlo: Self.greeting + [.silence]
        case .startTLS: offer + [.silence]
        case .handshake: offer + [.send("220 go\r\n"), .silence]
        case .authentication:
            inTLS + Self.greeting + [
                .send("250-relay\r\n250 AUTH LOGIN\r\n"), .expect("AUTH LOGIN\r\n"), .send("334 VXNlcm5hbWU6\r\n"),
                .expect("dXNlcg==\r\n"), .silence,
            ]
        case .token: inTLS + Self.greeting + [.send("250-relay\r\n250 AUTH XOAUTH2\r\n"), .silence]
        }
    }

    private func hasCome(_ stall: Stall, to relay: ScriptedRelay) -> Bool {
        let received = relay.received.first ?? ""
        return switch stall {
        case .greeting: relay.connections == 1
        case .ehlo, .token: received.hasSuffix("EHLO client.example.org\r\n")
        // The client's first message of the handshake.
        case .implicitTLS: relay.wire.first?.isEmpty == false
        case .startTLS: received.hasSuffix("STARTTLS\r\n")
        case .handshake: (relay.wire.first?.count ?? 0) > TLSFailureTests.clearText.utf8.count
        case .authentication: received.hasSuffix("dXNlcg==\r\n")
        }
    }

    @Test(arguments: Stall.allCases) func theAttemptEndsAtOnce(_ stall: Stall) async throws {
        let relay = try await ScriptedRelay.start(try await script(stall))
        let tokenWasCancelled = Mutex(false)
        let tokenWasAskedFor = Mutex(false)
        let credentials =
            stall == .token
            ? SMTPCredentials(username: "user") {
                tokenWasAskedFor.withLock { $0 = true }
                do {
                    try await Task.sleep(for: .seconds(600))
                } catch {
                    tokenWasCancelled.withLock { $0 = true }
                    throw error
                }
                return "token"
            } : SMTPCredentials(username: "user", password: "password")
        var tls = SMTPSecurity.standardTLS
        tls.trustRoots = try await .certificates([TestCertificates.made.value.authority.certificate])
        let security: SMTPSecurity =
            switch stall {
            case .greeting, .ehlo: .none
            case .implicitTLS, .authentication, .token: try .implicit(tls)
            case .startTLS, .handshake: try .required(tls)
            }
        var configuration = SMTPConfiguration(
            host: "127.0.0.1", port: relay.port, identity: try #require(ClientDomain("client.example.org")),
            security: security, credentials: credentials)
        configuration.timeouts.connect = .seconds(600)
        let attempt = Task { [configuration] in try await SMTPSession.connect(configuration) }
        while !hasCome(stall, to: relay) || (stall == .token && !tokenWasAskedFor.withLock { $0 }) {
            try await Task.sleep(for: .milliseconds(2))
        }
        attempt.cancel()
        let error = await #expect(throws: SMTPError.self) { _ = try await attempt.value }
        #expect(error?.reason == .shutDown)
        #expect(error?.outcome == .notSent)
        #expect(error?.detail == "the task was cancelled")
        while relay.ended == 0 { try await Task.sleep(for: .milliseconds(2)) }
        while stall == .token, !tokenWasCancelled.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(2)) }
        #expect(relay.connections == 1)
        #expect(relay.complaints == [])
        await relay.stop()
    }

    /// A task that was cancelled before makes no connection.
    @Test func aCancelledTaskDoesNotConnect() async throws {
        let relay = try await ScriptedRelay.start([.silence])
        let configuration = SMTPConfiguration(
            host: "127.0.0.1", port: relay.port, identity: try #require(ClientDomain("client.example.org")))
        let attempt = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await SMTPSession.connect(configuration)
        }
        let error = await #expect(throws: SMTPError.self) { _ = try await attempt.value }
        #expect(error?.reason == .shutDown)
        #expect(error?.stage == .connect)
        #expect(relay.connections == 0)
        await relay.stop()
    }

    /// One that is cancelled when the session is there, and not handed over yet, or a moment before or after: never is
    /// there a session that nobody owns.
    @Test func aCancellationAtAnyMoment() async throws {
        let relay = try await ScriptedRelay.start(
            Self.greeting + [.send("250 relay\r\n"), .expect("QUIT\r\n"), .send("221 bye\r\n"), .close])
        let configuration = SMTPConfiguration(
            host: "127.0.0.1", port: relay.port, identity: try #require(ClientDomain("client.example.org")))
        for count in 0..<50 {
            let attempt = Task { try await SMTPSession.connect(configuration) }
            try await Task.sleep(for: .microseconds(20 * count))
            attempt.cancel()
            do {
                try await attempt.value.disconnect()
            } catch let error as SMTPError {
                #expect(error.reason == .shutDown)
            }
        }
        while relay.ended < relay.connections { try await Task.sleep(for: .milliseconds(2)) }
        await relay.stop()
    }
}
