import Testing

@testable import OTLP

@Suite struct RetryAfterTests {
    @Test(arguments: [
        ("0", 0), ("17", 17), ("99999999999999999999999", 1_000_000_000),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0), ("Fri, 15 Jan 2027 08:00:30 GMT", 30),
        ("Mon, 29 Feb 2028 00:00:00 GMT", 35_395_200),
    ]) func aPauseIsSecondsOrADate(text: String, seconds: Int) {
        #expect(RetryAfter.pause(text, now: 1_800_000_000) == .seconds(seconds))
    }

    @Test(arguments: [
        "", "-1", "1.5", "soon", "Fri, 15 Jan 2027 08:00:30 CET", "Fri, 32 Jan 2027 08:00:30 GMT",
        "Fri, 15 Foo 2027 08:00:30 GMT", "Fri, 15 Jan 2027 24:00:30 GMT", "Fri, 15 Jan 2027 08:00 GMT",
    ]) func anythingElseIsIgnored(text: String) {
        #expect(RetryAfter.pause(text, now: 1_800_000_000) == nil)
    }
}
