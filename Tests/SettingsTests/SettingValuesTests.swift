import Foundation
import Testing

@testable import Settings

/// Where values come from, and what stops the start.
@Suite struct SettingValuesTests {
    private static func file(_ text: String, _ path: String = "postern.yaml") throws -> SettingsFile {
        try SettingsFile(Data(text.utf8), path: path)
    }

    @Test func aFlagBeatsTheEnvironmentWhichBeatsTheFile() throws {
        let file = try Self.file("listen: file:1\nqueue_timeout: 3s\nmax_in_flight: 7")
        let values = try SettingValues(
            flags: ["POSTERN_LISTEN": "flag:1"],
            environment: ["POSTERN_LISTEN": "environment:1", "POSTERN_QUEUE_TIMEOUT": "2s", "HOME": "/"], file: file)
        #expect(values.value(of: .listen) == "flag:1")
        #expect(values.source(of: .listen) == .flag)
        #expect(try values.duration(.queueTimeout) == .seconds(2))
        #expect(values.source(of: .queueTimeout) == .environment)
        #expect(try values.integer(.maxInFlight) == 7)
        #expect(values.source(of: .maxInFlight) == .file)
        #expect(values.value(of: .logLevel) == "info")
        #expect(values.source(of: .logLevel) == .default)
    }

    @Test func anEmptyValueCountsAsNone() throws {
        let values = try SettingValues(
            environment: ["POSTERN_LISTEN": "", "POSTERN_RELAY_URL": "", "POSTERN_RELAY_URL_FILE": ""],
            file: Self.file("listen: file:1"))
        #expect(values.value(of: .listen) == "file:1")
        #expect(values.value(of: .relayURL) == nil)
    }

    @Test func relaysOfTheirOwn() throws {
        let values = try SettingValues(
            environment: [
                "POSTERN_RELAY_URL": "smtp://a", "POSTERN_RELAY_EU_WEST_URL": "smtp://b",
                "POSTERN_RELAY_EU_WEST_CONNECTIONS": "2", "POSTERN_RELAY_CONNECTIONS": "5",
            ], file: Self.file("relays: {my-ses: {url: 'smtp://c', reply_timeout: 1s}}"))
        #expect(values.relays == ["eu_west", "my-ses"])
        #expect(values.value(of: Setting.relayConnections.of(relay: "eu_west")) == "2")
        #expect(values.value(of: Setting.relayURL.of(relay: "my-ses")) == "smtp://c")
    }

    @Test(arguments: [
        (["POSTERN_LISTENS": "x"], "", "POSTERN_LISTENS: this setting is not known"),
        (["POSTERN_RELAY_B_CONNECTIONS": "3"], "", "POSTERN_RELAY_B_CONNECTIONS: this setting is not known"),
        (["POSTERN_RELAY__URL": "smtp://x"], "", "POSTERN_RELAY__URL: this setting is not known"),
        (["POSTERN_MAX_IN_FLIGHT": "0"], "", "POSTERN_MAX_IN_FLIGHT: \"0\" is not a whole number from 1 to 100000"),
        (["POSTERN_MAX_IN_FLIGHT": "many"], "", "POSTERN_MAX_IN_FLIGHT: \"many\" is not a whole number"),
        (["POSTERN_QUEUE_TIMEOUT": "30"], "", "POSTERN_QUEUE_TIMEOUT: \"30\" is not a time; write"),
        (["POSTERN_QUEUE_TIMEOUT": "0s"], "", "POSTERN_QUEUE_TIMEOUT: \"0s\" is not a time"),
        (["POSTERN_QUEUE_TIMEOUT": "25h"], "", "POSTERN_QUEUE_TIMEOUT: \"25h\" is not a time"),
        (["POSTERN_ALLOW_ANONYMOUS": "maybe"], "", "POSTERN_ALLOW_ANONYMOUS: \"maybe\" is neither true nor false"),
        (["POSTERN_LOG_LEVEL": "loud"], "", "POSTERN_LOG_LEVEL: \"loud\" is none of trace, debug"),
        (
            ["POSTERN_RELAY_B_URL": "smtp://b", "POSTERN_RELAY_B_CONNECTIONS": "x"], "",
            "POSTERN_RELAY_B_CONNECTIONS: \"x\" is not a whole number"
        ),
        (
            ["POSTERN_API_KEYS": "a:12345678", "POSTERN_API_KEYS_FILE": "/dev/null"], "",
            "POSTERN_API_KEYS_FILE: it is given beside POSTERN_API_KEYS"
        ),
        (["POSTERN_API_KEYS_FILE": "/nonexistent"], "", "POSTERN_API_KEYS_FILE: the file \"/nonexistent\" cannot be"),
        ([:], "listens: x", "listens in c.yaml: this setting is not known"),
        ([:], "relay: {uri: x}", "relay.uri in c.yaml: this setting is not known"),
        ([:], "relay: {url: x}\nrelay_url: y", "relay_url in c.yaml: it is given twice, here and as relay.url"),
        ([:], "queue_timeout: soon", "queue_timeout in c.yaml: \"soon\" is not a time"),
        ([:], "api_keys: [[a]]", "api_keys in c.yaml: the list holds something else"),
        ([:], "a: {b: {c: {d: {e: f}}}}", "a.b.c.d in c.yaml: it is nested too deep"),
        ([:], "just text", "c.yaml: it holds no settings"),
        ([:], "a: [", "--config: the file \"c.yaml\" is not YAML: line"),
    ]) func oneLineThatNamesTheSetting(_ environment: [String: String], _ file: String, _ start: String) throws {
        let error = #expect(throws: ConfigurationError.self) {
            try SettingValues(environment: environment, file: Self.file(file, "c.yaml"))
        }
        let line = try #require(error?.description)
        #expect(line.hasPrefix(start))
        #expect(!line.contains("\n"))
    }

    @Test func whatKubernetesInjectsIsIgnored() throws {
        _ = try SettingValues(environment: [
            "POSTERN_SERVICE_HOST": "10.0.0.1", "POSTERN_SERVICE_PORT_HTTP": "80", "POSTERN_PORT": "tcp://10.0.0.1:80",
            "POSTERN_PORT_80_TCP": "tcp://10.0.0.1:80",
        ])
    }

    @Test func aSecretIsReadFromItsFile() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "secret-\(UUID())").path
        try "\u{FEFF}smtp://ann:hunter2@relay.example.net\r\n".write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let values = try SettingValues(environment: ["POSTERN_RELAY_URL_FILE": path])
        #expect(values.value(of: .relayURL) == "smtp://ann:hunter2@relay.example.net")
        #expect(values.path(of: .relayURL) == path)
        // A source that beats the file's has the value itself.
        let given = try SettingValues(
            environment: ["POSTERN_RELAY_URL": "smtp://b"], file: Self.file("relay_url_file: \(path)"))
        #expect(given.value(of: .relayURL) == "smtp://b")
        #expect(given.path(of: .relayURL) == nil)
    }

    @Test func aSecretIsNoPartOfAnError() {
        let error = #expect(throws: ConfigurationError.self) {
            try SettingValues(environment: ["POSTERN_API_KEYS": "a", "POSTERN_API_KEYS_FILE": "b"])
        }
        #expect(error?.setting == "POSTERN_API_KEYS_FILE")
        #expect(Setting.apiKeys.isSecret && Setting.relayURL.isSecret && Setting.store.isSecret)
    }

    @Test func aListHasNoEmptyElementsAndNoComments() throws {
        let values = try SettingValues(environment: ["POSTERN_ROUTES": "# all\n a=b ,, c=d\n\n  # none\ne=f,"])
        #expect(values.list(.routes) == ["a=b", "c=d", "e=f"])
    }

    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]:0", "::1", 0), ("localhost:65535", "localhost", 65535),
        ("unix:/run/postern.sock", "unix:/run/postern.sock", 0),
    ]) func anAddressIsHostAndPort(_ text: String, _ host: String, _ port: Int) throws {
        let address = try SettingValues(environment: ["POSTERN_LISTEN": text]).address(.listen)
        #expect(address.host == host)
        #expect(address.port == port)
    }

    @Test(arguments: [
        "8080", ":8080", "a:65536", "a:-1", "a:", "unix:postern.sock", "unix:/" + String(repeating: "a", count: 107),
    ])
    func whatIsNoAddressIsAnError(_ text: String) throws {
        let values = try SettingValues(environment: ["POSTERN_LISTEN": text])
        let error = #expect(throws: ConfigurationError.self) { try values.address(.listen) }
        #expect(error?.setting == "POSTERN_LISTEN")
    }
}
