import Testing

@testable import Records

@Suite struct KeyFilterTests {
    @Test func itForgetsNoKeyAndTakesFewOthersForOne() {
        var filter = KeyFilter()
        func key(_ number: Int) -> RecordKey { RecordKey(caller: nil, text: "\(number)", index: nil) }
        for number in 0..<20_000 {
            filter.insert(key(number))
        }
        #expect((0..<20_000).allSatisfy { filter.contains(key($0)) })
        #expect((20_000..<40_000).count { filter.contains(key($0)) } < 20)
    }
}
