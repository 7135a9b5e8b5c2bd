import Foundation
import Settings
import TestSupport
import Testing

@testable import Gateway

/// What keys may look like, and that keys which vanish do not open the gateway.
@Suite struct KeySettingTests {
    private static func start(_ environment: [String: String], _ file: SettingsFile? = nil) throws {
        let needed = ["POSTERN_RELAY_URL": "smtp://127.0.0.1"]
        _ = try GatewayConfiguration(SettingValues(environment: environment.merging(needed) { $1 }, file: file))
    }

    @Test(arguments: ["", ",", " , ,", "# none yet", "\n\n", "#a:12345678\n,\n"]) func noKeyIsLeft(_ text: String)
        throws
    {
        let path = FileManager.default.temporaryDirectory.appending(path: "keys-\(UUID())").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        for environment in [["POSTERN_API_KEYS": text], ["POSTERN_API_KEYS_FILE": path]] {
            let error = #expect(throws: ConfigurationError.self) { try Self.start(environment) }
            #expect(error?.setting == "POSTERN_API_KEYS")
            #expect(error?.problem.contains("holds no key") == true)
        }
    }

    @Test(arguments: [
        ("c.yaml", "api_keys: []"), ("c.yaml", "api_keys: {}"), ("c.json", #"{"api_keys": {}}"#),
        ("c.yaml", "api_keys: null"), ("c.yaml", "api_keys:"), ("c.yaml", "api_keys: ~"),
        ("c.yaml", "api_keys: ['', '']"), ("c.yaml", "api_keys: ''"), ("c.yaml", "api_keys_file: ''"),
        ("c.yaml", "api: {keys: null}"), ("c.yaml", "POSTERN_API_KEYS: null"), ("c.json", #"{"api_keys": []}"#),
        ("c.json", #"{"api_keys": null}"#), ("c.json", #"{"api_keys": ["", ","]}"#),
    ]) func noKeyIsLeftInAFile(_ path: String, _ text: String) throws {
        let file = try ConfigurationTests.file(text, path)
        let error = #expect(throws: ConfigurationError.self) { try Self.start([:], file) }
        #expect(error?.problem.contains("holds no key") == true)
    }

    @Test(arguments: [
        ("x:12345678,y:12345678", "given twice, under two names"), ("12345678,12345678", "given twice"),
        ("x:12345678,x:abcdefgh", "the name \"x\" is given twice"), ("key2:12345678,abcdefgh", "given twice"),
        ("a: secret-key", "a blank"), ("a :secret-key", "a blank"), (":secret-key", "is empty"),
        ("a:secret\u{1}key", "control character"),
    ]) func keysThatCouldNotMatchOrMatchTwice(_ keys: String, _ problem: String) {
        let error = #expect(throws: ConfigurationError.self) { try Self.start(["POSTERN_API_KEYS": keys]) }
        #expect(error?.problem.contains(problem) == true)
        #expect(error?.problem.contains("secret") != true)
    }

    @Test func jsonWithoutItsTypeIsRecognized() async throws {
        let bench = try await Bench.start([:], greeting)
        for body in [simple, " \n" + simple, "[" + simple + "]"] {
            let answer = try await bench.postForm(Array(body.utf8), type: "application/x-www-form-urlencoded")
            #expect(answer.status == 415)
            #expect("\(answer.json)".contains("Content-Type: application/json"))
        }
        for path in ["/messages"] {
            let empty = try await bench.post("", path: path)
            #expect(empty.status == 400)
            #expect("\(empty.json)".contains("the body is empty"))
        }
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }

    /// A restriction that was emptied, or is not filled yet, must not be lifted.
    @Test(arguments: ["POSTERN_API_KEY_RULES", "POSTERN_ALLOWED_RECIPIENTS"])
    func anEmptyRestrictionIsAnError(_ name: String) throws {
        let settings = ["POSTERN_RELAY_URL": "smtp://127.0.0.1:1", "POSTERN_API_KEYS": "shop:secret-key-1"]
        let values = try SettingValues(environment: settings.merging([name: ""]) { $1 })
        let error = try #require(throws: ConfigurationError.self) { try GatewayConfiguration(values) }
        #expect("\(error)".contains(name))
        _ = try GatewayConfiguration(SettingValues(environment: settings))
    }

    @Test(arguments: [" ", ";", "# shop: senders=*@a.example", "shop:", "shop: \n# nothing"])
    func rulesThatHoldNothingAreAnError(_ rules: String) throws {
        let values = try SettingValues(environment: [
            "POSTERN_RELAY_URL": "smtp://127.0.0.1:1", "POSTERN_API_KEYS": "shop:secret-key-1",
            "POSTERN_API_KEY_RULES": rules,
        ])
        let error = try #require(throws: ConfigurationError.self) { try GatewayConfiguration(values) }
        #expect(error.setting == "POSTERN_API_KEY_RULES")
    }

    /// A configuration file that was emptied must not open a gateway that serves.
    @Test func aReloadDoesNotTakeAllKeysAway() async throws {
        let bench = try await Bench.start(["POSTERN_API_KEYS": "shop:secret-key-1"], [])
        let relay = ["POSTERN_RELAY_URL": "smtp://127.0.0.1:1"]
        let open = try GatewayConfiguration(SettingValues(environment: relay))
        let error = await #expect(throws: ConfigurationError.self) { try await bench.gateway.reload(open) }
        #expect(error.map { "\($0)".contains("POSTERN_API_KEYS") } == true)
        #expect(try await bench.post(simple).status == 401)
        let meant = try GatewayConfiguration(
            SettingValues(environment: relay.merging(["POSTERN_ALLOW_ANONYMOUS": "true"]) { $1 }))
        try await bench.gateway.reload(meant)
        #expect(try await bench.get("/metrics").status == 200)
        await bench.stop()
    }
}
