internal import DequeModule
internal import NIOCore

/// Messages that wait for any session, in the order in which they are served: those that are tried again first, then by
/// their arrival. Both lists are in the order of their deadlines too, so that an expiry looks at no message that goes on
/// waiting, however many there are.
struct WaitingMessages<Message> {
    private var again = Deque<WaitingMessage<Message>>()
    private var arrived = Deque<WaitingMessage<Message>>()

    var isEmpty: Bool { again.isEmpty && arrived.isEmpty }
    var count: Int { again.count + arrived.count }
    var first: WaitingMessage<Message>? { again.first ?? arrived.first }

    /// The earliest time at which one of them has waited in vain.
    var nextDeadline: NIODeadline? {
        guard let again = again.first?.deadline else { return arrived.first?.deadline }
        return min(again, arrived.first?.deadline ?? again)
    }

    /// Adds a message that has just come.
    mutating func append(_ message: WaitingMessage<Message>) {
        arrived.append(message)
    }

    /// Adds a message whose session failed it: it does not queue a second time.
    mutating func append(again message: WaitingMessage<Message>) {
        again.append(message)
    }

    mutating func popFirst() -> WaitingMessage<Message>? {
        again.popFirst() ?? arrived.popFirst()
    }

    /// Removes those whose deadline has come.
    mutating func removeExpired(at now: NIODeadline) -> [WaitingMessage<Message>] {
        again.removeExpired(at: now) + arrived.removeExpired(at: now)
    }

    /// Removes all of them.
    mutating func removeAll() -> [WaitingMessage<Message>] {
        defer { self = WaitingMessages() }
        return Array(again) + arrived
    }
}
