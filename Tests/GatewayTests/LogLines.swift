import Logging
import Synchronization

@testable import Gateway

/// Keeps log lines as values.
final class LogLines: Sendable {
    struct Line {
        let level: Logger.Level
        let message: String
        let metadata: [String: String]
        /// The names of the fields, in their order.
        let names: [String]
    }

    private let lines = Mutex<[Line]>([])

    var all: [Line] { lines.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

    private struct Handler: LogHandler {
        let lines: LogLines
        var logLevel = Logger.Level.debug
        var metadata: Logger.Metadata = [:]

        init(lines: LogLines) {
            self.lines = lines
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = GatewayLogHandler.texts(metadata) + GatewayLogHandler.texts(event.metadata ?? [:])
            let line = Line(
                level: event.level, message: event.message.description, metadata: Dictionary(fields) { $1 },
                names: fields.map(\.0))
            lines.lines.withLock { $0.append(line) }
        }
    }
}
