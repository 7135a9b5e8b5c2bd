import Foundation
import Testing

@testable import Settings

/// A configuration file: YAML or JSON, strictly.
@Suite struct SettingsFileTests {
    private static func file(_ text: String, _ path: String = "postern.yaml") throws -> SettingsFile {
        try SettingsFile(Data(text.utf8), path: path)
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

    @Test func aFileThatIsNotThereOrNotJSON() throws {
        #expect(throws: ConfigurationError.self) { try SettingsFile(path: "/nonexistent.yaml") }
        let error = #expect(throws: ConfigurationError.self) { try Self.file("{", "c.json") }
        #expect(error?.description.contains("is not JSON") == true)
    }

    @Test(arguments: [
        ("{\"listen\": \"127.0.0.1:1\",\n}", "line 2: there is a comma before"), ("{\n\n\"a\": 01}", "line 3: "),
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
}
