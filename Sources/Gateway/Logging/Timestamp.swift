public import Foundation

/// Times as RFC 3339 has them, in UTC, to the millisecond.
public enum Timestamp {
    /// The time now.
    public static func now() -> String {
        text(Date())
    }

    /// A time.
    public static func text(_ date: Date) -> String {
        date.formatted(
            .iso8601.year().month().day().timeZone(separator: .omitted).time(includingFractionalSeconds: true))
    }
}
