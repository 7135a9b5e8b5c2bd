internal import Logging

/// Counts records that had to go before their time, and tells the log of it now and then.
struct Evictions {
    /// How often the log is told at most.
    private static let interval: Duration = .seconds(60)

    private let logger: Logger
    private(set) var count = 0
    /// Those that the log has not been told of.
    private var untold = 0
    private var nextLine: ContinuousClock.Instant?

    init(logger: Logger) {
        self.logger = logger
    }

    mutating func add(_ number: Int, _ now: ContinuousClock.Instant) {
        count += number
        untold += number
        guard untold > 0, nextLine.map({ $0 <= now }) ?? true else { return }
        nextLine = now + Self.interval
        logger.warning(
            "records of Idempotency-Keys were removed early; raise POSTERN_IDEMPOTENCY_BYTES",
            metadata: ["records": "\(untold)"])
        untold = 0
    }
}
