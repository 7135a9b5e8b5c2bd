public import Foundation
internal import Synchronization

/// Times as RFC 3339 has them, in UTC, to the millisecond.
public enum Timestamp {
    /// The last time that was written: under load, many lines share a millisecond, and thousands a second.
    private static let last = Mutex<(millisecond: Int, text: String, second: Int, prefix: String)>((.min, "", .min, ""))

    /// The time now.
    public static func now() -> String {
        text(Date())
    }

    /// A time.
    public static func text(_ date: Date) -> String {
        let millisecond = Int((date.timeIntervalSince1970 * 1000).rounded(.down))
        return last.withLock { last in
            if last.millisecond == millisecond { return last.text }
            let second = millisecond / 1000
            if last.second != second {
                let start = Date(timeIntervalSince1970: Double(second)).formatted(.iso8601)
                last.second = second
                // Without the Z, which comes behind the fraction.
                last.prefix = start.dropLast() + "."
            }
            last.millisecond = millisecond
            last.text = last.prefix + String(millisecond % 1000 + 1000).dropFirst() + "Z"
            return last.text
        }
    }
}
