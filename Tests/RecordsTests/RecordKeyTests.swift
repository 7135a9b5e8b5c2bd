import Testing

@testable import Records

@Suite struct RecordKeyTests {
    @Test func callersKeysAndPlacesAreTold() {
        let keys: Set<RecordKey> = [
            RecordKey(caller: nil, text: "a", index: nil), RecordKey(caller: "", text: "a", index: nil),
            RecordKey(caller: "a", text: "a", index: nil), RecordKey(caller: nil, text: "a", index: 0),
            RecordKey(caller: nil, text: "a", index: 1), RecordKey(caller: nil, text: "a1", index: nil),
            RecordKey(caller: "x", text: "a", index: 1), RecordKey(caller: "x", text: "1a", index: nil),
        ]
        #expect(keys.count == 8)
        #expect(RecordKey(caller: "x", text: "a", index: 2) == RecordKey(caller: "x", text: "a", index: 2))
    }
}
