import Foundation
import Testing

@testable import Settings

/// The table of settings.
@Suite struct SettingTableTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test func everyDeclaredSettingIsInTheTable() throws {
        let folder = Self.root.appending(path: "Sources/Settings").path
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

    @Test func aRelayOfItsOwnHasSettingsOfItsOwnName() {
        let setting = Setting.relayURL.of(relay: "eu_west")
        #expect(setting.name == "POSTERN_RELAY_EU_WEST_URL")
        #expect(setting.fileName == "POSTERN_RELAY_EU_WEST_URL_FILE")
        #expect(setting.key == "relay_eu_west_url")
        #expect(Setting.relayURL.own(of: Setting.defaultRelay) == .relayURL)
    }

    @Test func theListShowsEachSettingAsItIsToldTo() throws {
        let values = try SettingValues(environment: [
            "POSTERN_RELAY_B_URL": "smtp://u:hunter2@b", "POSTERN_LISTEN": "a:1",
        ])
        let text = SettingList.text(values) { $0.isSecret ? Setting.mask : $1 }
        #expect(!text.contains("hunter2"))
        #expect(text.contains("POSTERN_RELAY_B_URL=[masked]\n"))
        #expect(text.contains("POSTERN_LISTEN=a:1\n"))
        #expect(text.contains("default: 127.0.0.1:8080; from: environment"))
    }
}
