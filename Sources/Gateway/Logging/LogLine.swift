internal import Logging

/// A line of the log that is being made.
///
/// A line is written for every message. So where the log is JSON, each field is written as soon as it is added; for other forms
/// the fields are kept.
///
///     var line = LogLine(.info, "message accepted", of: handler)
///     line.add(.messageID, message.id)
///     line.write(to: handler, logger)
struct LogLine: ~Copyable {
    private let level: Logger.Level
    private let message: String
    /// The line so far; nil if the log has another form.
    private var json: JSONText?
    /// The fields, if the log has another form.
    private var fields = LogFields()

    /// Begins a line.
    ///
    /// - Parameter handler: what writes it; nil if that is not our own.
    init(_ level: Logger.Level, _ message: String, of handler: GatewayLogHandler?) {
        self.level = level
        self.message = message
        json = handler?.beginning(level, message)
    }

    mutating func add(_ name: JSONText.Name, _ text: String) {
        if json?.field(name, text) == nil { fields.add(name, text) }
    }

    mutating func add(_ name: JSONText.Name, _ number: Int) {
        if json?.member(name, number) == nil { fields.add(name, number) }
    }

    mutating func add(_ name: JSONText.Name, _ duration: Duration) {
        if json?.field(name, duration) == nil { fields.add(name, duration) }
    }

    /// Writes the line.
    ///
    /// - Parameters:
    ///   - handler: what it was begun for.
    ///   - logger: writes it if there is no handler of our own.
    consuming func write(to handler: GatewayLogHandler?, _ logger: Logger) {
        guard let handler else {
            return logger.log(level: level, "\(message)", metadata: fields.metadata)
        }
        if let json = json.take() { handler.write(json.line, level) } else { handler.log(level, message, fields) }
    }
}
