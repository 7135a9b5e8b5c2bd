internal import Synchronization

/// The last messages that the sandbox caught, in memory; the oldest go first. Safe to use from any thread.
public final class SandboxInbox: Sendable {
    private struct State {
        var ring: MessageRing
        var lastNumber = 0
        var observer: (@Sendable (SandboxMessage) -> Void)?
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

    /// The message with an ID, or nil if there is none, or none any more.
    public func message(id: String) -> SandboxMessage? {
        all().first { $0.id == id }
    }

    /// Where a message with an ID stands, or stood, in the order of arrival: 0 if an earlier run of the server kept it, nil if
    /// no server gives such an ID.
    public func number(of id: String) -> Int? {
        let parts = id.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count == Self.idPrefixLength, parts[0].allSatisfy(Self.idAlphabet.contains),
            let number = Int(parts[1]), number > 0
        else { return nil }
        return parts[0] == idPrefix ? number : 0
    }

    /// Calls a closure with each message that arrives from now on, on the server's thread. It takes the place of the one
    /// before.
    public func observe(_ observer: @escaping @Sendable (SandboxMessage) -> Void) {
        state.withLock { $0.observer = observer }
    }

    /// Forgets the messages with some IDs, as far as they are there.
    public func remove(_ ids: Set<String>) {
        state.withLock { $0.ring.remove(ids) }
    }

    /// Forgets all messages.
    public func removeAll() {
        state.withLock { $0.ring.removeAll() }
    }

    /// Keeps a message, and says which ID it got, such as `K7QWX-12`.
    func add(_ received: ReceivedTransaction, receivedAt: Double) -> String {
        let (number, observer) = state.withLock { state in
            state.lastNumber += 1
            return (state.lastNumber, state.observer)
        }
        // A large message takes its time to be read, in which the inbox can be used.
        let message = SandboxMessage(received, id: "\(idPrefix)-\(number)", number: number, receivedAt: receivedAt)
        state.withLock { $0.ring.append(message) }
        observer?(message)
        return message.id
    }
}
