import Foundation
import Logging
import Settings
import TestSupport
import Testing

@testable import Gateway

/// Settings of the way to a relay, and of what is sent.
@Suite(.timeLimit(.minutes(1))) struct RelaySettingTests {
    private static func file(_ text: String) throws -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "postern-\(UUID().uuidString)").path
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    /// A relay that asks for a certificate, and signs nobody in without one.
    @Test func aCertificateIsShown() async throws {
        let certificates = try await TestCertificates.made.value
        let context = try certificates.server.serverContext(clients: certificates.authority)
        let relay = try await ScriptedRelay.start(
            [.startTLS(context)] + greeting + envelope + taken)
        let files = (
            try Self.file(certificates.client.certificatePEM), try Self.file(certificates.client.keyPEM),
            try Self.file(certificates.authority.certificatePEM)
        )
        let bench = try await Bench.start(
            [
                "POSTERN_RELAY_URL": "smtps://localhost:\(relay.port)", "POSTERN_RELAY_CA_FILE": files.2,
                "POSTERN_RELAY_CLIENT_CERTIFICATE_FILE": files.0, "POSTERN_RELAY_CLIENT_KEY_FILE": files.1,
            ], [])
        let answer = try await bench.post(simple)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(relay.complaints == [])
        await bench.stop()
        await relay.stop()
    }

    /// The certificate that is shown is the one that the files hold, without a restart or a signal.
    @Test func aRenewedCertificateIsShown() async throws {
        let certificates = try await TestCertificates.made.value
        let context = try certificates.server.serverContext(clients: certificates.authority)
        let relay = try await ScriptedRelay.start(scripts: [
            [.startTLS(context), .silence], [.startTLS(context)] + greeting + envelope + taken,
        ])
        // The relay does not trust the authority that signed it.
        let files = (
            try Self.file(certificates.foreign.certificatePEM), try Self.file(certificates.foreign.keyPEM),
            try Self.file(certificates.authority.certificatePEM)
        )
        let log = LogLines()
        let bench = try await Bench.start(
            [
                "POSTERN_RELAY_URL": "smtps://localhost:\(relay.port)", "POSTERN_RELAY_CA_FILE": files.2,
                "POSTERN_RELAY_CLIENT_CERTIFICATE_FILE": files.0, "POSTERN_RELAY_CLIENT_KEY_FILE": files.1,
            ], logger: log.logger, relay: relay)
        let refused = try await bench.post(simple)
        #expect(refused.status == 502, "\(refused.text)")
        await bench.gateway.reloadCertificates()
        #expect(!log.all.contains { $0.message.contains("client certificate") })

        try Data(certificates.client.certificatePEM.utf8).write(to: URL(filePath: files.0))
        // Whoever renews it writes one file after the other.
        for _ in 0..<2 { await bench.gateway.reloadCertificates() }
        #expect(log.all.count { $0.level == .error && $0.message.contains("client certificate") } == 1)
        try Data(certificates.client.keyPEM.utf8).write(to: URL(filePath: files.1))
        await bench.gateway.reloadCertificates()
        #expect(log.all.count { $0.message == "the client certificate for a relay was read again" } == 1)
        let answer = try await bench.post(simple)
        #expect(answer.status == 200, "\(answer.text)")
        await bench.gateway.reloadCertificates()
        #expect(log.all.count { $0.message == "the client certificate for a relay was read again" } == 1)
        await bench.stop()
    }

    /// The relay's greeting comes in one packet with the proxy's answer.
    @Test func theWayLeadsThroughAProxy() async throws {
        let proxy = try await ScriptedRelay.start(
            [
                .expectEnd("CONNECT relay.example.net:2525 HTTP/1.1\r\nHost: relay.example.net:2525\r\n"),
                .expectEnd("Proxy-Authorization: Basic YW5uOnM6ZQ==\r\n"), .expectEnd("\r\n"),
                .send("HTTP/1.1 200 Connection established\r\n\r\n220 relay\r\n"),
            ] + greeting.dropFirst() + envelope + taken)
        let bench = try await Bench.start(
            [
                "POSTERN_RELAY_URL": "smtp://relay.example.net:2525?tls=none",
                "POSTERN_RELAY_PROXY": "http://ann:s%3Ae@127.0.0.1:\(proxy.port)",
            ], relay: proxy)
        let answer = try await bench.post(simple)
        #expect(answer.status == 200, "\(answer.text) \(proxy.complaints)")
        await bench.stop()
    }

    /// The error says who failed, and nothing of the password.
    @Test func aProxyThatFails() async throws {
        for (answer, said) in [
            ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "cannot reach relay.example.net:2525"),
            ("HTTP/1.1 407 Login\r\n\r\n", "refused the login"), ("220 an SMTP server\r\n\r\n", "does not speak HTTP"),
        ] {
            let proxy = try await ScriptedRelay.start([.expectEnd("\r\n\r\n"), .send(answer)])
            let bench = try await Bench.start(
                [
                    "POSTERN_RELAY_URL": "smtp://relay.example.net:2525?tls=none",
                    "POSTERN_RELAY_PROXY": "http://ann:planted@127.0.0.1:\(proxy.port)",
                ], relay: proxy)
            let response = try await bench.post(simple)
            #expect(response.status == 502)
            #expect(response.json["stage"] as? String == "connect")
            #expect(response.text.contains(said), "\(response.text)")
            #expect(!response.text.contains("planted"))
            await bench.stop()
        }
    }

    @Test func halfASettingOrOneThatMeansNothing() async throws {
        let certificates = try await TestCertificates.made.value
        let certificate = try Self.file(certificates.client.certificatePEM)
        let key = try Self.file(certificates.client.keyPEM)
        let otherKey = try Self.file(certificates.server.keyPEM)
        let cases: [([String: String], String)] = [
            (["POSTERN_RELAY_CLIENT_CERTIFICATE_FILE": certificate], "POSTERN_RELAY_CLIENT_KEY_FILE"),
            (["POSTERN_RELAY_CLIENT_KEY_FILE": key], "POSTERN_RELAY_CLIENT_CERTIFICATE_FILE"),
            (
                ["POSTERN_RELAY_CLIENT_CERTIFICATE_FILE": certificate, "POSTERN_RELAY_CLIENT_KEY_FILE": otherKey],
                "POSTERN_RELAY_CLIENT_KEY_FILE"
            ),
            (
                [
                    "POSTERN_RELAY_CLIENT_CERTIFICATE_FILE": certificate, "POSTERN_RELAY_CLIENT_KEY_FILE": key,
                    "POSTERN_RELAY_URL": "smtp://relay.example.net?tls=none",
                ], "POSTERN_RELAY_URL"
            ),
            (["POSTERN_RELAY_SOURCE_ADDRESS": "[::1]"], "POSTERN_RELAY_SOURCE_ADDRESS"),
            (["POSTERN_RELAY_SOURCE_ADDRESS": "eth0"], "POSTERN_RELAY_SOURCE_ADDRESS"),
            (["POSTERN_RELAY_PROXY": "proxy.example.net:1080"], "POSTERN_RELAY_PROXY"),
            (["POSTERN_RELAY_PROXY": "socks4://proxy.example.net"], "POSTERN_RELAY_PROXY"),
            (["POSTERN_RELAY_PROXY": "https://proxy.example.net"], "POSTERN_RELAY_PROXY"),
            (["POSTERN_RELAY_PROXY": "socks5://user@proxy.example.net"], "POSTERN_RELAY_PROXY"),
            (["POSTERN_RELAY_PROXY": "socks5://:secret@proxy.example.net"], "POSTERN_RELAY_PROXY"),
            (["POSTERN_RELAY_PROXY": "socks5://proxy.example.net/path"], "POSTERN_RELAY_PROXY"),
            (["POSTERN_RELAY_PROXY": "socks5://proxy.example.net:0"], "POSTERN_RELAY_PROXY"),
            (["POSTERN_RELAY_PROXY": "http://a%3Ab:c@proxy.example.net"], "POSTERN_RELAY_PROXY"),
            (["POSTERN_RELAY_RATE": "14/x"], "POSTERN_RELAY_RATE"),
            (["POSTERN_DEFAULT_FROM": "Shop"], "POSTERN_DEFAULT_FROM"),
            (["POSTERN_STORE": "postern.db"], "POSTERN_STORE"),
        ]
        for (settings, name) in cases {
            let environment = ["POSTERN_RELAY_URL": "smtp://relay.example.net"].merging(settings) { $1 }
            let error = #expect(throws: ConfigurationError.self) {
                try GatewayConfiguration(SettingValues(environment: environment))
            }
            #expect(error?.setting == name, "\(error?.description ?? "")")
        }
    }

    /// Documents and forms may leave the author out if there is a default one; a raw message may not.
    @Test func theDefaultAuthor() async throws {
        let bench = try await Bench.start(
            ["POSTERN_DEFAULT_FROM": "Shop <shop@example.org>", "POSTERN_RELAY_CONNECTIONS": "1"],
            greeting + envelope + taken + envelope + taken + envelope + taken)
        #expect(try await bench.post(#"{"to":"b@example.net","text":"x"}"#).status == 200)
        #expect(try await bench.post(#"[{"to":"b@example.net","text":"x"}]"#, path: "/messages/batch").status == 200)
        // One that is given counts, and one that is wrong is an error.
        #expect(try await bench.post(#"{"from":"ann@example.org","to":"b@example.net","text":"x"}"#).status == 200)
        #expect(try await bench.post(#"{"from":"ann","to":"b@example.net","text":"x"}"#).status == 422)
        let received = bench.relay.received.joined()
        #expect(received.components(separatedBy: "MAIL FROM:<shop@example.org>").count == 3)
        #expect(received.components(separatedBy: "From: Shop <shop@example.org>\r\n").count == 3)
        #expect(received.components(separatedBy: "MAIL FROM:<ann@example.org>").count == 2)
        await bench.stop()
    }

    /// Keys may send as the senders that are theirs, whoever wrote them down.
    @Test func theDefaultAuthorIsCheckedAgainstTheKey() async throws {
        let bench = try await Bench.start(
            [
                "POSTERN_DEFAULT_FROM": "shop@example.org", "POSTERN_API_KEYS": "app:secret-123",
                "POSTERN_API_KEY_RULES": "app: senders=*@other.example",
            ], [])
        let answer = try await bench.post(
            #"{"to":"b@example.net","text":"x"}"#, headers: "Authorization: Bearer secret-123\r\n")
        #expect(answer.status == 403)
        await bench.stop()
    }
}
