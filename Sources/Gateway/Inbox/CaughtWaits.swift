internal import Synchronization

/// The requests that wait for a message to arrive in the sandbox.
final class CaughtWaits: Sendable {
    /// What hands arrivals to a wait.
    private struct Wait {
        let arrivals: AsyncStream<CaughtMessage>.Continuation
        let overflow: Overflow
    }

    /// Whether arrivals were dropped that a wait has not looked at.
    fileprivate final class Overflow: Sendable {
        let isSet = Atomic(false)
    }

    private struct State {
        var waits: [Int: Wait] = [:]
        var lastNumber = 0
        var isClosed = false
    }

    /// A wait that has begun.
    struct Token: Sendable {
        fileprivate let number: Int
        fileprivate let arrivals: AsyncStream<CaughtMessage>
        fileprivate let overflow: Overflow
    }

    /// Most requests that wait at once: each compares every arrival with its query.
    static let maximum = 256
    /// Most arrivals that a wait has not looked at yet: a burst of messages would keep them all in memory otherwise, however
    /// few the inbox keeps. What is dropped is looked for in the inbox.
    private static let maximumArrivals = 64

    private let state = Mutex(State())

    /// Begins to wait: a message that arrives from now on is noticed. Nil if too many requests are already waiting.
    func begin() -> Token? {
        let (arrivals, continuation) = AsyncStream.makeStream(
            of: CaughtMessage.self, bufferingPolicy: .bufferingNewest(Self.maximumArrivals))
        return state.withLock { state in
            guard state.waits.count < Self.maximum else { return nil }
            if state.isClosed { continuation.finish() }
            state.lastNumber += 1
            let wait = Wait(arrivals: continuation, overflow: Overflow())
            state.waits[state.lastNumber] = wait
            return Token(number: state.lastNumber, arrivals: arrivals, overflow: wait.overflow)
        }
    }

    /// Returns a message that matches as soon as one has arrived; nil if the time is over or the gateway drains before.
    ///
    /// Messages are compared here, on the task of the request: the server that received them goes on.
    ///
    /// - Parameter kept: a message that matches, of those that the inbox keeps.
    func wait(
        _ token: Token, for query: CaughtQuery, upTo time: Duration, kept: () -> CaughtMessage?
    ) async -> CaughtMessage? {
        let timer = Task { [weak self] in
            // Cancelled, it has nothing to do any more.
            guard (try? await Task.sleep(for: time)) != nil else { return }
            self?.end(token)
        }
        defer {
            timer.cancel()
            end(token)
        }
        for await message in token.arrivals {
            if query.matches(message) { return message }
            if token.overflow.isSet.exchange(false, ordering: .acquiringAndReleasing), let message = kept() {
                return message
            }
        }
        return nil
    }

    /// Ends a wait.
    func end(_ token: Token) {
        state.withLock { $0.waits.removeValue(forKey: token.number) }?.arrivals.finish()
    }

    func arrived(_ message: CaughtMessage) {
        for wait in state.withLock({ Array($0.waits.values) }) {
            if case .dropped = wait.arrivals.yield(message) {
                wait.overflow.isSet.store(true, ordering: .releasing)
            }
        }
    }

    /// Ends all waits; those that begin later end at once.
    func close() {
        let waits = state.withLock { state in
            state.isClosed = true
            return Array(state.waits.values)
        }
        for wait in waits { wait.arrivals.finish() }
    }
}
