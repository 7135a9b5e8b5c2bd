internal import CoreMetrics

/// Counts the answered requests of one thread of the HTTP server, by route and status.
final class RequestMetrics: Sendable {
    /// The routes that are told apart; anything else is `other`, whatever a client asks for.
    private static let routes = [
        "/messages", "/messages/batch", "/livez", "/readyz", "/healthz", "/metrics", "/openapi.yaml", "/openapi.json",
        "/", "/sandbox/messages", "/sandbox/messages/{id}", "other",
    ]

    /// The statuses that are told apart, and at the end anything else.
    private static let statuses = [
        200, 204, 304, 400, 401, 403, 404, 405, 406, 408, 409, 411, 413, 414, 415, 417, 422, 429, 431, 500, 501, 502,
        503,
        504,
        505,
    ]

    private static let sandboxMessage = "/sandbox/messages/"

    private let counters: [[Counter]]

    init(_ factory: MetricRegistry) {
        counters = Self.routes.map { route in
            (Self.statuses.map(String.init) + ["other"]).map { status in
                Counter(
                    label: MetricFamily.requests.name, dimensions: [("route", route), ("status", status)],
                    factory: factory)
            }
        }
    }

    func answered(_ path: String, status: Int) {
        let route =
            Self.routes.firstIndex(of: path)
            ?? (path.hasPrefix(Self.sandboxMessage) ? Self.routes.count - 2 : Self.routes.count - 1)
        counters[route][Self.statuses.firstIndex(of: status) ?? Self.statuses.count].increment()
    }
}
