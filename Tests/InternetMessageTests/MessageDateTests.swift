import Foundation
import InternetMessage
import Testing

@Suite struct MessageDateTests {
    @Test(arguments: [
        (0, 0, "Thu, 1 Jan 1970 00:00:00 +0000"),
        (-1, 0, "Wed, 31 Dec 1969 23:59:59 +0000"),
        (951_782_400, 0, "Tue, 29 Feb 2000 00:00:00 +0000"),
        (1_751_358_600, 120, "Tue, 1 Jul 2025 10:30:00 +0200"),
        (1_751_358_600, -570, "Mon, 30 Jun 2025 23:00:00 -0930"),
        (4_107_542_399, 0, "Sun, 28 Feb 2100 23:59:59 +0000"),
        (4_107_542_400, 0, "Mon, 1 Mar 2100 00:00:00 +0000"),
        (Int64.min, -1439, "Mon, 1 Jan 1900 00:01:00 -2359"),
        (Int64.max, 1439, "Fri, 1 Jan 9999 23:58:59 +2359"),
    ])
    func dateIsWritten(seconds: Int64, offset: Int, text: String) {
        #expect(MessageDate(seconds: seconds, offsetMinutes: offset).description == text)
    }

    @Test(arguments: [
        "Thu, 1 Jan 1970 00:00:00 +0000", "Tue, 1 Jul 2025 10:30:00 +0200", "Mon, 30 Jun 2025 23:00:00 -0930",
        "Thu, 29 Feb 2024 12:00:00 +0000", "Tue, 1 Jul 2025 08:30:00 -0000", "Mon, 1 Jan 1900 00:01:00 -2359",
        "Thu, 31 Dec 9998 23:59:59 +0000",
    ])
    func dateIsReadAsItIsWritten(text: String) throws {
        #expect(try MessageDate(parsing: text).description == text)
    }

    @Test(arguments: [
        ("tue,01 JUL 2025 08:30 gmt", 1_751_358_600), (" 1  Jul\t2025 08:30:60 +0000 ", 1_751_358_659),
        ("Tue, 1 Jul 2025 08:30:00 -0000", 1_751_358_600), ("Tue, 1 Jul 2025 08:30:00 +0000 (UTC)", 1_751_358_600),
        ("Tue, 1 Jul 2025 10:30:00 +0200 (GMT+02:00)", 1_751_358_600),
        ("(a (b) \\) c) 1 (d) Jul 2025 08:30 +0000", 1_751_358_600),
        ("1 Jul 2025 03:30 EST", 1_751_358_600), ("1 Jul 2025 04:30 EDT", 1_751_358_600),
        ("1 Jul 2025 01:30 pdt (summer)", 1_751_358_600), ("1 Jul 2025 08:30 UT", 1_751_358_600),
        ("1 Jul 2025 08:30 Z", 1_751_358_600), ("1 Jul 2025 08:30 a", 1_751_358_600),
    ])
    func obsoleteAndShortFormsAreRead(text: String, seconds: Int64) throws {
        #expect(try MessageDate(parsing: text).seconds == seconds)
    }

    @Test(arguments: [
        "", "now", "2025-07-01", "Mon, 1 Jul 2025 08:30:00 +0000", "31 Jun 2025 08:30 +0000", "29 Feb 2025 08:30 +0000",
        "0 Jul 2025 08:30 +0000", "1 Jul 25 08:30 +0000", "1 Jul 2025 24:00 +0000", "1 Jul 2025 8:30 +0000",
        "1 Jul 2025 08:60 +0000", "1 Jul 2025 08:30:61 +0000", "1 Jul 2025 08:30 CET", "1 Jul 2025 08:30 J",
        "1 Jul 2025 08:30 +0000 (UTC", "1 Jul 2025 08:30 +2400",
        "1 Jul 2025 08:30 +0060", "1 Jul 2025 08:30", "1 Jul 1899 08:30 +0000",
        "Tue, 1, Jul 2025 08:30 +0000", "+1 Jul 2025 08:30 +0000", "1 Jul 2025 08:30 +٠٠٠٠",
    ])
    func anythingElseIsRefused(text: String) {
        let error = #expect(throws: HeaderError.self) { try MessageDate(parsing: text) }
        #expect(error?.reason == .invalidValue)
    }

    @Test func dateAgreesWithFoundation() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "EEE, d MMM yyyy HH:mm:ss Z"
        for day in stride(from: Int64(-25_000), to: 60_000, by: 37) {
            let seconds = day * 86_400 + (day * 7_919) % 86_400
            let expected = formatter.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
            #expect(MessageDate(seconds: seconds).description == expected)
        }
    }
}
