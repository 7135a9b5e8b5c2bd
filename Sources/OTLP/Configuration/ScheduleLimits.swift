/// When spans are sent, and how many wait.
struct ScheduleLimits: Sendable, Hashable {
    /// How long a span waits for others at most, if no request is open.
    var delay: Duration = .seconds(5)
    /// How many spans wait at most.
    var queueSize = 2048
    /// How many spans a request has at most.
    var batchSize = 512
    /// How long an attempt to send a batch may take. ``ExportSchedule/maximumAttempts`` times as long after its first
    /// attempt, a batch is given up.
    var exportTimeout: Duration = .seconds(30)

    init() {}

    /// Reads OTEL_BSP_….
    init(_ environment: EnvironmentReader) throws(OTLPConfigurationError) {
        delay = try environment.milliseconds(["OTEL_BSP_SCHEDULE_DELAY"], in: 0...3_600_000, default: 5000)
        queueSize = try environment.number(["OTEL_BSP_MAX_QUEUE_SIZE"], in: 1...65_536, default: queueSize)
        // The specification wants a batch to be no larger than the queue.
        batchSize = try environment.number(
            ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"], in: 1...queueSize, default: min(batchSize, queueSize))
        exportTimeout = try environment.milliseconds(["OTEL_BSP_EXPORT_TIMEOUT"], in: 1...600_000, default: 30_000)
    }
}
