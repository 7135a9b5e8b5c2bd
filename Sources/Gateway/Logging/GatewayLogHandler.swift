internal import Foundation
public import Logging

/// Writes log lines as JSON objects, or in a form for a person, to standard error.
public struct GatewayLogHandler: LogHandler {
    /// The least level that is written.
    public var logLevel: Logger.Level
    /// What every line carries.
    public var metadata: Logger.Metadata = [:]
    private let format: LogFormat
    private let output: LogOutput

    /// What a common line takes, to make room once.
    private static let lineCapacity = 1024

    /// A handler for standard error.
    ///
    /// - Parameters:
    ///   - format: the form of a line; nil for text on a terminal and JSON elsewhere.
    ///   - level: the least level that is written.
    public init(format: LogFormat?, level: Logger.Level) {
        self.init(format: format ?? Self.defaultFormat, level: level, destination: .standardError)
    }

    init(format: LogFormat, level: Logger.Level, destination: FileHandle) {
        self.format = format
        output = LogOutput(destination) { dropped in
            var fields = LogFields()
            fields.add("lines", dropped)
            return Self.line(
                .warning, "log lines were dropped, because they could not be written", fields, [:], as: format)
        }
        logLevel = level
    }

    private static var defaultFormat: LogFormat {
        isatty(FileHandle.standardError.fileDescriptor) == 1 ? .text : .json
    }

    /// One value that every line carries.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes what still waits.
    public func flush() {
        output.flush()
    }

    /// Writes one line.
    public func log(event: LogEvent) {
        let own = event.metadata ?? [:]
        let line =
            switch format {
            case .json: Self.json(event.level, event.message.description, metadata) { Self.write(own, to: &$0) }
            case .text: Self.text(event.level, event.message.description, metadata, own)
            }
        output.write(line, soon: event.level >= .error)
    }

    /// The beginning of a line to which fields are added; nil if lines are no JSON.
    func beginning(_ level: Logger.Level, _ message: String) -> JSONText? {
        format == .json ? Self.beginning(level, message, metadata) : nil
    }

    /// Writes a line that was begun here.
    func write(_ line: [UInt8], _ level: Logger.Level) {
        output.write(line, soon: level >= .error)
    }

    /// Writes a line of fields: no event and no metadata is made of them.
    func log(_ level: Logger.Level, _ message: String, _ fields: LogFields) {
        output.write(Self.line(level, message, fields, metadata, as: format), soon: level >= .error)
    }

    private static func line(
        _ level: Logger.Level, _ message: String, _ fields: LogFields, _ metadata: Logger.Metadata,
        as format: LogFormat
    ) -> [UInt8] {
        switch format {
        case .json: json(level, message, metadata) { fields.write(to: &$0) }
        case .text: text(level, message, metadata, fields.metadata)
        }
    }

    private static func json(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, _ fields: (inout JSONText) -> Void
    ) -> [UInt8] {
        var json = beginning(level, message, metadata)
        fields(&json)
        return json.line
    }

    private static func beginning(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata
    ) -> JSONText {
        var json = JSONText(line: lineCapacity)
        json.member(.time, Timestamp.now())
        json.member(.level, level.rawValue)
        json.member(.message, message)
        write(metadata, to: &json)
        return json
    }

    private static func write(_ metadata: Logger.Metadata, to json: inout JSONText) {
        // Nearly always there is none, and to sort nothing costs something.
        guard !metadata.isEmpty else { return }
        // In one order, whatever order the dictionary has this time.
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            if let fields = LogFields(value) {
                fields.write(to: &json)
            } else {
                json.member(dynamic: key, LogField.bounded(value.description))
            }
        }
    }

    private static func text(
        _ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, _ own: Logger.Metadata
    ) -> [UInt8] {
        var line = "\(Timestamp.now()) \(level.rawValue) \(message)"
        for (key, value) in texts(metadata) + texts(own) {
            // Quoted, so that no value can look like a line or a field of its own.
            let plain = value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
            line += " \(key)=" + (plain ? value : value.debugDescription)
        }
        return Array((line + "\n").utf8)
    }

    /// Each field with its name and as much of its value as is written: those of metadata by name, those of ``LogFields`` in
    /// their order.
    static func texts(_ metadata: Logger.Metadata) -> [(String, String)] {
        metadata.sorted { $0.key < $1.key }.flatMap { key, value in
            LogFields(value)?.texts ?? [(key, LogField.bounded(value.description))]
        }
    }
}
