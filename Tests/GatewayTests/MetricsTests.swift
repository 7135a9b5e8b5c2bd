import CoreMetrics
import Testing

@testable import Gateway

@Suite struct MetricsTests {
    private static let counted = MetricFamily("a_total", .counter, "Counted.")
    private static let sparse = MetricFamily("b_total", .counter, omitsZero: true, "Seldom.")
    private static let gauge = MetricFamily("c", .gauge, "Now.")
    private static let timed = MetricFamily("d_seconds", .histogram([1_000_000, 500_000_000]), "How long.")

    private func text(_ fill: (MetricRegistry) -> Void) -> String {
        let families = [Self.counted, Self.sparse, Self.gauge, Self.timed]
        let registry = MetricRegistry(families)
        fill(registry)
        var text = PrometheusText()
        registry.write(families, into: &text)
        return text.text
    }

    @Test func cellsOfTheSameSeriesAreAddedUp() {
        let text = text { registry in
            for amount in 1...3 {
                Counter(label: "a_total", dimensions: [("x", "1")], factory: registry).increment(by: amount)
            }
            Counter(label: "a_total", dimensions: [("x", "2")], factory: registry).increment(by: 0)
        }
        #expect(text == "# HELP a_total Counted.\n# TYPE a_total counter\na_total{x=\"1\"} 6\na_total{x=\"2\"} 0\n")
    }

    @Test func seriesThatNeverOccurAreLeftOutWhereThereAreMany() {
        let text = text { registry in
            _ = Counter(label: "b_total", dimensions: [("x", "1")], factory: registry)
            Counter(label: "b_total", dimensions: [("x", "2")], factory: registry).increment()
        }
        #expect(text.hasSuffix("# TYPE b_total counter\nb_total{x=\"2\"} 1\n"))
    }

    @Test func bucketsCountAllBelowTheirBound() {
        let text = text { registry in
            let timer = Timer(label: "d_seconds", factory: registry)
            for nanoseconds: Int64 in [1, 1_000_000, 1_000_001, 2_000_000_000] { timer.recordNanoseconds(nanoseconds) }
        }
        #expect(
            text.hasSuffix(
                """
                # TYPE d_seconds histogram
                d_seconds_bucket{le="0.001"} 2
                d_seconds_bucket{le="0.5"} 3
                d_seconds_bucket{le="+Inf"} 4
                d_seconds_sum 2.002000002
                d_seconds_count 4

                """))
    }

    @Test func noLabelCanMakeALineOfItsOwn() {
        let text = text { registry in
            Recorder(label: "c", dimensions: [("x", "a\"b\\c\nd 1")], aggregate: false, factory: registry).record(1.5)
        }
        #expect(text.hasSuffix("c{x=\"a\\\"b\\\\c\\nd 1\"} 1.5\n"))
        #expect(text.split(separator: "\n").count == 3)
    }

    @Test func whatIsNotDescribedIsNotExportedAndTheNumberOfSeriesIsBounded() {
        let text = text { registry in
            Counter(label: "unknown_total", factory: registry).increment()
            for number in 0..<(MetricRegistry.bound + 10) {
                Counter(label: "a_total", dimensions: [("x", String(number))], factory: registry).increment()
            }
        }
        #expect(!text.contains("unknown_total"))
        #expect(text.split(separator: "\n").count { !$0.hasPrefix("#") } == MetricRegistry.bound)
    }

    @Test func requestsHaveOnlyRoutesAndStatusesThatAreKnown() {
        let registry = MetricRegistry()
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
