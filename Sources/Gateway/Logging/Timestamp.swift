public import Foundation
internal import Synchronization

/// Times as RFC 3339 has them, in UTC, to the millisecond.
public enum Timestamp {
    /// The last second that was formatted, up to its dot: under load, thousands of lines share it.
    private static let lastSecond = Mutex<(second: Int, text: String)>((Int.min, ""))

    /// The time now.
    public static func now() -> String {
        text(Date())
    }

    /// A time.
    public static func text(_ date: Date) -> String {
        let milliseconds = Int((date.timeIntervalSince1970 * 1000).rounded(.down))
        let (second, fraction) = (milliseconds / 1000, milliseconds % 1000)
        let prefix = lastSecond.withLock { last in
            if last.second != second {
                let start = Date(timeIntervalSince1970: Double(second)).formatted(.iso8601)
                // Without the Z, which comes behind the fraction.
                last = (second, start.dropLast() + ".")
            }
            return last.text
        }
        return prefix + String(fraction + 1000).dropFirst() + "Z"
    }
}
