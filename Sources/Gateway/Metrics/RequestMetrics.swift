internal import CoreMetrics

/// Counts the answered requests of one thread of the HTTP server, by route and status.
final class RequestMetrics: Sendable {
    /// The statuses that are told apart, and at the end anything else.
    private static let statuses = [
        200, 202, 204, 304, 400, 401, 403, 404, 405, 406, 408, 409, 411, 413, 414, 415, 417, 422, 429, 431, 500, 501,
        502, 503, 504, 505,
    ]

    /// By the endpoint's path, and at the end anything else, whatever a client asks for.
    private let counters: [[Counter]]

    /// - Parameter paths: those of the endpoints.
    init(_ factory: MetricRegistry, paths: [String]) {
        counters = (paths + ["other"]).map { path in
            (Self.statuses.map(String.init) + ["other"]).map { status in
                Counter(
                    label: MetricFamily.requests.name, dimensions: [("route", path), ("status", status)],
                    factory: factory)
            }
        }
    }

    /// - Parameter path: which of the endpoints' paths it is; nil if none.
    func answered(_ path: Int?, status: Int) {
        let path = path ?? counters.count - 1
        counters[path][Self.statuses.firstIndex(of: status) ?? Self.statuses.count].increment()
    }
}
