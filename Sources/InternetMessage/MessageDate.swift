internal import OctetSearch

/// A moment as it is written in `Date:` (RFC 5322, section 3.3), for example `Tue, 1 Jul 2025 08:30:00 +0000`.
public struct MessageDate: Hashable, Sendable, CustomStringConvertible {
    /// The first moment that can be written, 2 January 1900 (1 January in every zone), in seconds since 1970 UTC.
    public static let minimumSeconds: Int64 = -2_208_902_400
    /// The last moment that can be written with a year of four digits, 31 December 9998, in seconds since 1970 UTC.
    public static let maximumSeconds: Int64 = 253_370_764_799

    /// Seconds since 1 January 1970 UTC.
    public let seconds: Int64
    /// The zone in minutes east of UTC, −1439 to 1439.
    public let offsetMinutes: Int
    /// Whether the zone says nothing about where the moment was written down, and is then `-0000` (RFC 5322, section 3.3).
    public let hasUnknownZone: Bool

    /// Takes a moment; what cannot be written is moved to the nearest that can.
    public init(seconds: Int64, offsetMinutes: Int = 0) {
        self.seconds = min(max(seconds, Self.minimumSeconds), Self.maximumSeconds)
        self.offsetMinutes = min(max(offsetMinutes, -1439), 1439)
        hasUnknownZone = false
    }

    /// A moment whose local time zone is not known (RFC 5322, section 3.3: `-0000`).
    init(secondsInUnknownZone seconds: Int64) {
        self.seconds = min(max(seconds, Self.minimumSeconds), Self.maximumSeconds)
        offsetMinutes = 0
        hasUnknownZone = true
    }

    /// The date-time of RFC 5322, section 3.3.
    public var description: String {
        var octets: [UInt8] = []
        append(to: &octets)
        return String(decoding: octets, as: UTF8.self)
    }

    /// Appends `description` as ASCII.
    func append(to octets: inout [UInt8]) {
        let local = seconds + Int64(offsetMinutes) * 60
        let (days, secondOfDay) = Self.floorDivided(local, 86_400)
        // 1 January 1970 was a Thursday.
        let weekday = Self.floorDivided(days + 4, 7).remainder
        let (year, month, day) = Self.civil(fromDays: days)
        var text = Text()
        text.append(Self.weekdays[Int(weekday)])
        text.append(day, digits: day < 10 ? 1 : 2)
        text.append(Self.months[Int(month) - 1])
        text.append(year, digits: 4)
        text.append(UInt8(ascii: " "))
        text.append(secondOfDay / 3600, digits: 2)
        text.append(UInt8(ascii: ":"))
        text.append(secondOfDay / 60 % 60, digits: 2)
        text.append(UInt8(ascii: ":"))
        text.append(secondOfDay % 60, digits: 2)
        text.append(UInt8(ascii: " "))
        text.append(offsetMinutes < 0 || hasUnknownZone ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        let zone = Int64(offsetMinutes.magnitude)
        text.append(zone / 60 * 100 + zone % 60, digits: 4)
        octets.append(copying: text.octets.span.extracting(0..<text.count))
    }

    /// What has been written of a date. To append each octet to an array takes several times as long.
    private struct Text {
        /// As many as the longest date has.
        var octets = InlineArray<31, UInt8>(repeating: 0)
        var count = 0

        mutating func append(_ octet: UInt8) {
            octets[count] = octet
            count += 1
        }

        mutating func append(_ name: String) {
            let utf8 = name.utf8
            let name = utf8.span
            for index in name.indices { append(name[index]) }
        }

        mutating func append(_ number: Int64, digits: Int) {
            // Four digits at most, so 32 bits are enough, and their division is much cheaper.
            let number = UInt32(truncatingIfNeeded: number)
            if digits > 3 { append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 1000 % 10)) }
            if digits > 2 { append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 100 % 10)) }
            if digits > 1 { append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10 % 10)) }
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
        }
    }

    static let weekdays = ["Sun, ", "Mon, ", "Tue, ", "Wed, ", "Thu, ", "Fri, ", "Sat, "]
    static let months = [
        " Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ", " Jul ", " Aug ", " Sep ", " Oct ", " Nov ", " Dec ",
    ]

    /// The date in the Gregorian calendar. Years are counted from March, so that the leap day is the last of a year.
    static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let daysOf400Years: Int64 = 146_097
        // 719,468 days lie between 1 March of the year 0 and 1 January 1970.
        let (era, dayOfEra) = floorDivided(days + 719_468, daysOf400Years)
        let leapDays = dayOfEra / 1_460 - dayOfEra / 36_524 + dayOfEra / (daysOf400Years - 1)
        let yearOfEra = (dayOfEra - leapDays) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func floorDivided(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
