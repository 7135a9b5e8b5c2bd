import Testing

@testable import PrometheusMetrics

@Suite struct MetricRegistryTests {
    private static let counted = CounterFamily("a_total", "Counted.")
    private static let sparse = CounterFamily("b_total", omitsZero: true, "Seldom.")
    private static let gauge = GaugeFamily("c", "Now.")
    private static let timed = HistogramFamily("d_seconds", bounds: [1_000_000, 500_000_000], "How long.")
    private static let sparselyTimed = HistogramFamily("e_seconds", bounds: [1000], omitsZero: true, "Seldom timed.")

    private func text(_ fill: (MetricRegistry) -> Void) -> String {
        let registry = MetricRegistry([
            .counter(Self.counted), .counter(Self.sparse), .gauge(Self.gauge), .histogram(Self.timed),
            .histogram(Self.sparselyTimed),
        ])
        fill(registry)
        var text = PrometheusText()
        registry.write(into: &text)
        return text.text
    }

    @Test func countersOfTheSameSeriesAreAddedUp() {
        let text = text { registry in
            for amount in 1...3 {
                registry.counter(Self.counted, MetricLabels([("x", "1")])).increment(by: amount)
            }
            registry.counter(Self.counted, MetricLabels([("x", "2")])).increment(by: 0)
        }
        #expect(text == "# HELP a_total Counted.\n# TYPE a_total counter\na_total{x=\"1\"} 6\na_total{x=\"2\"} 0\n")
    }

    @Test func histogramsOfTheSameSeriesAreAddedUp() {
        let text = text { registry in
            for milliseconds in [1, 400] {
                registry.histogram(Self.timed, MetricLabels([("x", "1")])).record(nanoseconds: milliseconds * 1_000_000)
            }
        }
        #expect(
            text == """
                # HELP d_seconds How long.
                # TYPE d_seconds histogram
                d_seconds_bucket{x="1",le="0.001"} 1
                d_seconds_bucket{x="1",le="0.5"} 2
                d_seconds_bucket{x="1",le="+Inf"} 2
                d_seconds_sum{x="1"} 0.401
                d_seconds_count{x="1"} 2

                """)
    }

    @Test func theLastGaugeOfASeriesCounts() {
        let text = text { registry in
            registry.gauge(Self.gauge).set(3)
            let last = registry.gauge(Self.gauge)
            last.set(5)
            last.set(0.25)
        }
        #expect(text == "# HELP c Now.\n# TYPE c gauge\nc 0.25\n")
    }

    @Test func seriesThatNeverOccurAreLeftOutWhereThereAreMany() {
        let text = text { registry in
            _ = registry.counter(Self.sparse, MetricLabels([("x", "1")]))
            registry.counter(Self.sparse, MetricLabels([("x", "2")])).increment()
            _ = registry.histogram(Self.sparselyTimed, MetricLabels([("x", "1")]))
        }
        #expect(text.contains("# TYPE b_total counter\nb_total{x=\"2\"} 1\n"))
        #expect(text.hasSuffix("# TYPE e_seconds histogram\n"))
    }

    @Test func bucketsCountAllUpToTheirBound() {
        let text = text { registry in
            let histogram = registry.histogram(Self.timed)
            for nanoseconds in [1, 1_000_000, 1_000_001, 2_000_000_000] {
                histogram.record(nanoseconds: nanoseconds)
            }
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

    @Test func theTableGivesTheOrder() {
        let text = text { registry in
            registry.histogram(Self.timed).record(nanoseconds: 1)
            registry.gauge(Self.gauge).set(1)
            registry.counter(Self.counted).increment()
        }
        let kinds = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE") }
        #expect(kinds == ["# TYPE a_total counter", "# TYPE c gauge", "# TYPE d_seconds histogram"])
    }

    @Test func noLabelCanMakeALineOfItsOwn() {
        let text = text { registry in
            registry.gauge(Self.gauge, MetricLabels([("x", "a\"b\\c\nd 1")])).set(1.5)
        }
        #expect(text.hasSuffix("c{x=\"a\\\"b\\\\c\\nd 1\"} 1.5\n"))
        #expect(text.split(separator: "\n").count == 3)
    }

    @Test func aLongLabelIsCut() {
        #expect(MetricLabels([("x", String(repeating: "y", count: 1000))]).text.count == 128 + "x=\"\"".count)
        #expect(MetricLabels().adding("x", String(repeating: "y", count: 1000)).text.count == 128 + "x=\"\"".count)
    }

    @Test func whatIsNotInTheTableIsNotExportedAndTheNumberOfSeriesIsBounded() {
        let text = text { registry in
            registry.counter(CounterFamily("unknown_total", "In no table.")).increment()
            for number in 0..<(MetricRegistry.bound + 10) {
                registry.counter(Self.counted, MetricLabels([("x", String(number))])).increment()
            }
        }
        #expect(!text.contains("unknown_total"))
        // The one that is in no table has taken a place.
        #expect(text.split(separator: "\n").count { !$0.hasPrefix("#") } == MetricRegistry.bound - 1)
    }

    @Test func threadsThatCountTogetherLoseNothing() async {
        let registry = MetricRegistry([])
        let counter = registry.counter(Self.counted)
        let histogram = registry.histogram(Self.timed)
        await withDiscardingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.increment(by: 2)
                        histogram.record(nanoseconds: 2_000_000)
                    }
                }
            }
        }
        #expect(counter.value == 160_000)
        #expect(histogram.value.counts == [0, 80_000, 0])
        #expect(histogram.value.sum == 80_000 * 2_000_000)
    }
}
