/// What a setting's value looks like: how it is checked, and its unit in the documentation.
public enum SettingKind: Hashable, Sendable {
    /// Any text.
    case text
    /// One of some words.
    case choice([String])
    /// `true` or `false`.
    case flag
    /// A whole number of things.
    case number(ClosedRange<Int>)
    /// A whole number of octets.
    case bytes(ClosedRange<Int>)
    /// A time such as `500ms`, `30s`, `10m` or `1h`, a day at most.
    case time
    /// A time that may be none: `0s`.
    case delay
    /// How many messages in which times: `14`, `14/s` or `14/s 500/h 2000/d`.
    case rates
    /// The path of a file.
    case file
    /// Several values, separated by commas or lines; a list in a configuration file.
    case list

    /// The unit, as the documentation has it.
    public var unit: String {
        switch self {
        case .text: "text"
        case .choice(let words): words.joined(separator: ", ")
        case .flag: "true or false"
        case .number(let range): "number, \(range.lowerBound) to \(range.upperBound)"
        case .bytes(let range): "bytes, \(range.lowerBound) to \(range.upperBound)"
        case .time: "time"
        case .delay: "time, or 0s"
        case .rates: "rates such as 14/s 500/h 2000/d"
        case .file: "path of a file"
        case .list: "list"
        }
    }

    /// What is wrong with a value and how to write it; nil if it is right.
    func fault(in text: String) -> String? {
        switch self {
        case .text, .file, .list: nil
        case .choice(let words): words.contains(text) ? nil : "is none of \(unit)"
        case .flag: Self.flag(text) == nil ? "is neither true nor false" : nil
        case .number(let range), .bytes(let range):
            Int(text).map(range.contains) ?? false
                ? nil : "is not a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .rates where Rate.list(text) != nil: nil
        case .rates: "is not a rate; write 14/s, or several rates separated by spaces, such as 14/s 500/h 2000/d"
        case .delay:
            Self.delay(text) == nil ? "is not a time; write 0s, 500ms, 30s, 10m or 1h, a day at most" : nil
        case .time: Self.time(text) == nil ? "is not a time; write 500ms, 30s, 10m or 1h, a day at most" : nil
        }
    }

    package static func flag(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "1": true
        case "false", "no", "0": false
        default: nil
        }
    }

    package static func delay(_ text: String) -> Duration? {
        text == "0s" ? .zero : time(text)
    }

    package static func time(_ text: String) -> Duration? {
        let units: [(String, Int)] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]
        for (unit, milliseconds) in units where text.hasSuffix(unit) {
            if let value = Int(text.dropLast(unit.count)), value > 0, value <= 86_400_000 / milliseconds {
                return .milliseconds(value * milliseconds)
            }
        }
        return nil
    }
}
