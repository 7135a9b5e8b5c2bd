import NIOCore
import Testing

@testable import SMTP

/// Messages that wait for a session: who is served first, and who has waited in vain.
@Suite struct WaitingMessagesTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private static func waiting(_ name: String, seconds: Int64) -> WaitingMessage<String> {
        WaitingMessage(name, recipients: 1, since: start, deadline: start + .seconds(seconds))
    }

    /// Three that came, and two of which a session failed meanwhile.
    private static var five: WaitingMessages<String> {
        var messages = WaitingMessages<String>()
        messages.append(waiting("a", seconds: 1))
        messages.append(waiting("b", seconds: 2))
        messages.append(again: waiting("x", seconds: 3))
        messages.append(waiting("c", seconds: 4))
        messages.append(again: waiting("y", seconds: 5))
        return messages
    }

    @Test func thoseThatAreTriedAgainComeFirstInTheirOrder() {
        var messages = Self.five
        #expect(messages.count == 5)
        #expect(messages.first?.message == "x")
        var order: [String] = []
        while let next = messages.popFirst() { order.append(next.message) }
        #expect(order == ["x", "y", "a", "b", "c"])
        #expect(messages.isEmpty)
        #expect(messages.nextDeadline == nil)
    }

    @Test func thoseExpireWhoseDeadlineHasComeAndNoOthers() {
        var messages = Self.five
        #expect(messages.nextDeadline == Self.start + .seconds(1))
        #expect(messages.removeExpired(at: Self.start).isEmpty)
        #expect(messages.removeExpired(at: Self.start + .seconds(3)).map(\.message) == ["x", "a", "b"])
        #expect(messages.nextDeadline == Self.start + .seconds(4))
        #expect(messages.first?.message == "y")
        #expect(messages.removeExpired(at: Self.start + .seconds(4)).map(\.message) == ["c"])
        #expect(messages.nextDeadline == Self.start + .seconds(5))
    }

    @Test func allAreRemovedInTheOrderInWhichTheyWouldBeServed() {
        var messages = Self.five
        #expect(messages.removeAll().map(\.message) == ["x", "y", "a", "b", "c"])
        #expect(messages.isEmpty)
    }
}
