internal import HTTPServer
internal import SMTP

/// The answers of the health routes.
enum HealthAnswer {
    /// The process serves.
    static var live: HTTPResponse {
        var json = JSONText()
        json.object { $0.member("status", "ok") }
        return HTTPResponse(status: 200, headers: Answer.json, body: json.bytes)
    }

    /// Whether messages can be sent now.
    static func ready(relay: String, _ finding: RelayHealth.Finding, isDraining: Bool, version: String) -> HTTPResponse
    {
        let isReady = finding.error == nil && !isDraining
        let (seconds, attoseconds) = finding.latency.components
        let milliseconds = Int(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        var json = JSONText()
        json.object { json in
            json.member("status", isReady ? "ok" : isDraining ? "draining" : "unavailable")
            json.name("relays")
            json.array([finding]) { json, finding in
                json.object { json in
                    json.member("name", relay)
                    json.member("status", finding.error == nil ? "ok" : "unavailable")
                    json.member("latency_ms", milliseconds)
                    json.member("error", finding.error.map { RelayFailure($0).description })
                }
            }
            json.member("version", version)
        }
        return HTTPResponse(status: isReady ? 200 : 503, headers: Answer.json, body: json.bytes)
    }
}
