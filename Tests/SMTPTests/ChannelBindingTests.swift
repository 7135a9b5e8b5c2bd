import Crypto
import Foundation
import NIOSSL
import Synchronization
import TestSupport
import Testing

@testable import SMTP

/// SCRAM with and without channel binding in real TLS, against a server that checks the client's proof and what it is
/// bound to (RFC 5802, section 6).
@Suite(.timeLimit(.minutes(1))) struct ChannelBindingTests {
    /// A server's side of SCRAM-SHA-256 for the password `password`.
    private final class Server: Sendable {
        private struct State {
            var header = ""
            var clientFirst = ""
            var serverFirst = ""
        }

        /// `Hi("password", "salt", 4096)` of RFC 5802, section 2.2, as Python's hashlib has it.
        private static let saltedPassword: [UInt8] = [
            0xc5, 0xe4, 0x78, 0xd5, 0x92, 0x88, 0xc8, 0x41, 0xaa, 0x53, 0x0d, 0xb6, 0x84, 0x5c, 0x4c, 0x8d,
            0x96, 0x28, 0x93, 0xa0, 0x01, 0xce, 0x4e, 0x11, 0xa4, 0x96, 0x38, 0x73, 0xaa, 0x98, 0x13, 0x4a,
        ]

        private let state = Mutex(State())
        /// The hash of the certificate that it shows.
        private let endPoint: [UInt8]

        init(_ endPoint: [UInt8] = []) {
            self.endPoint = endPoint
        }

        /// The header of GS2 that the client sent last.
        var header: String { state.withLock { $0.header } }

        /// The first message, to the line of AUTH.
        @Sendable func first(_ command: String) -> String {
            let text = Base64.decode(command.split(separator: " ").last ?? "").map {
                String(decoding: $0, as: UTF8.self)
            }
            guard let text, let start = text.firstRange(of: "n=") else { return "501 no initial response" }
            let bare = String(text[start.lowerBound...])
            let nonce = bare.split(separator: "r=").last ?? ""
            return state.withLock { state in
                state.header = String(text[..<start.lowerBound])
                state.clientFirst = bare
                state.serverFirst = "r=\(nonce)server,s=\(Base64.encode(Array("salt".utf8))),i=4096"
                return "334 " + Base64.encode(Array(state.serverFirst.utf8))
            }
        }

        /// The final message, to the client's proof; 535 where that is none.
        @Sendable func final(_ line: String) -> String {
            let text = Base64.decode(line).map { String(decoding: $0, as: UTF8.self) } ?? ""
            let parts = text.split(separator: ",")
            guard parts.count == 3, let proof = Base64.decode(parts[2].dropFirst(2)) else { return "501 what" }
            let (header, first) = state.withLock { ($0.header, "\($0.clientFirst),\($0.serverFirst)") }
            let bound = Array(header.utf8) + (header.hasPrefix("p=") ? endPoint : [])
            guard Base64.decode(parts[0].dropFirst(2)) == bound else { return "535 5.7.8 another binding" }
            let message = Data("\(first),\(parts[0]),\(parts[1])".utf8)
            let key = SymmetricKey(data: Data(Self.saltedPassword))
            let clientKey = Array(HMAC<SHA256>.authenticationCode(for: Data("Client Key".utf8), using: key))
            let storedKey = SymmetricKey(data: Data(SHA256.hash(data: clientKey)))
            let mask = Array(HMAC<SHA256>.authenticationCode(for: message, using: storedKey))
            guard proof == zip(clientKey, mask).map({ $0 ^ $1 }) else { return "535 5.7.8 another password" }
            let serverKey = SymmetricKey(
                data: Data(HMAC<SHA256>.authenticationCode(for: Data("Server Key".utf8), using: key)))
            let signature = Array(HMAC<SHA256>.authenticationCode(for: message, using: serverKey))
            return "334 " + Base64.encode(Array("v=\(Base64.encode(signature))".utf8))
        }
    }

    private static func error(_ value: String) -> String { "334 \(Base64.encode(Array("e=\(value)".utf8)))\r\n" }

    private static func setUp(_ tls: NIOSSLContext, offering mechanisms: String) -> [ScriptedRelay.Step] {
        [
            .startTLS(tls), .send("220 relay\r\n"), .expect("EHLO client.example.org\r\n"),
            .send("250-relay\r\n250 AUTH \(mechanisms)\r\n"),
        ]
    }

    /// An exchange that succeeds.
    private static func exchange(_ server: Server) -> [ScriptedRelay.Step] {
        [.answer(server.first), .answer(server.final), .expect("\r\n"), .send("235 2.7.0 ok\r\n")]
    }

    private func connect(
        _ relay: ScriptedRelay, asking mechanism: AuthenticationMechanism? = nil
    ) async throws -> SMTPSession {
        let certificates = try await TestCertificates.made.value
        var tls = SMTPSecurity.standardTLS
        tls.trustRoots = try .certificates([
            certificates.authority.certificate, certificates.edwardsAuthority.certificate,
        ])
        return try await SMTPSession.connect(
            SMTPConfiguration(
                host: "127.0.0.1", port: relay.port, identity: try #require(ClientDomain("client.example.org")),
                security: try .implicit(tls),
                credentials: SMTPCredentials(username: "user", password: "password", mechanism: mechanism)))
    }

    /// The mechanisms that were asked for with AUTH, one after the other.
    private func attempts(at relay: ScriptedRelay) -> [String] {
        relay.received.joined().split(separator: "\r\n").filter { $0.hasPrefix("AUTH ") }
            .map { String($0.split(separator: " ")[1]) }
    }

    private static let both = "SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN"

    @Test func theProofIsBound() async throws {
        let identity = try await TestCertificates.made.value.server
        let server = Server(try #require(ServerEndPoint.hash(of: identity.certificate.toDERBytes())))
        let relay = try await ScriptedRelay.start(
            Self.setUp(try identity.serverContext(), offering: Self.both) + Self.exchange(server))
        let session = try await connect(relay)
        #expect(await session.authenticationMechanism == .scramSHA256Plus)
        #expect(server.header == "p=tls-server-end-point,,")
        #expect(relay.complaints == [])
        await relay.stop()
    }

    /// A certificate whose signature has no hash function has no end point: the client does not support the binding, and
    /// must not say that the server does not offer it.
    @Test func aCertificateWithoutAnEndPoint() async throws {
        let identity = try await TestCertificates.made.value.signedWithEdwards
        #expect(try ServerEndPoint.hash(of: identity.certificate.toDERBytes()) == nil)
        let server = Server()
        let relay = try await ScriptedRelay.start(
            Self.setUp(try identity.serverContext(), offering: Self.both) + Self.exchange(server))
        let session = try await connect(relay)
        #expect(await session.authenticationMechanism == .scramSHA256)
        #expect(server.header == "n,,")
        #expect(attempts(at: relay) == ["SCRAM-SHA-256"])
        #expect(relay.complaints == [])
        await relay.stop()
    }

    @Test func askedForByNameItHasToBe() async throws {
        let identity = try await TestCertificates.made.value.signedWithEdwards
        let relay = try await ScriptedRelay.start(Self.setUp(try identity.serverContext(), offering: Self.both))
        let error = await #expect(throws: SMTPError.self) { _ = try await connect(relay, asking: .scramSHA256Plus) }
        #expect(error?.reason == .authenticationUnavailable)
        #expect(error?.detail.contains("no certificate of the server that it can be bound to") == true)
        #expect(attempts(at: relay) == [])
        await relay.stop()
    }

    /// How a server says that it does not take this binding, such as one that knows `tls-exporter` only: at once, behind
    /// the proof, or with a refusal before the proof.
    enum Refusal: CaseIterable, Sendable {
        case first, firstNotSupported, final, refused, notParsed
    }

    private func refuse(_ refusal: Refusal, _ server: Server) -> [ScriptedRelay.Step] {
        let brokenOff: [ScriptedRelay.Step] = [.expect("*\r\n"), .send("501 5.7.0 broken off\r\n")]
        let command = ScriptedRelay.Step.answer(server.first)
        return switch refusal {
        case .first:
            [.expectEnd("\r\n"), .send(Self.error("unsupported-channel-binding-type"))] + brokenOff
        case .firstNotSupported:
            [.expectEnd("\r\n"), .send(Self.error("channel-binding-not-supported,x=y"))] + brokenOff
        case .final:
            [command, .expectEnd("\r\n"), .send(Self.error("unsupported-channel-binding-type"))] + brokenOff
        case .refused: [.expectEnd("\r\n"), .send("535 5.7.8 no\r\n")]
        case .notParsed: [.expectEnd("\r\n"), .send("501 5.5.2 what\r\n")]
        }
    }

    @Test(arguments: Refusal.allCases) func anotherBindingIsWanted(_ refusal: Refusal) async throws {
        let tls = try await TestCertificates.made.value.server.serverContext()
        let server = Server()
        let relay = try await ScriptedRelay.start(
            Self.setUp(tls, offering: Self.both) + refuse(refusal, server) + Self.exchange(server))
        let session = try await connect(relay)
        #expect(await session.authenticationMechanism == .scramSHA256)
        // Not "y": the server has offered a binding.
        #expect(server.header == "n,,")
        #expect(attempts(at: relay) == ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"])
        #expect(relay.complaints == [])
        await relay.stop()
    }

    /// Asked for by name, the binding is not given up.
    @Test(arguments: Refusal.allCases) func butNotWhereItIsAskedFor(_ refusal: Refusal) async throws {
        let tls = try await TestCertificates.made.value.server.serverContext()
        let server = Server()
        let relay = try await ScriptedRelay.start(
            Self.setUp(tls, offering: Self.both) + refuse(refusal, server) + Self.exchange(server))
        let error = await #expect(throws: SMTPError.self) { _ = try await connect(relay, asking: .scramSHA256Plus) }
        #expect(error?.stage == .auth)
        #expect(attempts(at: relay) == ["SCRAM-SHA-256-PLUS"])
        await relay.stop()
    }

    /// What may be an attack, a wrong password or a server in trouble is none of that; nor is there a way down to PLAIN.
    @Test func anythingElseEndsIt() async throws {
        let identity = try await TestCertificates.made.value.server
        let server = Server()
        for (offered, steps, code) in [
            // The binding of somebody else's connection.
            (
                Self.both,
                [.answer(server.first), .expectEnd("\r\n"), .send(Self.error("channel-bindings-dont-match"))], nil
            ),
            (Self.both, [.answer(server.first), .expectEnd("\r\n"), .send("535 5.7.8 no\r\n")], 535),
            (Self.both, [.expectEnd("\r\n"), .send("454 4.7.0 later\r\n")], 454),
            (
                Self.both,
                [
                    .expectEnd("\r\n"), .send(Self.error("unsupported-channel-binding-type")), .expect("*\r\n"),
                    .send("421 4.3.2 bye\r\n"),
                ], 421
            ),
            (
                "SCRAM-SHA-256-PLUS PLAIN",
                [.expectEnd("\r\n"), .send(Self.error("unsupported-channel-binding-type"))], nil
            ),
            ("SCRAM-SHA-256-PLUS PLAIN", [.expectEnd("\r\n"), .send("535 5.7.8 no\r\n")], 535),
        ] as [(String, [ScriptedRelay.Step], Int?)] {
            let relay = try await ScriptedRelay.start(
                Self.setUp(try identity.serverContext(), offering: offered) + steps + [.expectEnd("\r\n"), .silence])
            let error = await #expect(throws: SMTPError.self) { _ = try await connect(relay) }
            #expect(error?.stage == .auth)
            #expect(error?.code == code)
            #expect(error?.reason == (code == nil ? .protocolViolation : .refused))
            #expect(attempts(at: relay) == ["SCRAM-SHA-256-PLUS"])
            await relay.stop()
        }
    }

    /// A server that takes a second exchange for granted has proved nothing.
    @Test(arguments: ["235 2.7.0 ok\r\n", "334 \r\n"]) func successWithoutAnExchangeIsNone(_ reply: String) async throws
    {
        let tls = try await TestCertificates.made.value.server.serverContext()
        let relay = try await ScriptedRelay.start(
            Self.setUp(tls, offering: Self.both) + [
                .expectEnd("\r\n"), .send(Self.error("unsupported-channel-binding-type")), .expect("*\r\n"),
                .send(reply), .silence,
            ])
        let error = await #expect(throws: SMTPError.self) { _ = try await connect(relay) }
        #expect(error?.reason == .protocolViolation)
        #expect(attempts(at: relay) == ["SCRAM-SHA-256-PLUS"])
        await relay.stop()
    }
}
