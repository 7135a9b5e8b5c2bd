import Foundation
import NIOSSL
import SMTP
import TestSupport
import Testing

@testable import Gateway

/// Failures of TLS as the gateway's users read them, with the settings that are the way out.
@Suite(.timeLimit(.minutes(1))) struct RelayTLSTests {
    private static func relay(_ identity: TestCertificates.Identity) async throws -> ScriptedRelay {
        try await .start(
            [
                .send("220 relay\r\n"), .expect("EHLO gate.example.org\r\n"), .send("250-relay\r\n250 STARTTLS\r\n"),
                .expect("STARTTLS\r\n"), .send("220 go\r\n"), .startTLS(try identity.serverContext()),
                .expect("EHLO gate.example.org\r\n"), .send("250-relay\r\n250 PIPELINING\r\n"),
            ] + envelope + taken + [.silence])
    }

    private static func answer(
        _ relay: ScriptedRelay, scheme: String = "smtp", options: String = "", settings: [String: String] = [:]
    ) async throws -> HTTPAnswer {
        let url = "\(scheme)://127.0.0.1:\(relay.port)\(options)"
        let bench = try await Bench.start(["POSTERN_RELAY_URL": url].merging(settings) { $1 })
        let answer = try await bench.post(simple)
        if answer.status != 200 {
            // The health route says the same.
            let health = try await bench.get("/readyz")
            let relays = health.json["relays"] as? [[String: Any]]
            #expect(health.status == 503)
            #expect(relays?.first?["error"] as? String == answer.json["detail"] as? String)
        }
        await bench.stop()
        await relay.stop()
        return answer
    }

    struct Fault: Sendable {
        let identity: @Sendable (TestCertificates) -> TestCertificates.Identity
        let fact: String
    }

    static let faults = [
        Fault(identity: \.expired, fact: "expired on"), Fault(identity: \.wrongHost, fact: "not for 127.0.0.1"),
        Fault(identity: \.selfSigned, fact: "self-signed"),
        Fault(identity: \.foreign, fact: "an authority that is not trusted"),
    ]

    @Test(arguments: faults) func aCertificateThatFailsNamesTheWayOut(_ fault: Fault) async throws {
        let certificates = try await TestCertificates.made.value
        let authority = try temporaryFile(certificates.authority.certificatePEM)
        defer { try? FileManager.default.removeItem(atPath: authority) }
        let answer = try await Self.answer(
            Self.relay(fault.identity(certificates)), settings: ["POSTERN_RELAY_CA_FILE": authority])
        #expect(answer.status == 502)
        #expect(answer.json["stage"] as? String == "starttls")
        #expect(answer.json["outcome"] as? String == "not_sent")
        #expect(answer.json["retryable"] as? Bool == false)
        let detail = try #require(answer.json["detail"] as? String)
        for part in [fault.fact, "POSTERN_RELAY_CA_FILE", "verify=false", "tls=none"] {
            #expect(detail.contains(part), "\(detail)")
        }
        // No word of the library's own calls.
        #expect(!detail.contains("additionalTrustRoots"))
    }

    @Test func aNamedRelayHasSettingsOfItsOwn() async throws {
        let certificates = try await TestCertificates.made.value
        let relay = try await Self.relay(certificates.selfSigned)
        let bench = try await Bench.start([
            "POSTERN_RELAY_SES_URL": "smtp://127.0.0.1:\(relay.port)", "POSTERN_ROUTES": "*=ses",
        ])
        let detail = try #require(try await bench.post(simple).json["detail"] as? String)
        for part in ["POSTERN_RELAY_SES_CA_FILE", "verify=false in POSTERN_RELAY_SES_URL", "of relays.ses)"] {
            #expect(detail.contains(part), "\(detail)")
        }
        for part in ["POSTERN_RELAY_URL", "POSTERN_RELAY_CA_FILE"] { #expect(!detail.contains(part), "\(detail)") }
        let relays = try await bench.get("/readyz").json["relays"] as? [[String: Any]]
        #expect(relays?.last?["name"] as? String == "ses")
        #expect(relays?.last?["error"] as? String == detail)
        await bench.stop()
        await relay.stop()
    }

    @Test func theWaysOutLeadOut() async throws {
        let certificates = try await TestCertificates.made.value
        let authority = try temporaryFile(certificates.authority.certificatePEM)
        defer { try? FileManager.default.removeItem(atPath: authority) }
        let trusted = try await Self.answer(
            Self.relay(certificates.server), settings: ["POSTERN_RELAY_CA_FILE": authority])
        #expect(trusted.status == 200)
        let unverified = try await Self.answer(Self.relay(certificates.selfSigned), options: "?verify=false")
        #expect(unverified.status == 200)
        let expired = try await Self.answer(Self.relay(certificates.expired), options: "?tls=required&verify=false")
        #expect(expired.status == 200)
        let plain = try await ScriptedRelay.start(
            [
                .send("220 relay\r\n"), .expect("EHLO gate.example.org\r\n"),
                .send("250-relay\r\n250-STARTTLS\r\n250 PIPELINING\r\n"),
            ] + envelope + taken + [.silence])
        #expect(try await Self.answer(plain, options: "?tls=none").status == 200)
    }

    @Test func theOtherFailures() async throws {
        let stripped = try await ScriptedRelay.start(greeting + [.silence])
        let notOffered = try await Self.answer(stripped, options: "?tls=required")
        #expect(notOffered.status == 502)
        #expect((notOffered.json["detail"] as? String)?.contains("tls=none") == true)
        #expect(stripped.received.allSatisfy { $0 == "EHLO gate.example.org\r\nQUIT\r\n" })

        let plain = try await ScriptedRelay.start([.send("220 relay\r\n"), .silence])
        let notTLS = try await Self.answer(plain, scheme: "smtps")
        #expect(notTLS.status == 502)
        #expect(notTLS.json["stage"] as? String == "connect")
        #expect((notTLS.json["detail"] as? String)?.contains("elsewhere write smtp://") == true)

        let certificates = try await TestCertificates.made.value
        let old = try await ScriptedRelay.start(scripts: [
            [.startTLS(try certificates.server.serverContext(version: .tlsv1)), .silence]
        ])
        let version = try await Self.answer(old, scheme: "smtps")
        #expect(version.status == 502)
        #expect((version.json["detail"] as? String)?.contains("has to offer TLS 1.2 or later") == true)
    }
}

/// A file of its own with a text; the caller deletes it.
private func temporaryFile(_ text: String) throws -> String {
    let path = FileManager.default.temporaryDirectory.appending(path: "postern-\(UUID().uuidString)").path
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
}
