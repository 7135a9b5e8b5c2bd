import Foundation
import NIOSSL
import TestSupport
import Testing

@testable import SMTP

/// TLS that fails, against servers that really speak it: each failure has an error of its own, and nothing is sent.
@Suite(.timeLimit(.minutes(1))) struct TLSFailureTests {
    /// How TLS begins.
    enum Start: CaseIterable, Sendable {
        case implicit, startTLS

        var stage: SMTPStage { self == .implicit ? .connect : .startTLS }
    }

    static let offer: [ScriptedRelay.Step] = [
        .send("220 relay\r\n"), .expect("EHLO client.example.org\r\n"),
        .send("250-relay\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"), .expect("STARTTLS\r\n"),
    ]
    static let clearText = "EHLO client.example.org\r\nSTARTTLS\r\n"

    /// What follows on the handshake in a session that works.
    static func session(_ start: Start) -> [ScriptedRelay.Step] {
        (start == .implicit ? [.send("220 relay\r\n")] : []) + [
            .expect("EHLO client.example.org\r\n"), .send("250-relay\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n"),
            .expect("AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=\r\n"), .send("235 ok\r\n"),
        ]
    }

    static func relay(_ start: Start, _ steps: [ScriptedRelay.Step]) async throws -> ScriptedRelay {
        try await .start((start == .implicit ? [] : offer + [.send("220 go\r\n")]) + steps)
    }

    static func connect(
        _ relay: ScriptedRelay, _ start: Start, host: String = "127.0.0.1", opportunistic: Bool = false,
        _ adjust: (inout TLSConfiguration) throws -> Void = { _ in }
    ) async throws -> SMTPSession {
        var tls = SMTPSecurity.standardTLS
        tls.trustRoots = try await .certificates([TestCertificates.made.value.authority.certificate])
        try adjust(&tls)
        let security: SMTPSecurity =
            switch start {
            case .implicit: try .implicit(tls)
            case .startTLS: opportunistic ? try .opportunistic(tls) : try .required(tls)
            }
        var configuration = SMTPConfiguration(
            host: host, port: relay.port, identity: try #require(ClientDomain("client.example.org")),
            security: security, credentials: SMTPCredentials(username: "user", password: "password"))
        configuration.timeouts.greeting = .seconds(30)
        configuration.timeouts.connect = .seconds(30)
        return try await SMTPSession.connect(configuration)
    }

    static func failure(_ connect: () async throws -> SMTPSession) async throws -> SMTPError? {
        do {
            _ = try await connect()
            return nil
        } catch let error as SMTPError {
            return error
        }
    }

    /// Neither in clear nor in TLS has anything gone out that belongs behind a handshake.
    static func nothingWasSent(to relay: ScriptedRelay, _ start: Start) {
        #expect(relay.received.joined() == (start == .implicit ? "" : clearText))
        let wire = relay.wire.joined()
        for word in ["MAIL", "AUTH", "AHVzZXIA"] {
            #expect(wire.count < word.utf8.count || !Array(wire).contains(word), "\(word)")
        }
    }

    // MARK: Certificates

    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let identity: @Sendable (TestCertificates) -> TestCertificates.Identity
        let kind: SMTPError.TLSFailure.Kind
        let says: String
        var host = "127.0.0.1"
    }

    static let faults = [
        Fault(testDescription: "expired", identity: \.expired, kind: .certificateExpired, says: "expired on 2"),
        Fault(
            testDescription: "another address", identity: \.wrongHost, kind: .wrongHost, says: "is not for 127.0.0.1"),
        Fault(
            testDescription: "another name", identity: \.wrongHost, kind: .wrongHost, says: "is not for localhost",
            host: "localhost"),
        Fault(testDescription: "self-signed", identity: \.selfSigned, kind: .selfSigned, says: "self-signed"),
        Fault(
            testDescription: "unknown authority", identity: \.foreign, kind: .unknownAuthority,
            says: "an authority that is not trusted"),
    ]

    @Test(arguments: faults, Start.allCases) func aCertificateThatFails(_ fault: Fault, _ start: Start) async throws {
        let certificates = try await TestCertificates.made.value
        let relay = try await Self.relay(
            start, [.startTLS(try fault.identity(certificates).serverContext())] + Self.session(start))
        let error = try await Self.failure { try await Self.connect(relay, start, host: fault.host) }
        #expect(error?.reason == .tls)
        #expect(error?.tlsFailure?.kind == fault.kind)
        #expect(error?.stage == start.stage)
        #expect(error?.outcome == .notSent)
        #expect(error?.isTransient == false)
        #expect(error?.detail.contains(fault.says) == true, "\(error?.detail ?? "")")
        Self.nothingWasSent(to: relay, start)
        await relay.stop()
    }

    /// Without being required, TLS is not given up for clear text where it fails.
    @Test func opportunisticIsNoWayAround() async throws {
        let certificates = try await TestCertificates.made.value
        let relay = try await Self.relay(
            .startTLS, [.startTLS(try certificates.selfSigned.serverContext())] + Self.session(.startTLS))
        let error = try await Self.failure { try await Self.connect(relay, .startTLS, opportunistic: true) }
        #expect(error?.tlsFailure?.kind == .selfSigned)
        #expect(relay.connections == 1)
        Self.nothingWasSent(to: relay, .startTLS)
        await relay.stop()
    }

    @Test(arguments: Start.allCases, ["127.0.0.1", "localhost"])
    func ownAuthorityIsAccepted(_ start: Start, _ host: String) async throws {
        let certificates = try await TestCertificates.made.value
        let relay = try await Self.relay(
            start,
            [.startTLS(try certificates.server.serverContext())] + Self.session(start) + [
                .expectEnd("DATA\r\n"), .send("250 ok\r\n250 ok\r\n354 go\r\n"), .expectEnd("\r\n.\r\n"),
                .send("250 2.0.0 taken\r\n"),
            ])
        let session = try await Self.connect(relay, start, host: host)
        #expect(await session.isSecure)
        var message = try await session.open(from: "a@example.org", to: "b@example.net")
        try await message.write("Subject: in TLS\r\n\r\nhi\r\n")
        #expect(try await message.close().code == 250)
        #expect(relay.complaints == [])
        // It went out, and not in clear.
        #expect(relay.received.joined().contains("Subject: in TLS"))
        #expect(!Array(relay.wire.joined()).contains("Subject: in TLS"))
        await relay.stop()
    }

    // MARK: The handshake

    @Test(arguments: Start.allCases) func onlyAnOldVersion(_ start: Start) async throws {
        let certificates = try await TestCertificates.made.value
        let context = try certificates.server.serverContext(version: .tlsv1)
        let relay = try await Self.relay(start, [.startTLS(context)] + Self.session(start))
        let error = try await Self.failure { try await Self.connect(relay, start) }
        #expect(error?.reason == .tls)
        #expect(error?.tlsFailure?.kind == .protocolVersion)
        #expect(error?.detail.contains("TLS 1.2 or later") == true)
        #expect(error?.stage == start.stage)
        Self.nothingWasSent(to: relay, start)
        // The bound is a default, and can be moved.
        let session = try await Self.connect(relay, start) { $0.minimumTLSVersion = .tlsv1 }
        #expect(await session.isSecure)
        await relay.stop()
    }

    @Test(
        arguments: Start.allCases,
        [
            "220 relay ESMTP\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "\u{16}\u{3}\u{1}\u{7F}\u{7F}\u{1}",
            "\0\0\0\0\0\0",
        ])
    func somethingOtherThanAHandshake(_ start: Start, _ garbage: String) async throws {
        let relay = try await Self.relay(start, [.expectAnything, .send(garbage), .silence])
        let error = try await Self.failure { try await Self.connect(relay, start) }
        #expect(error?.reason == .tls)
        #expect(error?.tlsFailure?.kind == .notTLS, "\(error?.detail ?? "")")
        #expect(error?.detail.contains("not TLS") == true)
        #expect(error?.stage == start.stage)
        #expect(!Array(relay.wire.joined()).contains("AHVzZXIA"))
        await relay.stop()
    }

    @Test(arguments: Start.allCases) func silence(_ start: Start) async throws {
        let relay = try await Self.relay(start, [.silence])
        var configuration = SMTPConfiguration(
            host: "127.0.0.1", port: relay.port, identity: try #require(ClientDomain("client.example.org")),
            security: try start == .implicit ? .implicit() : .required())
        // Only the bound that counts is short: the test's own time limit would pass before the others.
        if start == .implicit {
            // It covers the TCP connection, too, which a busy machine may take its time for.
            configuration.timeouts.connect = .seconds(2)
        } else {
            configuration.timeouts.reply = .milliseconds(200)
        }
        let fixed = configuration
        let error = try await Self.failure { try await SMTPSession.connect(fixed) }
        #expect(error?.reason == .timedOut)
        #expect(error?.stage == start.stage)
        #expect(error?.detail == "the server did not complete the TLS handshake in time")
        #expect(error?.isTransient == true)
        #expect(relay.received.joined().hasPrefix(start == .implicit ? "\u{16}" : Self.clearText))
        await relay.stop()
    }

    @Test(arguments: Start.allCases) func theEndInTheHandshake(_ start: Start) async throws {
        let relay = try await Self.relay(start, [.expectAnything, .close])
        let error = try await Self.failure { try await Self.connect(relay, start) }
        #expect(error?.reason == .connectionLost)
        #expect(error?.stage == start.stage)
        #expect(error?.detail == "the server ended the connection during the TLS handshake")
        #expect(error?.isTransient == true)
        await relay.stop()
    }

    // MARK: Around the handshake

    @Test func strippedStartTLS() async throws {
        let relay = try await ScriptedRelay.start([
            .send("220 relay\r\n"), .expect("EHLO client.example.org\r\n"), .send("250-relay\r\n250 AUTH PLAIN\r\n"),
            .silence,
        ])
        let error = try await Self.failure { try await Self.connect(relay, .startTLS) }
        #expect(error?.reason == .tls)
        #expect(error?.tlsFailure?.kind == .notOffered)
        #expect(error?.stage == .startTLS)
        await Self.wait(for: "EHLO client.example.org\r\nQUIT\r\n", at: relay)
        await relay.stop()
    }

    @Test func refusedStartTLS() async throws {
        let relay = try await ScriptedRelay.start(Self.offer + [.send("454 4.7.0 not now\r\n"), .silence])
        let error = try await Self.failure { try await Self.connect(relay, .startTLS) }
        #expect(error?.reason == .refused)
        #expect(error?.code == 454)
        #expect(error?.stage == .startTLS)
        await Self.wait(for: Self.clearText + "QUIT\r\n", at: relay)
        await relay.stop()
    }

    /// Waits until the relay has received that on its one connection: QUIT goes out after the failure was reported.
    private static func wait(for text: String, at relay: ScriptedRelay) async {
        while relay.received != [text], !Task.isCancelled { try? await Task.sleep(for: .milliseconds(2)) }
        #expect(relay.received == [text])
    }

    /// Credentials stay at home where a server refuses STARTTLS that was not required.
    @Test func refusedStartTLSSendsNoCredentials() async throws {
        let relay = try await ScriptedRelay.start(Self.offer + [.send("454 4.7.0 not now\r\n"), .silence])
        let error = try await Self.failure { try await Self.connect(relay, .startTLS, opportunistic: true) }
        #expect(error?.reason == .authenticationUnavailable)
        await Self.wait(for: Self.clearText + "QUIT\r\n", at: relay)
        await relay.stop()
    }

    @Test(arguments: ["250 injected\r\n", "\r\n", "2", "250-relay\r\n250 AUTH PLAIN\r\n"])
    func injectedClearText(_ text: String) async throws {
        let certificates = try await TestCertificates.made.value
        let relay = try await ScriptedRelay.start(
            Self.offer + [.send("220 go\r\n" + text), .startTLS(try certificates.server.serverContext())]
                + Self.session(.startTLS))
        let error = try await Self.failure { try await Self.connect(relay, .startTLS) }
        #expect(error?.reason == .protocolViolation)
        #expect(error?.stage == .startTLS)
        #expect(error?.detail.contains("clear text behind its reply to STARTTLS") == true)
        #expect(relay.wire.map { String(decoding: $0, as: UTF8.self) } == [Self.clearText])
        await relay.stop()
    }

    /// What was offered in clear does not count any more.
    @Test func capabilitiesAreAskedAnew() async throws {
        let certificates = try await TestCertificates.made.value
        let relay = try await Self.relay(
            .startTLS,
            [
                .startTLS(try certificates.server.serverContext()), .expect("EHLO client.example.org\r\n"),
                .send("250 relay\r\n"), .silence,
            ])
        let error = try await Self.failure { try await Self.connect(relay, .startTLS) }
        #expect(error?.reason == .authenticationUnavailable)
        await Self.wait(for: Self.clearText + "EHLO client.example.org\r\nQUIT\r\n", at: relay)
        await relay.stop()
    }

    // MARK: Certificates of the client

    @Test(arguments: Start.allCases, [TLSVersion.tlsv12, .tlsv13])
    func aCertificateOfTheClient(_ start: Start, _ version: TLSVersion) async throws {
        let certificates = try await TestCertificates.made.value
        let context = try certificates.server.serverContext(
            clients: certificates.authority, version: version)
        let relay = try await Self.relay(start, [.startTLS(context)] + Self.session(start) + [.silence])
        let session = try await Self.connect(relay, start) {
            $0.certificateChain = [.certificate(try certificates.client.certificate)]
            $0.privateKey = .privateKey(try certificates.client.key)
        }
        #expect(await session.isSecure)
        #expect(relay.complaints == [])
        await relay.stop()
    }

    @Test(arguments: Start.allCases) func noCertificateOfTheClient(_ start: Start) async throws {
        let certificates = try await TestCertificates.made.value
        let context = try certificates.server.serverContext(clients: certificates.authority)
        let relay = try await Self.relay(start, [.startTLS(context)] + Self.session(start))
        let error = try await Self.failure { try await Self.connect(relay, start) }
        #expect(error?.reason == .tls)
        #expect(error?.tlsFailure?.kind == .clientCertificate, "\(error?.detail ?? "")")
        #expect(error?.stage == start.stage)
        #expect(!relay.received.joined().contains("AUTH"))
        await relay.stop()
    }
}

extension [UInt8] {
    fileprivate func contains(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        return count >= wanted.count && (0...(count - wanted.count)).contains { self[$0...].starts(with: wanted) }
    }
}
