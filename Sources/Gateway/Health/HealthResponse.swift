internal import HTTPServer
internal import Records
internal import SMTP

/// The answers of the health routes.
enum HealthResponse {
    /// The process serves.
    static var live: HTTPResponse {
        var json = JSONText()
        json.object { $0.member("status", "ok") }
        return HTTPResponse.json(200, json.bytes)
    }

    /// Whether messages can be sent now: every route has a relay that can be used, and the gateway is not shutting down.
    ///
    /// - Parameter choices: the names of the relays of each route.
    static func ready(
        _ findings: [RelayHealth.Finding], choices: [[String]], store: RecordStoreStatus, isDraining: Bool,
        version: String
    ) -> HTTPResponse {
        let usable = Set(findings.filter { $0.error == nil }.map(\.name))
        let isReady = !isDraining && choices.allSatisfy { !usable.isDisjoint(with: $0) }
        let status =
            isDraining
            ? "draining"
            : !isReady
                ? "unavailable" : usable.count < findings.count || store.error != nil ? "degraded" : "ok"
        var json = JSONText()
        json.object { json in
            json.member("status", status)
            json.name("relays")
            json.array(findings) { json, finding in
                json.object { json in
                    json.member("name", finding.name)
                    json.member("status", finding.error == nil ? "ok" : "unavailable")
                    json.member("latency_ms", finding.latency.nanoseconds / 1_000_000)
                    json.member("error", finding.error.map { RelayFailure($0, relay: finding.name).description })
                }
            }
            // Without it messages go on, but for those with an Idempotency-Key.
            json.name("store")
            json.object { json in
                json.member("kind", store.kind.rawValue)
                json.member("status", store.error == nil ? "ok" : "unavailable")
                json.member("error", store.error)
            }
            json.member("version", version)
        }
        return HTTPResponse.json(isReady ? 200 : 503, json.bytes)
    }
}
