import Testing

@testable import postern

@Suite struct MemoryReleaseTests {
    /// How often memory is given back, if so many messages are under way at each question.
    private func releases(_ inFlight: [Int]) -> [Bool] {
        var decision = MemoryRelease()
        return inFlight.map { decision.isDue(inFlight: $0, most: $0) }
    }

    @Test func memoryIsGivenBackAfterAPeak() {
        #expect(releases([0, 10_000, 9_000, 100, 0]) == [false, false, false, true, true])
        // Connections that are closed later leave memory as well; after a minute there is nothing more to come.
        #expect(releases([10_000] + Array(repeating: 0, count: 30)).count { $0 } == 12)
    }

    /// A peak between two questions is one as well.
    @Test func aShortPeakIsSeen() {
        var decision = MemoryRelease()
        let isDue = decision.isDue(inFlight: 0, most: 5000)
        #expect(isDue)
    }

    @Test func aGatewayThatIsBusyKeepsItsMemory() {
        #expect(!releases([1000, 900, 1100, 500, 700, 300, 1200]).contains(true))
        #expect(!releases([0, 1, 50, 0, 100, 0, 255, 0]).contains(true))
        // Below the peak and still busy.
        #expect(!releases([10_000, 2000, 2000, 2000]).contains(true))
    }
}
