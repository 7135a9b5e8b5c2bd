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
            last.text = text(last.prefix, UInt32(truncatingIfNeeded: millisecond - second * 1000))
            return last.text
        }
    }

    /// Under load, this is made for nearly every line: the text takes one step and no pieces.
    private static func text(_ prefix: String, _ millisecond: UInt32) -> String {
        var octets: [UInt8] = []
        octets.reserveCapacity(24)
        octets.append(contentsOf: prefix.utf8)
        for digit in [millisecond / 100, millisecond / 10 % 10, millisecond % 10] {
            octets.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit))
        }
        octets.append(UInt8(ascii: "Z"))
        return String(decoding: octets, as: UTF8.self)
    }
}
