import InternetMessage
import Testing

@testable import Gateway

/// Seeds are drawn many at a time, and handed out once each.
@Suite struct MessageSeedsTests {
    @Test func noSeedComesTwice() async {
        let seeds = await withTaskGroup(of: [String].self) { group in
            for _ in 0..<4 {
                group.addTask { (0..<1_000).map { _ in "\(MessageSeeds.shared.next())" } }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(seeds).count == 4_000)
        // Neither half is a constant or a count.
        let words = (0..<600).map { _ in MessageSeeds.shared.next() }
        #expect(Set(words.map(\.high)).count == 600)
        #expect(Set(words.map(\.low)).count == 600)
        #expect(Set(words.map { $0.high >> 56 }).count > 100)
    }
}
