import Foundation
import Settings
import TestSupport
import Testing

@testable import Gateway

@Suite struct ConfigurationTests {
    /// Clients must leave a descriptor for each session that any of the relays may have.
    @Test func descriptorsAreKeptForAllSessions() throws {
        let values = try SettingValues(environment: [
            "POSTERN_RELAY_URL": "smtp://a.example.net", "POSTERN_RELAY_CONNECTIONS": "200",
            "POSTERN_RELAY_BACKUP_URL": "smtp://b.example.net", "POSTERN_RELAY_BACKUP_CONNECTIONS": "300",
        ])
        #expect(Gateway.reservedDescriptors(try GatewayConfiguration(values)) >= 500)
    }

    static func file(_ text: String, _ path: String = "postern.yaml") throws -> SettingsFile {
        try SettingsFile(Data(text.utf8), path: path)
    }

    @Test func secretsFromFiles() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID())").path
        try "# ours, and theirs\napp:12345678\n\nshop:abcdefgh\n".write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        for values in [
            try SettingValues(environment: ["POSTERN_API_KEYS_FILE": path]),
            try SettingValues(environment: [:], file: Self.file("api_keys_file: \(path)")),
        ] {
            let keys = try APIKeys(values)
            #expect(keys.caller(with: "12345678")?.name == "app")
            #expect(keys.caller(with: "abcdefgh")?.name == "shop")
            #expect(keys.caller(with: "theirs")?.name == nil)
        }
        let url = try SettingValues(environment: ["POSTERN_RELAY_URL_FILE": path])
        #expect(url.value(of: .relayURL)?.hasSuffix("abcdefgh") == true)
    }

    @Test func secretsAreMasked() throws {
        let values = try SettingValues(
            environment: [
                "POSTERN_RELAY_URL": "smtp://ann:hunter2@relay.example.net:587?tls=required",
                "POSTERN_RELAY_B_URL": "smtps://bob:hunter2@b.example.net", "POSTERN_API_KEYS": "app:hunter2-hunter2",
                "POSTERN_LISTEN": "127.0.0.1:81",
            ])
        let text = SettingList.text(values) { $0.shown($1) }
        #expect(!text.contains("hunter2"))
        #expect(text.contains("POSTERN_RELAY_URL=smtp://[masked]@relay.example.net:587?tls=required\n"))
        #expect(text.contains("POSTERN_RELAY_B_URL=smtps://[masked]@b.example.net\n"))
        #expect(text.contains("POSTERN_API_KEYS=[masked]\n"))
        #expect(text.contains("POSTERN_LISTEN=127.0.0.1:81\n"))
        #expect(text.contains("default: 127.0.0.1:8080; from: environment"))
        #expect(Setting.relayURL.shown("smtp:ann:hunter2@x") == "[masked]")
        #expect(Setting.relayURL.shown("smtp://relay.example.net") == "smtp://relay.example.net")
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test(arguments: [
        "smtp://h?password=secretpw", "smtp://h?tls=none&password=secretpw", "smtp://h/secretpw", "smtp://h#secretpw",
        "smtp://user:secretpw@h?password=secretpw", "smtp://secretpw@h",
    ]) func aSecretInTheWrongPlaceIsMasked(_ url: String) {
        #expect(!Setting.relayURL.shown(url).contains("secretpw"))
    }

    @Test(arguments: [
        ("POSTERN_LISTEN", "nowhere"), ("POSTERN_RELAY_URL", "http://x"), ("POSTERN_API_KEYS", "short"),
        ("POSTERN_RATE_PER_KEY", "1"), ("POSTERN_ROUTES", "to:x"), ("POSTERN_DKIM_KEYS", "x"),
        ("POSTERN_ALLOWED_RECIPIENTS", "x"), ("POSTERN_HELO_NAME", "a b"), ("POSTERN_RATE_PER_ADDRESS", "often"),
        ("POSTERN_TLS_KEY_FILE", "/nonexistent"),
    ]) func everyMalformedValueIsFound(_ name: String, _ value: String) throws {
        let values = try SettingValues(environment: [name: value])
        let error = #expect(throws: ConfigurationError.self) { try GatewayConfiguration.check(values) }
        #expect(error?.setting.hasPrefix("POSTERN_") == true)
    }

    @Test func byDefaultEveryVendorIsServed() throws {
        #expect(try VendorAPI.list(SettingValues(environment: [:])) == VendorAPI.allCases)
    }

    @Test func whatIsMissingIsNotMalformed() throws {
        try GatewayConfiguration.check(SettingValues(environment: [:]))
        try GatewayConfiguration.check(SettingValues(environment: ["POSTERN_LISTEN": "0.0.0.0:8080"]))
    }
}
