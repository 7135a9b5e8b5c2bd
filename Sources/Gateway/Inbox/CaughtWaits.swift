internal import Synchronization

/// The requests that wait for a message to arrive in the sandbox.
final class CaughtWaits: Sendable {
    private struct State {
        var waits: [Int: AsyncStream<CaughtMessage>.Continuation] = [:]
        var lastNumber = 0
        var isClosed = false
    }

    /// A wait that has begun.
    struct Token: Sendable {
        fileprivate let number: Int
        fileprivate let arrivals: AsyncStream<CaughtMessage>
    }

    /// Most requests that wait at once: each compares every arrival with its query.
    static let maximum = 256

    private let state = Mutex(State())

    /// Begins to wait: a message that arrives from now on is noticed. Nil if too many requests are already waiting.
    func begin() -> Token? {
        let (arrivals, continuation) = AsyncStream<CaughtMessage>.makeStream()
        return state.withLock { state in
            guard state.waits.count < Self.maximum else { return nil }
            if state.isClosed { continuation.finish() }
            state.lastNumber += 1
            state.waits[state.lastNumber] = continuation
            return Token(number: state.lastNumber, arrivals: arrivals)
        }
    }

    /// Returns a message that matches as soon as one has arrived; nil if the time is over or the gateway drains before.
    ///
    /// Messages are compared here, on the task of the request: the server that received them goes on.
    func wait(_ token: Token, for query: CaughtQuery, upTo time: Duration) async -> CaughtMessage? {
        let timer = Task { [weak self] in
            // Cancelled, it has nothing to do any more.
            guard (try? await Task.sleep(for: time)) != nil else { return }
            self?.end(token)
        }
        defer {
            timer.cancel()
            end(token)
        }
        for await message in token.arrivals where query.matches(message) { return message }
        return nil
    }

    /// Ends a wait.
    func end(_ token: Token) {
        state.withLock { $0.waits.removeValue(forKey: token.number) }?.finish()
    }

    func arrived(_ message: CaughtMessage) {
        for wait in state.withLock({ Array($0.waits.values) }) { wait.yield(message) }
    }

    /// Ends all waits; those that begin later end at once.
    func close() {
        let waits = state.withLock { state in
            state.isClosed = true
            return Array(state.waits.values)
        }
        for wait in waits { wait.finish() }
    }
}
