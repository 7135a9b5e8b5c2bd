import Foundation
import SMTP
import Settings
import TestSupport
import Testing

@testable import Gateway

/// What is said of a relay's URL that is not right: never a piece of the secret in it, wherever an unescaped character
/// puts that piece.
@Suite struct RelayURLTests {
    /// Every place where the password may end up: `hunter2` and `tail4711` are its pieces.
    static let wrong = [
        "smtp://user:hunter2?tail4711@relay.example.net", "smtp://user:hunter2#tail4711@relay.example.net",
        "smtp://user:hunter2/tail4711@relay.example.net", "smtp://user:hunter2@tail4711@relay.example.net",
        "smtp://user:hunter2:tail4711@relay.example.net:x", "smtp://user:hunter2%tail4711@relay.example.net:99999",
        "smtp://user:25?tail4711=hunter2@relay.example.net", "smtp://user:25?tls=hunter2tail4711@relay.example.net",
        "smtp://user:25?verify=hunter2tail4711@relay.example.net",
        "smtp://user:25?insecure_auth=hunter2tail4711@relay.example.net",
        "smtp://user:25?auth=hunter2tail4711@relay.example.net", "smtp://user:25?tls=none&tls=hunter2tail4711@relay",
        "smtp://user:25?tail4711&hunter2@relay.example.net", "smtp://user:25/hunter2tail4711@relay.example.net",
        "smtp://user:25#hunter2tail4711@relay.example.net", "smtp://hunter2tail4711@relay.example.net",
        "smtp://us?er:hunter2tail4711@relay.example.net", "smtp://us/er:hunter2tail4711@relay.example.net",
        "smtp://us#er:hunter2tail4711@relay.example.net", "smtp://user:hunter2tail4711@", "smtp://user:hunter2tail4711",
        "smtp://user:hunter2 tail4711@relay example net", "smtp://user:hunter2tail4711@relay.example.net:0",
        "smtp://user:hunter2tail4711@relay.example.net:70000", "smtp://user:hunter2tail4711@relay.example.net/path",
        "smtp://user:hunter2tail4711@relay.example.net?tls=none", "smtp://user:hunter2tail4711@relay.example.net?tls=",
        "smtp://user:hunter2tail4711@relay.example.net?auth=none", "smtp://user:hunter2tail4711@relay.example.net?x=y",
        "smtps://user:hunter2tail4711@relay.example.net?tls=required", "http://user:hunter2tail4711@relay.example.net",
        "user:hunter2tail4711@relay.example.net", "smtp:user:hunter2tail4711@relay.example.net", "hunter2tail4711",
        "smtp://user:hunter2tail4711@[::1", "smtp://user:hunter2tail4711@rel ay",
        "smtp://user:hunter2tail4711@re%20lay",
        "smtp://user:hunter2\ntail4711@relay.example.net:x", "smtp://user:hunter2\\tail4711@",
    ]

    @Test(arguments: wrong) func errorsHoldNoSecret(_ text: String) throws {
        do throws(ConfigurationError) {
            let url = try RelayURL(text)
            // Where it can be read after all, the pieces are where they belong, and not in what is shown.
            #expect(!url.host.contains("hunter2") && !url.host.contains("tail4711"), "\(url.host)")
            #expect(url.credentials != nil)
            #expect(!String(reflecting: url.credentials).contains("hunter2"))
        } catch {
            let said = error.description + String(reflecting: error)
            for piece in ["hunter2", "tail4711", "hunter", "4711"] { #expect(!said.contains(piece), "\(said)") }
            #expect(error.setting == "POSTERN_RELAY_URL")
        }
    }

    @Test(arguments: [
        ("smtp://u:p@h?tsl=none", "there are tls, verify, insecure_auth, auth"),
        ("smtp://u:p@h?tls=none&tls=none", "tls is given twice"),
        ("smtp://u:p@h?verify=maybe", "neither true nor false"),
        ("smtp://u:p@h?tls=some", "none, opportunistic or required"), ("smtp://u:p@h?tls=none", "insecure_auth=true"),
        ("smtp://u@h", "no password"), ("smtp://u:@h", "no password"), ("smtp://:p@h", "no user"),
        ("smtp://:@h", "no user"), ("smtp://@h", "no user"), ("smtp://u:%FF@h", "not UTF-8"),
        ("smtp://%FF:p@h", "not UTF-8"), ("smtp://u:p@h/x", "%2F for /"), ("smtp://u:p?x@h", "%3F for ?"),
        ("smtp://h?auth=plain", "no credentials"), ("smtps://h?tls=none", "leave out tls="),
    ]) func errorsSayWhatToDo(_ text: String, _ part: String) {
        let error = #expect(throws: ConfigurationError.self) { try RelayURL(text) }
        #expect(error?.problem.contains(part) == true, "\(error?.problem ?? "")")
    }

    @Test func escapedCharactersBelongToThePassword() throws {
        let url = try RelayURL("smtp://us%40er:%3F%23%2F%3A%40%25@relay.example.net")
        #expect(url.credentials?.username == "us@er")
        #expect(url.host == "relay.example.net")
        #expect(url.port == 587)
    }

    // MARK: Trust roots

    private func problem(_ url: String, file: String?) throws -> ConfigurationError? {
        do throws(ConfigurationError) {
            var environment = ["POSTERN_RELAY_URL": url, "POSTERN_HELO_NAME": "gate.example.org"]
            environment["POSTERN_RELAY_CA_FILE"] = file
            _ = try GatewayConfiguration(SettingValues(environment: environment))
            return nil
        } catch {
            return error
        }
    }

    @Test func theFileOfTrustRootsIsToBlameForItselfOnly() throws {
        let missing = try #require(try problem("smtp://h", file: "/nowhere/authority.pem"))
        #expect(missing.setting == "POSTERN_RELAY_CA_FILE")
        #expect(missing.problem.contains("/nowhere/authority.pem"))
        #expect(missing.problem.contains("cannot be read"))
        let other = FileManager.default.temporaryDirectory.appending(path: "postern-\(UUID().uuidString).pem").path
        defer { try? FileManager.default.removeItem(atPath: other) }
        for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            try Data(text.utf8).write(to: URL(filePath: other))
            let wrong = try #require(try problem("smtp://h", file: other))
            #expect(wrong.setting == "POSTERN_RELAY_CA_FILE")
            #expect(wrong.problem.contains("PEM"))
        }
        #expect(try problem("smtp://h?tls=some", file: other)?.setting == "POSTERN_RELAY_URL")
    }
}
