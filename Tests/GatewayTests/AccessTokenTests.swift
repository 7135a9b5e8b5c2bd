import Foundation
import RelayAccess
import SMTP
import Settings
import TestSupport
import Testing

@testable import Gateway

/// Relays where the gateway logs in with access tokens.
@Suite(.timeLimit(.minutes(2))) struct AccessTokenTests {
    private static let relay = "POSTERN_RELAY_URL"
    private static let oauth = "POSTERN_RELAY_OAUTH_"

    /// A relay's side of a login with XOAUTH2 and a token.
    private static func login(_ token: String, _ reply: String) -> [ScriptedRelay.Step] {
        let response = Data("user=ann@example.org\u{1}auth=Bearer \(token)\u{1}\u{1}".utf8).base64EncodedString()
        return [.expect("AUTH XOAUTH2 \(response)\r\n"), .send(reply)]
    }

    private static let offer: [ScriptedRelay.Step] = [
        .send("220 relay\r\n"), .expect("EHLO gate.example.org\r\n"), .send("250-relay\r\n250 AUTH XOAUTH2\r\n"),
    ]
    private static let whole: [ScriptedRelay.Step] = [
        .expectEnd("MAIL FROM:<ann@example.org>\r\n"), .send("250 ok\r\n"), .expectEnd("\r\n"), .send("250 ok\r\n"),
        .expectEnd("DATA\r\n"), .send("354 go\r\n"), .expectEnd("\r\n.\r\n"), .send("250 2.0.0 taken\r\n"),
    ]

    /// The answer of a token endpoint.
    private static func answer(_ status: String, _ body: String) -> [ScriptedRelay.Step] {
        [
            .expectEnd("grant_type=client_credentials&client_id=id&client_secret=planted-secret&scope=mail"),
            .send(
                "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            ),
            .silence,
        ]
    }

    private func url(_ relay: ScriptedRelay) -> String {
        "smtp://ann%40example.org@127.0.0.1:\(relay.port)?tls=none&insecure_auth=true"
    }

    /// A gateway whose tokens come from an endpoint that answers like this, one connection after the other.
    private func bench(
        endpoint: [[ScriptedRelay.Step]], relay scripts: [[ScriptedRelay.Step]]
    ) async throws -> (bench: Bench, endpoint: ScriptedRelay) {
        let server = try await ScriptedRelay.start(scripts: endpoint)
        let relay = try await ScriptedRelay.start(scripts: scripts)
        let bench = try await Bench.start(
            [
                Self.relay: url(relay), Self.oauth + "TOKEN_URL": "http://127.0.0.1:\(server.port)/token",
                Self.oauth + "CLIENT_ID": "id", Self.oauth + "CLIENT_SECRET": "planted-secret",
                Self.oauth + "SCOPE": "mail",
            ], relay: relay)
        return (bench, server)
    }

    /// The endpoint rotates a refresh token, and Postern writes the new one to the file: that is no change of the relay.
    @Test func aRotatedRefreshTokenChangesNoRelay() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "refresh-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        func origin(_ token: String, client: String = "id") throws -> [String]? {
            try token.write(to: file, atomically: true, encoding: .utf8)
            let values = try SettingValues(environment: [
                Self.relay: "smtp://ann%40example.org@relay.example.org",
                Self.oauth + "TOKEN_URL": "https://login.example/t",
                Self.oauth + "CLIENT_ID": client, Self.oauth + "REFRESH_TOKEN_FILE": file.path,
            ])
            return try GatewayConfiguration(values).relays.first?.origin
        }
        let (first, rotated, other) = (try origin("R1"), try origin("R2"), try origin("R2", client: "other"))
        #expect(first != nil)
        #expect(rotated == first)
        #expect(other != first)
    }

    @Test func tokensAreAskedForThroughAProxy() async throws {
        let proxy = try await ScriptedRelay.start([
            .expectEnd("\r\n\r\n"), .send("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"), .close,
        ])
        let relay = try await ScriptedRelay.start(scripts: [Self.offer])
        let bench = try await Bench.start(
            [
                Self.relay: url(relay), Self.oauth + "TOKEN_URL": "https://login.example.net/token",
                Self.oauth + "CLIENT_ID": "id", Self.oauth + "CLIENT_SECRET": "planted-secret",
                Self.oauth + "SCOPE": "mail", Self.oauth + "PROXY": "http://ann:planted-word@127.0.0.1:\(proxy.port)",
            ], relay: relay)
        let answer = try await bench.post(simple)
        #expect(answer.status == 502)
        #expect(answer.json["stage"] as? String == "auth")
        #expect(!answer.text.contains("planted"))
        #expect(proxy.received.joined().hasPrefix("CONNECT login.example.net:443 HTTP/1.1\r\n"))
        #expect(proxy.received.joined().lowercased().contains("proxy-authorization: basic "))
        await bench.stop()
        await proxy.stop()
    }

    @Test func aTokenOfAnEndpointLogsIn() async throws {
        let (bench, endpoint) = try await bench(
            endpoint: [Self.answer("200 OK", #"{"access_token":"T1","token_type":"Bearer","expires_in":3600}"#)],
            relay: [Self.offer + Self.login("T1", "235 ok\r\n") + Self.whole])
        let answer = try await bench.post(simple)
        #expect(answer.status == 200, "\(answer.text) \(bench.relay.complaints) \(endpoint.complaints)")
        await bench.stop()
        await endpoint.stop()
    }

    /// A token that the relay refuses is renewed once, in the same session.
    @Test func aRefusedTokenIsRenewed() async throws {
        let (bench, endpoint) = try await bench(
            endpoint: [
                Array(
                    Self.answer("200 OK", #"{"access_token":"T1","token_type":"Bearer","expires_in":3600}"#).dropLast())
                    + Self.answer("200 OK", #"{"access_token":"T2","token_type":"Bearer","expires_in":3600}"#)
            ],
            relay: [
                Self.offer + Self.login("T1", "535 5.7.3 Authentication unsuccessful\r\n")
                    + Self.login("T2", "235 ok\r\n") + Self.whole
            ])
        let answer = try await bench.post(simple)
        #expect(answer.status == 200, "\(answer.text) \(bench.relay.complaints) \(endpoint.complaints)")
        await bench.stop()
        await endpoint.stop()
    }

    /// Both tokens refused: the reply, with what its text means at Microsoft.
    @Test func aRefusalIsExplained() async throws {
        let refusal =
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.\r\n"
        let (bench, endpoint) = try await bench(
            endpoint: [
                Array(
                    Self.answer("200 OK", #"{"access_token":"T1","token_type":"Bearer","expires_in":3600}"#).dropLast())
                    + Self.answer("200 OK", #"{"access_token":"T2","token_type":"Bearer","expires_in":3600}"#)
            ],
            relay: [
                Self.offer + Self.login("T1", refusal) + Self.login("T2", refusal)
                    + [.expect("QUIT\r\n"), .send("221 bye\r\n")]
            ])
        let answer = try await bench.post(simple)
        #expect(answer.status == 502, "\(bench.relay.complaints) \(endpoint.complaints)")
        #expect(answer.json["code"] as? Int == 535)
        #expect(answer.json["stage"] as? String == "auth")
        #expect((answer.json["detail"] as? String)?.contains("Set-CASMailbox") == true, "\(answer.text)")
        await bench.stop()
        await endpoint.stop()
    }

    @Test(arguments: [
        (
            "401 Unauthorized",
            #"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret planted-secret."}"#,
            false, "AADSTS7000215", "value, not its ID"
        ),
        ("503 Busy", #"{"error":"temporarily_unavailable"}"#, true, "temporarily_unavailable", "127.0.0.1"),
        ("200 OK", "<html>", false, "not valid", "token URL"),
    ])
    func withoutATokenNothingIsSent(
        _ status: String, _ body: String, _ isRetryable: Bool, _ said: String, _ advice: String
    ) async throws {
        let (bench, endpoint) = try await bench(
            endpoint: [Self.answer(status, body)], relay: [Self.offer + [.expect("QUIT\r\n"), .send("221 bye\r\n")]])
        let answer = try await bench.post(simple)
        #expect(answer.status == 502, "\(bench.relay.complaints)")
        #expect(answer.json["stage"] as? String == "auth")
        #expect(answer.json["outcome"] as? String == "not_sent")
        #expect(answer.json["retryable"] as? Bool == isRetryable)
        let detail = answer.json["detail"] as? String ?? ""
        #expect(detail.contains(said) && detail.contains(advice), "\(detail)")
        #expect(!detail.contains("planted"), "\(detail)")
        await bench.stop()
        await endpoint.stop()
    }

    /// The file is read again for the next session, and after a refusal.
    @Test func aTokenFromAFile() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "token-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("T1\n".utf8).write(to: file)
        let relay = try await ScriptedRelay.start(scripts: [
            Self.offer + Self.login("T1", "235 ok\r\n") + Self.whole + [.close],
            Self.offer + Self.login("T2", "235 ok\r\n") + Self.whole,
        ])
        let bench = try await Bench.start([Self.relay: url(relay), Self.oauth + "TOKEN_FILE": file.path], relay: relay)
        #expect(try await bench.post(simple).status == 200)
        try Data("T2".utf8).write(to: file)
        let second = try await bench.post(simple)
        #expect(second.status == 200, "\(second.text) \(relay.complaints)")
        await bench.stop()
    }

    // MARK: Settings

    /// What is given twice, lacks its other half or means nothing stops the start, by the name of the setting.
    @Test(arguments: [
        ("PROVIDER=microsoft", "TENANT"),
        ("PROVIDER=microsoft TENANT=t", "CLIENT_ID"),
        ("PROVIDER=microsoft TENANT=t CLIENT_ID=id", "CLIENT_SECRET"),
        ("PROVIDER=microsoft TENANT=a/b CLIENT_ID=id CLIENT_SECRET=s", "TENANT"),
        ("PROVIDER=google CLIENT_ID=id CLIENT_SECRET=s", "PROVIDER"),
        ("PROVIDER=google TENANT=t CLIENT_ID=id CLIENT_SECRET=s", "TENANT"),
        ("CLIENT_ID=id CLIENT_SECRET=s", "TOKEN_URL"),
        ("TOKEN_URL=https://a.example/t PROVIDER=google CLIENT_ID=id CLIENT_SECRET=s", "PROVIDER"),
        ("TOKEN_URL=http://a.example/t CLIENT_ID=id CLIENT_SECRET=s", "TOKEN_URL"),
        ("TOKEN_URL=https://a.example/t TENANT=t CLIENT_ID=id CLIENT_SECRET=s", "TENANT"),
        ("TOKEN_FILE=/tmp/t TOKEN_URL=https://a.example/t", "TOKEN_URL"),
        ("TOKEN_FILE=/tmp/t SCOPE=a", "SCOPE"),
        ("TOKEN_URL=https://a.example/t CLIENT_ID=id CLIENT_SECRET=s CERTIFICATE_FILE=/dev/null", "CERTIFICATE_FILE"),
        ("TOKEN_URL=https://a.example/t CLIENT_ID=id CERTIFICATE_FILE=/dev/null", "KEY_FILE"),
        ("TOKEN_URL=https://a.example/t CLIENT_ID=id KEY_FILE=/dev/null", "CERTIFICATE_FILE"),
        (
            "TOKEN_URL=https://a.example/t CLIENT_ID=id KEY_FILE=/dev/null CERTIFICATE_FILE=/dev/null",
            "CERTIFICATE_FILE"
        ),
        ("SERVICE_ACCOUNT_FILE=/dev/null", "SERVICE_ACCOUNT_FILE"),
        ("SERVICE_ACCOUNT_FILE=/dev/null CLIENT_ID=id", "CLIENT_ID"),
        ("TOKEN_URL=https://a.example/t CA_FILE=/dev/null CLIENT_ID=id CLIENT_SECRET=s", "CA_FILE"),
        ("PROVIDER=yahoo", "PROVIDER"),
        ("REFRESH_TOKEN_FILE=/nonexistent", "REFRESH_TOKEN_FILE"),
    ])
    func settingsThatDoNotFit(_ given: String, _ named: String) {
        for name in ["POSTERN_RELAY_", "POSTERN_RELAY_BACKUP_"] {
            var environment = [name + "URL": "smtp://ann%40example.org@relay.example.net"]
            for pair in given.split(separator: " ") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                environment["\(name)OAUTH_\(parts[0])"] = String(parts[1])
            }
            let error = #expect(throws: ConfigurationError.self) {
                try GatewayConfiguration(SettingValues(environment: environment))
            }
            #expect(error?.description.hasPrefix("\(name)OAUTH_\(named)") == true, "\(String(describing: error))")
        }
    }

    @Test(arguments: [
        ("smtp://ann:secret@relay.example.net", "leave out one"), ("smtp://relay.example.net", "a user"),
        ("smtp://ann@relay.example.net?auth=plain", "auth="), ("smtp://ann@relay.example.net?tls=none", "clear"),
    ])
    func aURLThatDoesNotFit(_ url: String, _ problem: String) {
        let environment = [Self.relay: url, Self.oauth + "TOKEN_FILE": "/tmp/token"]
        let error = #expect(throws: ConfigurationError.self) {
            try GatewayConfiguration(SettingValues(environment: environment))
        }
        #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    }

    /// The file of a refresh token is known by its path, as a new one is written to it; a named relay's settings are its own.
    @Test func aRefreshTokenKeepsItsFile() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "refresh-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("R1\n".utf8).write(to: file)
        let name = "POSTERN_RELAY_M365_"
        let environment = [
            Self.relay: "smtp://relay.example.net", name + "URL": "smtp://ann%40example.org@smtp.office365.com",
            name + "OAUTH_PROVIDER": "microsoft", name + "OAUTH_TENANT": "example.org", name + "OAUTH_CLIENT_ID": "id",
            name + "OAUTH_REFRESH_TOKEN_FILE": file.path,
        ]
        let configuration = try GatewayConfiguration(SettingValues(environment: environment))
        #expect(configuration.relays.map(\.name) == ["default", "m365"])
        #expect(configuration.relays[0].tokens == nil)
        let tokens = try #require(configuration.relays[1].tokens)
        #expect(tokens.user == "ann@example.org")
        #expect(tokens.source.description.contains("login.microsoftonline.com/example.org/"))
        #expect(tokens.source.description.contains(file.path))
        #expect(configuration.relays[1].smtp.port == 587)
    }
}
