internal import Foundation

/// A date and time of the internet (RFC 3339, section 5.6), such as `2026-11-29T09:00:00Z` or `2026-11-29T10:00:00.25+01:00`.
struct InternetTime: Equatable, Sendable {
    let date: Date

    /// Reads a time. Nil if it is malformed, or if there is no such date.
    ///
    /// Fractions of a second may have any number of digits. A leap second is the one before it: seconds since 1970 have no
    /// other name for it.
    init?(_ text: String) {
        var rest = Substring(text).utf8
        guard let year = Self.number(&rest, digits: 4), Self.take(&rest, "-"),
            let month = Self.number(&rest, digits: 2), (1...12).contains(month), Self.take(&rest, "-"),
            let day = Self.number(&rest, digits: 2), (1...Self.days(of: month, year)).contains(day),
            Self.take(&rest, "Tt"),
            let hour = Self.number(&rest, digits: 2), hour < 24, Self.take(&rest, ":"),
            let minute = Self.number(&rest, digits: 2), minute < 60, Self.take(&rest, ":"),
            let second = Self.number(&rest, digits: 2), second <= 60,
            let fraction = Self.fraction(&rest), let offset = Self.offset(&rest), rest.isEmpty
        else { return nil }
        let whole = (hour * 60 + minute - offset) * 60 + min(second, 59)
        let midnight = Self.daysSince1970(year, month, day) * 86_400
        date = Date(timeIntervalSince1970: Double(midnight + whole) + fraction)
    }

    private static func take(_ rest: inout Substring.UTF8View, _ expected: String) -> Bool {
        guard let first = rest.first, expected.utf8.contains(first) else { return false }
        rest.removeFirst()
        return true
    }

    private static func number(_ rest: inout Substring.UTF8View, digits: Int) -> Int? {
        let octets = rest.prefix(digits)
        guard octets.count == digits, octets.allSatisfy(isDigit) else { return nil }
        rest.removeFirst(digits)
        return octets.reduce(0) { $0 * 10 + Int($1 &- UInt8(ascii: "0")) }
    }

    private static func isDigit(_ octet: UInt8) -> Bool { octet &- UInt8(ascii: "0") < 10 }

    /// The fraction of a second, 0 if none is given.
    private static func fraction(_ rest: inout Substring.UTF8View) -> Double? {
        guard take(&rest, ".") else { return 0 }
        let digits = rest.prefix(while: isDigit)
        guard !digits.isEmpty else { return nil }
        rest = rest[digits.endIndex...]
        return Double("0.\(Substring(digits))")
    }

    /// Minutes east of UTC.
    private static func offset(_ rest: inout Substring.UTF8View) -> Int? {
        if take(&rest, "Zz") { return 0 }
        let isWest = rest.first == UInt8(ascii: "-")
        guard take(&rest, "+-"), let hours = number(&rest, digits: 2), hours < 24, take(&rest, ":"),
            let minutes = number(&rest, digits: 2), minutes < 60
        else { return nil }
        return (isWest ? -1 : 1) * (hours * 60 + minutes)
    }

    private static func days(of month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1 January 1970 in the Gregorian calendar. Years are counted from March, so that the leap day is the last of
    /// a year; 719,468 days lie between 1 March of the year 0 and 1 January 1970.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month > 2 ? year : year - 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        // The year before the year 0 is rounded down, as all others are.
        let leapDays = (year + 400) / 4 - (year + 400) / 100 + (year + 400) / 400 - 97
        return 365 * year + leapDays + dayOfYear - 719_468
    }
}
