internal import PrometheusMetrics

/// Counts the answered requests of one thread of the HTTP server, by route and status, and how long each took.
final class RequestMetrics: Sendable {
    /// The statuses that are told apart, and at the end anything else.
    private static let statuses = [
        200, 202, 204, 304, 400, 401, 403, 404, 405, 406, 408, 409, 411, 413, 414, 415, 417, 422, 429, 431, 500, 501,
        502, 503, 504, 505,
    ]

    /// By the endpoint's path, and at the end anything else, whatever a client asks for.
    private let counters: [[Counter]]
    /// The same by the first digit of the status, from 1 to 5.
    private let times: [[Histogram]]

    /// - Parameter paths: those of the endpoints.
    init(_ registry: MetricRegistry, paths: [String]) {
        counters = (paths + ["other"]).map { path in
            (Self.statuses.map(String.init) + ["other"]).map { status in
                registry.counter(.requests, MetricLabels([("route", path), ("status", status)]))
            }
        }
        times = (paths + ["other"]).map { path in
            (1...5).map { digit in
                registry.histogram(.requestTime, MetricLabels([("route", path), ("status", "\(digit)xx")]))
            }
        }
    }

    /// - Parameters:
    ///   - path: which of the endpoints' paths it is; nil if none.
    ///   - time: from the arrival of the header section to the response; nil if there was no header section.
    func answered(_ path: Int?, status: Int, after time: Duration?) {
        let path = path ?? counters.count - 1
        counters[path][Self.statuses.firstIndex(of: status) ?? Self.statuses.count].increment()
        if let time, (100..<600).contains(status) {
            times[path][status / 100 - 1].record(nanoseconds: time.nanoseconds)
        }
    }
}
