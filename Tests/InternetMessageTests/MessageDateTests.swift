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
