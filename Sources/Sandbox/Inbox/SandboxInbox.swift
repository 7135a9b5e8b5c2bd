internal import Synchronization

/// The last messages that the sandbox caught, in memory; the oldest go first. Safe to use from any thread.
public final class SandboxInbox: Sendable {
    private struct State {
        var ring: MessageRing
        var lastNumber = 0
    }

    /// Characters that nobody takes for one another when an ID is read out.
    private static let idAlphabet = Array("23456789ABCDEFGHJKLMNPQRSTUVWXYZ")
    /// Five of them tell the runs of a server apart.
    private static let idPrefixLength = 5

    /// New at each start, so that an ID in an old log is not mistaken for one of today's.
    private let idPrefix: String
    private let state: Mutex<State>

    init(maximumMessages: Int, maximumOctets: Int) {
        idPrefix = String((0..<Self.idPrefixLength).compactMap { _ in Self.idAlphabet.randomElement() })
        state = Mutex(State(ring: MessageRing(maximumMessages: maximumMessages, maximumOctets: maximumOctets)))
    }

    /// How many messages there are.
    public var count: Int { state.withLock { $0.ring.count } }

    /// All messages, the newest first.
    public func all() -> [SandboxMessage] {
        state.withLock { $0.ring.messages }
    }

    /// The message with an ID, or nil where there is none, or none any more.
    public func message(id: String) -> SandboxMessage? {
        all().first { $0.id == id }
    }

    /// Forgets all messages.
    public func removeAll() {
        state.withLock { $0.ring.removeAll() }
    }

    /// Keeps a message, and says which ID it got, such as `K7QWX-12`.
    func add(_ received: ReceivedMessage, receivedAt: Double) -> String {
        state.withLock { state in
            state.lastNumber += 1
            let id = "\(idPrefix)-\(state.lastNumber)"
            state.ring.append(SandboxMessage(received, id: id, receivedAt: receivedAt))
            return id
        }
    }
}
