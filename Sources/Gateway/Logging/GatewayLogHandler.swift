internal import Foundation
public import Logging

/// Writes log lines as JSON objects, or in a form for a person, to standard error.
public struct GatewayLogHandler: LogHandler {
    /// Characters of a value that are written at most.
    static let bound = 1000

    /// The least level that is written.
    public var logLevel: Logger.Level
    /// What every line carries.
    public var metadata: Logger.Metadata = [:]
    private let format: GatewayConfiguration.LogFormat
    private let output: LogOutput

    /// A handler for standard error.
    ///
    /// - Parameters:
    ///   - format: the form of a line; nil for text on a terminal and JSON elsewhere.
    ///   - level: the least level that is written.
    public init(format: GatewayConfiguration.LogFormat?, level: Logger.Level) {
        self.init(format: format ?? Self.defaultFormat, level: level, output: LogOutput(.standardError))
    }

    init(format: GatewayConfiguration.LogFormat, level: Logger.Level, output: LogOutput) {
        self.format = format
        self.output = output
        logLevel = level
    }

    private static var defaultFormat: GatewayConfiguration.LogFormat {
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
        var fields = Self.fields(metadata)
        if let own = event.metadata { fields += Self.fields(own) }
        let line =
            switch format {
            case .json: Self.json(event, fields)
            case .text: Self.text(event, fields)
            }
        output.write(line, now: event.level >= .error)
    }

    private static func json(_ event: LogEvent, _ fields: [(String, String)]) -> [UInt8] {
        var json = JSONText()
        json.object { json in
            json.member("time", Timestamp.now())
            json.member("level", event.level.rawValue)
            json.member("message", event.message.description)
            for (key, value) in fields { json.member(dynamic: key, bounded(value)) }
        }
        return json.bytes + [UInt8(ascii: "\n")]
    }

    private static func text(_ event: LogEvent, _ fields: [(String, String)]) -> [UInt8] {
        let fields = fields.sorted { $0.0 < $1.0 }
        var line = "\(Timestamp.now()) \(event.level.rawValue) \(event.message)"
        for (key, value) in fields {
            // Quoted, so that no value can look like a line or a field of its own.
            let plain = value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }
            line += " \(key)=" + (plain ? bounded(value) : bounded(value).debugDescription)
        }
        return Array((line + "\n").utf8)
    }

    private static func fields(_ metadata: Logger.Metadata) -> [(String, String)] {
        metadata.map { key, value in
            if case .string(let text) = value { (key, text) } else { (key, value.description) }
        }
    }

    private static func bounded(_ value: String) -> String {
        value.utf8.count <= bound ? value : value.prefix(bound) + "…"
    }
}
