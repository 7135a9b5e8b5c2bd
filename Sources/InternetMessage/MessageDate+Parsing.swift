extension MessageDate {
    /// Reads a date-time of RFC 5322, section 3.3, such as `Tue, 1 Jul 2025 08:30:00 +0200`.
    ///
    /// Day of the week and seconds may be left out, and comments may stand anywhere, as in `+0000 (UTC)`. The obsolete zones
    /// of RFC 5322, section 4.3, are understood: `GMT`, `UT`, `UTC`, `EST` to `PDT`, and single letters, which say nothing.
    /// Others mean different things to different readers.
    ///
    /// Throws a `HeaderError` with the reason `invalidValue`, also where the day of the week is another.
    public init(parsing text: String) throws(HeaderError) {
        guard let date = Self.read(try HeaderScanner.withoutComments(text)) else {
            throw HeaderError(
                .invalidValue,
                "this header holds a date such as Tue, 1 Jul 2025 08:30:00 +0000, from 1900 on, with a zone in digits and the "
                    + "right day of the week; leave it out for now")
        }
        self = date
    }

    private static func read(_ text: String) -> MessageDate? {
        let sides = text.split(separator: ",", omittingEmptySubsequences: false)
        guard sides.count <= 2, let rest = sides.last else { return nil }
        let words = rest.split { $0 == " " || $0 == "\t" }
        guard words.count == 5, let day = number(words[0], digits: 1...2),
            let month = months.firstIndex(where: { $0.dropFirst().dropLast().lowercased() == words[1].lowercased() }),
            let year = number(words[2], digits: 4...4), let time = secondOfDay(words[3]), let offset = zone(words[4])
        else { return nil }
        let days = days(year, Int64(month) + 1, day)
        let found = civil(fromDays: days)
        guard found.day == day, found.month == Int64(month) + 1 else { return nil }
        let seconds = days * 86_400 + time - Int64(offset) * 60
        guard (minimumSeconds...maximumSeconds).contains(seconds) else { return nil }
        let date =
            isUnknownZone(words[4])
            ? MessageDate(secondsInUnknownZone: seconds) : MessageDate(seconds: seconds, offsetMinutes: offset)
        if sides.count == 2 {
            let weekday = sides[0].filter { $0 != " " && $0 != "\t" }
            guard weekday.lowercased() == date.description.prefix(3).lowercased() else { return nil }
        }
        return date
    }

    private static func number(_ text: Substring, digits: ClosedRange<Int>) -> Int64? {
        guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else {
            return nil
        }
        return Int64(text)
    }

    /// `hh:mm` or `hh:mm:ss`. A leap second is the one before it: seconds since 1970 have no other name for it.
    private static func secondOfDay(_ text: Substring) -> Int64? {
        let pieces = text.split(separator: ":", omittingEmptySubsequences: false)
        guard pieces.count == 2 || pieces.count == 3, let hour = number(pieces[0], digits: 2...2), hour < 24,
            let minute = number(pieces[1], digits: 2...2), minute < 60
        else { return nil }
        guard pieces.count == 3 else { return hour * 3600 + minute * 60 }
        guard let second = number(pieces[2], digits: 2...2), second <= 60 else { return nil }
        return hour * 3600 + minute * 60 + min(second, 59)
    }

    /// Hours east of UTC (RFC 5322, section 4.3).
    private static let zones = [
        "GMT": 0, "UT": 0, "UTC": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8,
        "PDT": -7,
    ]

    /// Whether a zone says UTC and nothing of where that was: `-0000` and the military letters, which were once defined the
    /// wrong way round (RFC 5322, section 4.3).
    private static func isUnknownZone(_ text: Substring) -> Bool {
        if text == "-0000" { return true }
        guard text.utf8.count == 1, let letter = text.utf8.first else { return false }
        return (letter | 0x20) &- UInt8(ascii: "a") < 26 && letter | 0x20 != UInt8(ascii: "j")
    }

    /// Minutes east of UTC.
    private static func zone(_ text: Substring) -> Int? {
        if let hours = zones[text.uppercased()] { return hours * 60 }
        if isUnknownZone(text) { return 0 }
        guard text.hasPrefix("+") || text.hasPrefix("-"), let value = number(text.dropFirst(), digits: 4...4),
            value % 100 < 60, value < 2400
        else { return nil }
        let minutes = Int(value / 100 * 60 + value % 100)
        return text.hasPrefix("-") ? -minutes : minutes
    }

    /// Days since 1 January 1970 in the Gregorian calendar, the years counted from March as in `civil`.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }
}
