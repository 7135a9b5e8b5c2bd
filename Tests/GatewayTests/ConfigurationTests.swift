import Foundation
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

    // MARK: Where values come from

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

    @Test(arguments: [
        (
            "a.yaml",
            "relay:\n  url: smtp://x\n  connections: 3\napi_keys: [a:12345678, 'b:abcdefgh']\nallow_anonymous: true"
        ),
        (
            "a.json",
            #"{"relay": {"url": "smtp://x", "connections": 3}, "api_keys": ["a:12345678", "b:abcdefgh"], "allow_anonymous": true}"#
        ),
        (
            "a.yml",
            "POSTERN_RELAY_URL: smtp://x\nrelay_connections: 3\napi_keys: a:12345678,b:abcdefgh\nallow_anonymous: yes\nlog_format: ~"
        ),
    ]) func filesOfBothForms(_ path: String, _ text: String) throws {
        let values = try SettingValues(environment: [:], file: Self.file(text, path))
        #expect(values.value(of: .relayURL) == "smtp://x")
        #expect(try values.integer(.relayConnections) == 3)
        #expect(values.list(.apiKeys) == ["a:12345678", "b:abcdefgh"])
        #expect(try values.boolean(.allowAnonymous))
        #expect(values.source(of: .logFormat) == .default)
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

    // MARK: What stops the start

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

    @Test func aFileThatIsNotThereOrNotJSON() throws {
        #expect(throws: ConfigurationError.self) { try SettingsFile(path: "/nonexistent.yaml") }
        let error = #expect(throws: ConfigurationError.self) { try Self.file("{", "c.json") }
        #expect(error?.description.contains("is not JSON") == true)
    }

    @Test func whatKubernetesInjectsIsIgnored() throws {
        _ = try SettingValues(environment: [
            "POSTERN_SERVICE_HOST": "10.0.0.1", "POSTERN_SERVICE_PORT_HTTP": "80", "POSTERN_PORT": "tcp://10.0.0.1:80",
            "POSTERN_PORT_80_TCP": "tcp://10.0.0.1:80",
        ])
    }

    // MARK: What is shown

    @Test func secretsAreMasked() throws {
        let values = try SettingValues(
            environment: [
                "POSTERN_RELAY_URL": "smtp://ann:hunter2@relay.example.net:587?tls=required",
                "POSTERN_RELAY_B_URL": "smtps://bob:hunter2@b.example.net", "POSTERN_API_KEYS": "app:hunter2-hunter2",
                "POSTERN_LISTEN": "127.0.0.1:81",
            ])
        let text = SettingList.text(values)
        #expect(!text.contains("hunter2"))
        #expect(text.contains("POSTERN_RELAY_URL=smtp://[masked]@relay.example.net:587?tls=required\n"))
        #expect(text.contains("POSTERN_RELAY_B_URL=smtps://[masked]@b.example.net\n"))
        #expect(text.contains("POSTERN_API_KEYS=[masked]\n"))
        #expect(text.contains("POSTERN_LISTEN=127.0.0.1:81\n"))
        #expect(text.contains("default: 127.0.0.1:8080; from: environment"))
        #expect(Setting.relayURL.shown("smtp:ann:hunter2@x") == "[masked]")
        #expect(Setting.relayURL.shown("smtp://relay.example.net") == "smtp://relay.example.net")
    }

    // MARK: The table

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test func everyDeclaredSettingIsInTheTable() throws {
        let folder = Self.root.appending(path: "Sources/Gateway").path
        let source = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }
            .map { try String(contentsOfFile: folder + "/" + $0, encoding: .utf8) }.joined()
        let declared = source.matches(of: /Setting\(\s*"(POSTERN_[A-Z_]+)"/).map { String($0.output.1) }
        #expect(declared.count > 10)
        #expect(Set(declared) == Set(Setting.all.map(\.name)))
        #expect(Setting.all.count == declared.count)
    }

    @Test func everyDefaultIsWellFormed() {
        for setting in Setting.all {
            if let value = setting.defaultValue { #expect(setting.kind.fault(in: value) == nil, "\(setting.name)") }
        }
    }

    @Test func theDocumentedTableIsThisOne() throws {
        let document = try String(contentsOf: Self.root.appending(path: "docs/configuration.md"), encoding: .utf8)
        #expect(
            document.contains("\n" + SettingList.markdown + "\n"),
            "docs/configuration.md differs; `postern config --markdown` prints its table")
    }

    // MARK: JSON, strictly

    @Test(arguments: [
        ("{\"listen\": \"127.0.0.1:1\",\n}", "line 2: a comma stands in front"), ("{\n\n\"a\": 01}", "line 3: "),
        ("{\"listen\": \"a:1\", \"listen\": \"b:1\"}", "listen in c.json: it is given twice"),
        ("{\"relay\": {\"url\": \"smtp://a\", \"url\": \"smtp://b\"}}", "relay.url in c.json: it is given twice"),
    ]) func aJSONFileThatMeansTwoThings(_ text: String, _ problem: String) {
        let error = #expect(throws: ConfigurationError.self) { try Self.file(text, "c.json") }
        #expect(error?.description.contains(problem) == true)
    }

    @Test func numbersOfAJSONFileStayNumbers() throws {
        let file = try Self.file(
            #"{"relay_connections": 1, "max_connections_per_address": 0, "log_addresses": true}"#, "c.json")
        let values = try SettingValues(environment: [:], file: file)
        #expect(try values.integer(.relayConnections) == 1)
        #expect(try values.integer(.maxConnectionsPerAddress) == 0)
        #expect(try values.boolean(.logAddresses))
    }

    @Test func aDuplicateKeyOfYAMLHasItsLine() {
        let error = #expect(throws: ConfigurationError.self) {
            try Self.file("listen: 127.0.0.1:1\nmax_in_flight: 7\nlisten: 127.0.0.1:2\n", "c.yaml")
        }
        #expect(error?.problem.contains("line ") == true && error?.problem.contains("listen") == true)
    }

    @Test(arguments: ["c.yaml", "c.json"]) func aByteOrderMarkIsIgnored(_ path: String) throws {
        let values = try SettingValues(environment: [:], file: Self.file("\u{FEFF}{\"queue_timeout\": \"3s\"}", path))
        #expect(try values.duration(.queueTimeout) == .seconds(3))
    }

    // MARK: What `postern config` says

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

    @Test func whatIsMissingIsNotMalformed() throws {
        try GatewayConfiguration.check(SettingValues(environment: [:]))
        try GatewayConfiguration.check(SettingValues(environment: ["POSTERN_LISTEN": "0.0.0.0:8080"]))
    }
}
