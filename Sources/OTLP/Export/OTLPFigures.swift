/// What became of spans.
public struct OTLPFigures: Sendable, Hashable {
    /// How many spans the collector accepted.
    public var exported: Int
    /// How many spans were not sent because the queue was full, or because the exporter shut down.
    public var dropped: Int
    /// How many spans the collector rejected, or were given up after failed requests.
    public var failed: Int

    /// Makes figures.
    public init(exported: Int = 0, dropped: Int = 0, failed: Int = 0) {
        self.exported = exported
        self.dropped = dropped
        self.failed = failed
    }

    /// What came since earlier figures.
    static func - (later: OTLPFigures, earlier: OTLPFigures) -> OTLPFigures {
        OTLPFigures(
            exported: later.exported - earlier.exported, dropped: later.dropped - earlier.dropped,
            failed: later.failed - earlier.failed)
    }
}
