import Testing

@testable import HTTPServer

@Suite struct BodyPaceTests {
    /// What comes, and when, in seconds; nil is a pause.
    private func results(_ pace: BodyPace, _ events: [(octets: Int, seconds: Int)?]) -> [Bool] {
        let start = ContinuousClock.now
        var pace = pace
        return events.compactMap { event in
            guard let event else {
                pace.pause()
                return nil
            }
            return pace.took(event.octets, at: start + .seconds(event.seconds))
        }
    }

    @Test func theGraceIsForEveryone() {
        let pace = BodyPace(.init(grace: .seconds(60), rate: 1000))
        #expect(results(pace, [(1, 0), (1, 60), (1, 61)]) == [true, true, false])
    }

    @Test func theAverageCounts() {
        let pace = BodyPace(.init(grace: .seconds(10), rate: 1000))
        #expect(results(pace, [(50_000, 0), (50_000, 60), (0, 110), (999, 111)]) == [true, true, true, false])
    }

    /// A client is not to blame for a reader that is slow.
    @Test func pausesDoNotCount() {
        let pace = BodyPace(.init(grace: .zero, rate: 1000))
        #expect(results(pace, [(1000, 0), nil, (1000, 1000), (1000, 1003), (0, 1004)]) == [true, true, true, false])
    }
}
