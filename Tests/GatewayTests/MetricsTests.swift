import PrometheusMetrics
import Testing

@testable import Gateway

@Suite struct MetricsTests {
    @Test func noMetricStandsInTheTableTwice() {
        #expect(Set(MetricFamily.all.map(\.name)).count == MetricFamily.all.count)
    }

    /// Above nine seconds a duration has more attoseconds than an Int holds.
    @Test(arguments: [
        (Duration.nanoseconds(9_223_372_036), 9_223_372_036), (.nanoseconds(9_223_372_037), 9_223_372_037),
        (.seconds(3600) + .nanoseconds(1), 3_600_000_000_001), (.zero, 0), (.nanoseconds(-1), -1),
    ]) func aDurationHasWholeNanoseconds(_ duration: Duration, _ nanoseconds: Int) {
        #expect(duration.nanoseconds == nanoseconds)
    }

    @Test func requestsHaveOnlyRoutesAndStatusesThatAreKnown() {
        let registry = MetricRegistry(MetricFamily.all)
        let page = Endpoint.page("GET", "/sandbox/messages/{id}") { _ in HealthResponse.live }
        let table = EndpointTable([.messages("/messages", in: JSONDialect()), page])
        let requests = RequestMetrics(registry, paths: table.paths)
        for (path, status) in [("/messages", 200), ("/sandbox/messages/17", 200), ("/wp-login.php\nx", 418)] {
            requests.answered(table.index(of: path), status: status, after: .milliseconds(3))
        }
        var text = PrometheusText()
        registry.write(into: &text)
        let lines = text.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        let times = lines.filter { $0.hasPrefix("postern_http_request_seconds_count") }
        #expect(
            times == [
                "postern_http_request_seconds_count{route=\"/messages\",status=\"2xx\"} 1",
                "postern_http_request_seconds_count{route=\"/sandbox/messages/{id}\",status=\"2xx\"} 1",
                "postern_http_request_seconds_count{route=\"other\",status=\"4xx\"} 1",
            ])
        #expect(
            lines.filter { $0.hasPrefix("postern_http_requests_total") } == [
                "postern_http_requests_total{route=\"/messages\",status=\"200\"} 1",
                "postern_http_requests_total{route=\"/sandbox/messages/{id}\",status=\"200\"} 1",
                "postern_http_requests_total{route=\"other\",status=\"other\"} 1",
            ])
    }
}
