internal import DequeModule
internal import NIOCore

extension Deque {
    /// Removes the messages whose deadline has come from the front of a list that is in the order of deadlines.
    mutating func removeExpired<Message>(at now: NIODeadline) -> [Element] where Element == WaitingMessage<Message> {
        var expired: [Element] = []
        while let first, first.deadline <= now { expired.append(removeFirst()) }
        return expired
    }
}
