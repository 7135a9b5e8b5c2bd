internal import Synchronization

/// The last messages, in memory; the oldest go first.
public final class SandboxInbox: Sendable {
    private struct State {
        var messages: [SandboxMessage] = []
        var octets = 0
    }

    /// Most messages that are kept.
    public static let maximumMessages = 200
    /// Most octets of content that are kept. The newest message is kept whatever its size.
    public static let maximumOctets = 64 * 1024 * 1024

    private let state = Mutex(State())

    init() {}

    /// All messages, the newest first.
    public func all() -> [SandboxMessage] {
        state.withLock { $0.messages.reversed() }
    }

    /// The message of an id, or nil where there is none any more.
    public func message(id: String) -> SandboxMessage? {
        state.withLock { $0.messages.last { $0.id == id } }
    }

    /// Forgets all messages.
    public func removeAll() {
        state.withLock { $0 = State() }
    }

    func add(_ message: SandboxMessage) {
        state.withLock { state in
            state.messages.append(message)
            state.octets += message.raw.count
            while state.messages.count > Self.maximumMessages
                || state.octets > Self.maximumOctets && state.messages.count > 1
            {
                state.octets -= state.messages.removeFirst().raw.count
            }
        }
    }
}
