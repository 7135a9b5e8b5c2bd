internal import Synchronization

/// The mechanisms that a server refused as such, shared by all sessions with the same credentials: to try them again in
/// each would cost a failed AUTH every time.
final class RefusedMechanisms: Sendable {
    private let mechanisms = Mutex<Set<AuthenticationMechanism>>([])

    /// Whether a mechanism was refused.
    func contains(_ mechanism: AuthenticationMechanism) -> Bool {
        mechanisms.withLock { $0.contains(mechanism) }
    }

    /// Notes that a mechanism was refused.
    func insert(_ mechanism: AuthenticationMechanism) {
        _ = mechanisms.withLock { $0.insert(mechanism) }
    }
}
