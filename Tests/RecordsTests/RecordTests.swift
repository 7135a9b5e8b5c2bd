import Testing

@testable import Records

@Suite struct RecordTests {
    let me = RecordOwner(InstanceID(), attempt: 2)
    let other = RecordOwner(InstanceID(), attempt: 2)
    let message = MessageFingerprint(octets: [1])
    let another = MessageFingerprint(octets: [2])
    let response = KeptResponse(status: 200, fields: [], body: [1])

    @Test func claims() {
        func decision(_ state: Record.State?, _ asked: MessageFingerprint, gone: Bool) -> (RecordDecision, Record?) {
            Record.claim(state.map { Record(message, $0) }, for: asked, by: me) { _ in gone }
        }
        let mine = Record(message, .claimed(me))
        #expect(decision(nil, message, gone: false) == (.begun, mine))
        #expect(decision(.open, message, gone: false) == (.begun, mine))
        #expect(decision(.open, another, gone: true) == (.otherMessage, nil))
        #expect(decision(.claimed(other), message, gone: false) == (.inFlight, nil))
        #expect(decision(.claimed(other), message, gone: true) == (.begun, mine))
        #expect(decision(.claimed(other), another, gone: false) == (.otherMessage, nil))
        // Nothing has left, and nobody will send it any more.
        #expect(decision(.claimed(other), another, gone: true) == (.begun, Record(another, .claimed(me))))
        #expect(decision(.sending(other), message, gone: false) == (.inFlight, nil))
        #expect(decision(.sending(other), message, gone: true) == (.unknown, nil))
        #expect(decision(.sending(other), another, gone: true) == (.otherMessage, nil))
        #expect(decision(.done(response), message, gone: true) == (.replay(response), nil))
        #expect(decision(.done(response), another, gone: true) == (.otherMessage, nil))
    }

    @Test func onlyTheOwnerPassesTheGateAndEnds() {
        let earlier = RecordOwner(me.instance, attempt: 1)
        for state in [
            Record.State.open, .done(response), .claimed(other), .sending(other), .claimed(earlier), .sending(earlier),
        ] {
            #expect(Record(message, state).startSending(by: me) == nil)
            for end in [RecordEnd.free, .open, .done(response)] {
                #expect(Record(message, state).end(by: me, as: end) == .isLost)
            }
        }
        for state in [Record.State.claimed(me), .sending(me)] {
            #expect(Record(message, state).startSending(by: me) == Record(message, .sending(me)))
            #expect(Record(message, state).end(by: me, as: .open) == .keep(Record(message, .open)))
            #expect(Record(message, state).end(by: me, as: .done(response)) == .keep(Record(message, .done(response))))
        }
        #expect(Record(message, .claimed(me)).end(by: me, as: .free) == .remove)
        #expect(Record(message, .sending(me)).end(by: me, as: .free) == .keep(Record(message, .open)))
    }

    @Test func ownersAreReadAndOrdered() {
        for attempt in [0, 1, 255, 256, UInt64.max] {
            let owner = RecordOwner(me.instance, attempt: attempt)
            #expect(RecordOwner(octets: owner.octets) == owner)
        }
        let ordered = [0, 1, 255, 256, 1 << 40].map { RecordOwner(me.instance, attempt: $0).octets }
        for (less, more) in zip(ordered, ordered.dropFirst()) { #expect(less.lexicographicallyPrecedes(more)) }
        #expect(RecordOwner(octets: []) == nil)
    }

    @Test func responsesAreReadAsTheyWereWritten() throws {
        let responses = [
            KeptResponse(status: 504, fields: [.init("Content-Type", "a/b"), .init("X", "")], body: Array("ä\0".utf8)),
            KeptResponse(status: 202, fields: [], body: []), response,
        ]
        for response in responses {
            let octets = response.octets
            #expect(KeptResponse(octets: octets) == response)
            // What ends before its body does is none.
            let least = octets.count - response.body.count
            for count in 0..<least { #expect(KeptResponse(octets: Array(octets.prefix(count))) == nil) }
        }
        #expect(KeptResponse(octets: [2] + response.octets.dropFirst()) == nil)
    }

    @Test func identifiersFollowFromTheKeyAndTheSecret() {
        let secret = RecordSecret()
        let key = RecordKey(caller: "app", text: "order-7", index: nil)
        let (high, low) = secret.seed(of: key)
        #expect(RecordSecret(octets: secret.octets).seed(of: key) == (high, low))
        #expect(RecordSecret().seed(of: key) != (high, low))
        #expect(secret.seed(of: RecordKey(caller: "app", text: "order-8", index: nil)) != (high, low))
    }
}
