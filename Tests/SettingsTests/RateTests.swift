import Settings
import Testing

@Suite struct RateTests {
    @Test func aRateIsRead() {
        #expect(Rate("100/s")?.interval == 10_000_000)
        #expect(Rate("60/m")?.interval == 1_000_000_000)
        #expect(Rate("20000/d")?.period == .seconds(86_400))
        for text in ["", "0/s", "-1/s", "1", "1/", "1/x", "1/s/s", "1000001/s", "1.5/s", " 1/s"] {
            #expect(Rate(text) == nil)
        }
    }

    @Test func severalRatesAreRead() {
        #expect(Rate.list("14") == Rate("14/s").map { [$0] })
        #expect(Rate.list(" 14/s  500/h\t2000/d 3/m ")?.count == 4)
        for text in ["", " ", "0", "-1", "14/x", "14/s 15/s", "14,500/h", "14 /s", "1/s 1/m 1/h 1/d 1/s", "2000000/d"] {
            #expect(Rate.list(text) == nil)
        }
    }
}
