public import Logging
internal import Synchronization

/// A log whose lines a test reads.
public final class KeptLog: Sendable {
    private let lines = Mutex<[(level: Logger.Level, text: String)]>([])

    /// An empty log.
    public init() {}

    /// All lines with their levels; the metadata of each stands behind its message.
    public var all: [(level: Logger.Level, text: String)] { lines.withLock { $0 } }

    /// How many lines of a level there are.
    public func count(_ level: Logger.Level) -> Int { all.count { $0.level == level } }

    /// What writes into it, from level `debug` on.
    public var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: KeptLog
        var logLevel = Logger.Level.debug
        var metadata: Logger.Metadata = [:]

        init(log: KeptLog) {
            self.log = log
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.lines.withLock { $0.append((event.level, "\(event.message) \(event.metadata ?? [:])")) }
        }
    }
}
