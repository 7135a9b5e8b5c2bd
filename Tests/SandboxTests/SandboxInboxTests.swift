import Synchronization
import Testing

@testable import Sandbox

@Suite struct SandboxInboxTests {
    private func message(_ text: String, to recipient: String = "") -> ReceivedTransaction {
        var transaction = Transaction(reversePath: "", parameters: [])
        if !recipient.isEmpty { _ = transaction.add(recipient, []) }
        return ReceivedTransaction(helloName: "", transaction: transaction, raw: Array(text.utf8))
    }

    private func texts(_ inbox: SandboxInbox) -> [String] {
        inbox.all().map { String(decoding: $0.raw, as: UTF8.self) }
    }

    @Test func theOldestGoesFirst() {
        let inbox = SandboxInbox(maximumMessages: 3, maximumOctets: 1000)
        let ids = (0..<8).map { inbox.add(message("\($0)"), receivedAt: Double($0)) }
        #expect(Set(ids).count == 8)
        #expect(texts(inbox) == ["7", "6", "5"])
        #expect(inbox.count == 3)
        #expect(inbox.message(id: ids[6])?.receivedAt == 6)
        #expect(inbox.message(id: ids[4]) == nil)
        inbox.removeAll()
        #expect(inbox.all().isEmpty)
        #expect(inbox.count == 0)
        #expect(!ids.contains(inbox.add(message("8"), receivedAt: 8)))
        #expect(texts(inbox) == ["8"])
    }

    @Test func octetsAreBounded() {
        let inbox = SandboxInbox(maximumMessages: 100, maximumOctets: 10)
        for text in ["1111", "2222", "33", "4"] { _ = inbox.add(message(text), receivedAt: 0) }
        #expect(texts(inbox) == ["4", "33", "2222"])
        // The envelope counts too.
        _ = inbox.add(message("", to: "ab@cd.efgh"), receivedAt: 0)
        #expect(texts(inbox) == [""])
        // The newest is kept whatever its size, and is the only one then.
        _ = inbox.add(message("more than ten octets"), receivedAt: 0)
        #expect(texts(inbox) == ["more than ten octets"])
        _ = inbox.add(message("5"), receivedAt: 0)
        #expect(texts(inbox) == ["5"])
    }

    @Test func oneIsKeptWhateverTheBound() {
        let inbox = SandboxInbox(maximumMessages: 0, maximumOctets: 0)
        _ = inbox.add(message("1"), receivedAt: 0)
        _ = inbox.add(message("2"), receivedAt: 0)
        #expect(texts(inbox) == ["2"])
    }

    @Test func usedFromManyTasks() async {
        let inbox = SandboxInbox(maximumMessages: 50, maximumOctets: 1000)
        let ids = await withTaskGroup(of: [String].self) { group in
            for _ in 0..<4 {
                group.addTask { (0..<100).map { _ in inbox.add(self.message("x"), receivedAt: 0) } }
            }
            return await group.reduce(into: Set<String>()) { $0.formUnion($1) }
        }
        #expect(ids.count == 400)
        #expect(inbox.count == 50)
    }

    @Test func someAreRemoved() {
        let inbox = SandboxInbox(maximumMessages: 3, maximumOctets: 1000)
        let ids = (0..<5).map { inbox.add(message("\($0)"), receivedAt: 0) }
        inbox.remove([ids[3], ids[0], "nobody"])
        #expect(texts(inbox) == ["4", "2"])
        for index in 5..<7 { _ = inbox.add(message("\(index)"), receivedAt: 0) }
        #expect(texts(inbox) == ["6", "5", "4"])
    }

    @Test func numbersFollowTheOrderOfArrival() {
        let inbox = SandboxInbox(maximumMessages: 3, maximumOctets: 1000)
        let ids = (0..<5).map { inbox.add(message("\($0)"), receivedAt: 0) }
        #expect(ids.map(inbox.number) == [1, 2, 3, 4, 5])
        #expect(inbox.all().map(\.number) == [5, 4, 3])
        let other = ids[0].hasPrefix("22222") ? "33333" : "22222"
        #expect(inbox.number(of: "\(other)-9") == 0)
        for text in [
            "", "9", "\(other)", "\(other)-", "\(other)-0", "\(other)--1", "\(other)-x", "1\(other)-1", "0OIL1-1",
        ] {
            #expect(inbox.number(of: text) == nil, "\(text)")
        }
    }

    @Test func arrivalsAreObserved() {
        let inbox = SandboxInbox(maximumMessages: 3, maximumOctets: 1000)
        let seen = Mutex<[String]>([])
        inbox.observe { message in seen.withLock { $0.append(message.id) } }
        let ids = (0..<2).map { inbox.add(message("\($0)"), receivedAt: 0) }
        #expect(seen.withLock(\.self) == ids)
    }
}
