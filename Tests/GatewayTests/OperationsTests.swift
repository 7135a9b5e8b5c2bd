import Foundation
import PrometheusMetrics
import Settings
import Testing

@testable import Gateway

/// What docs/operations.md and deploy/ say is held to what the gateway has.
@Suite struct OperationsTests {
    private static let root = ConfigurationTests.root

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    @Test func theDashboardAndTheAlertsUseMetricsThatThereAre() throws {
        let names = Set(MetricFamily.all.map(\.name))
        for path in ["deploy/grafana-dashboard.json", "deploy/alerts.yml"] {
            var used: Set<String> = []
            for match in try Self.text(path).matches(of: /\b(?:postern|process)_[a-z_]+/) {
                used.insert(String(match.output).replacing("_bucket", with: ""))
            }
            #expect(used.count > 5)
            #expect(used.isSubset(of: names), "\(path) uses \(used.subtracting(names))")
        }
        let dashboard = try JSONSerialization.jsonObject(with: Data(Self.text("deploy/grafana-dashboard.json").utf8))
        #expect(((dashboard as? [String: Any])?["panels"] as? [Any])?.count ?? 0 > 10)
    }

    @Test func theDocumentListsEveryMetric() throws {
        let rows = MetricFamily.all.map { "| `\($0.name)` | \($0.kind) | \($0.help) |" }
        #expect(try Self.text("docs/operations.md").contains("|---|---|---|\n" + rows.joined(separator: "\n") + "\n"))
    }

    @Test func theDocumentSaysWhatToDoAboutEveryAlert() throws {
        let document = try Self.text("docs/operations.md")
        let alerts = try Self.text("deploy/alerts.yml").matches(of: /alert: (\w+)/).map(\.output.1)
        #expect(alerts.count > 5)
        for alert in alerts { #expect(document.contains("| \(alert) |"), "\(alert) is not documented") }
    }

    @Test(arguments: [
        "deploy/compose.yaml", "deploy/kubernetes.yaml", "deploy/postern.service", "docs/operations.md",
        "docs/configuration.md", "README.md", "Dockerfile", "docs/deployment.md", "docs/faq.md", "docs/relay-url.md",
        "deploy/nginx.conf", "deploy/Caddyfile", "deploy/haproxy.cfg",
    ]) func everySettingThatIsNamedIsOne(_ path: String) throws {
        let known = Set(Setting.all.flatMap { [$0.name, $0.fileName].compactMap { $0 } })
        let ofRelays = Set(Setting.ofRelays.map { $0.of(relay: "ses").name })
        for match in try Self.text(path).matches(of: /\bPOSTERN_[A-Z_]*[A-Z]\b/) {
            let name = String(match.output)
            if name == "POSTERN_SERVICE" || name == "POSTERN_PORT" { continue }
            #expect(known.contains(name) || ofRelays.contains(name) || name == "POSTERN_RELAY", "\(path): \(name)")
        }
    }

    @Test func theExamplesOfTheDocumentsAreConfigurations() throws {
        for (path, expected) in [
            ("docs/operations.md", ["default", "backup", "ses"]), ("docs/configuration.md", ["default"]),
        ] {
            let document = try Self.text(path)
            let example = try #require(
                document.matches(of: /```yaml\n((?:[^`])*?)```/).map { String($0.output.1) }
                    .first { $0.contains("relay") })
            let file = try SettingsFile(
                Data(
                    example.replacing("api_keys_file: /run/secrets/postern-keys", with: "api_keys: app:12345678").utf8),
                path: "example.yaml")
            let configuration = try GatewayConfiguration(
                SettingValues(flags: ["POSTERN_LISTEN": "127.0.0.1:0"], environment: [:], file: file))
            #expect(configuration.relays.map(\.name) == expected)
        }
    }
}
