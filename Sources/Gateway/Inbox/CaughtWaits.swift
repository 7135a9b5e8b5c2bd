internal import Synchronization

/// The requests that wait for a message to arrive in the sandbox.
final class CaughtWaits: Sendable {
    private struct Wait {
        let query: CaughtQuery
        let continuation: AsyncStream<Void>.Continuation
    }

    private struct State {
        var waits: [Int: Wait] = [:]
        var lastNumber = 0
        var isClosed = false
    }

    /// A wait that has begun.
    struct Token: Sendable {
        fileprivate let number: Int
        fileprivate let stream: AsyncStream<Void>
    }

    /// Most requests that wait at once: each arrival is compared with every one of them.
    static let maximum = 256

    private let state = Mutex(State())

    /// Begins to wait: a message that arrives from now on is noticed. Nil if too many wait already.
    func begin(_ query: CaughtQuery) -> Token? {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        return state.withLock { state in
            guard state.waits.count < Self.maximum else { return nil }
            if state.isClosed { continuation.finish() }
            state.lastNumber += 1
            state.waits[state.lastNumber] = Wait(query: query, continuation: continuation)
            return Token(number: state.lastNumber, stream: stream)
        }
    }

    /// Returns as soon as a message that matches has arrived, the time is over or the gateway drains.
    func wait(_ token: Token, upTo time: Duration) async {
        let timer = Task { [weak self] in
            // Cancelled, it has nothing to do any more.
            guard (try? await Task.sleep(for: time)) != nil else { return }
            self?.end(token)
        }
        for await _ in token.stream { break }
        timer.cancel()
        end(token)
    }

    /// Ends a wait.
    func end(_ token: Token) {
        state.withLock { $0.waits.removeValue(forKey: token.number) }?.continuation.finish()
    }

    func arrived(_ message: CaughtMessage) {
        let waits = state.withLock { $0.waits.values.map(\.self) }
        for wait in waits where wait.query.matches(message) { wait.continuation.yield() }
    }

    /// Ends all waits, and lets no other begin.
    func close() {
        let waits = state.withLock { state in
            state.isClosed = true
            return state.waits.values.map(\.self)
        }
        for wait in waits { wait.continuation.finish() }
    }
}
