internal import Synchronization

/// What of the configuration a reload replaces: the relays and routes, and who may ask for what.
final class LiveConfiguration: Sendable {
    private let current: Mutex<(relays: RelaySet, access: AccessControl)>
    /// Whether only this host can reach the gateway.
    private let isLoopback: Bool

    init(_ relays: RelaySet, _ access: AccessConfiguration, isLoopback: Bool) {
        self.isLoopback = isLoopback
        current = Mutex((relays, AccessControl(access, isLoopback: isLoopback)))
    }

    /// Both, as they belong together.
    var now: (relays: RelaySet, access: AccessControl) { current.withLock(\.self) }
    var relays: RelaySet { current.withLock(\.relays) }

    /// Replaces the relays only.
    ///
    /// - Parameter relays: makes the new relays of those before.
    /// - Returns: the new relays.
    func replaceRelays(_ relays: (RelaySet) -> RelaySet) -> RelaySet {
        current.withLock { current in
            current.relays = relays(current.relays)
            return current.relays
        }
    }

    /// Replaces both.
    ///
    /// - Parameters:
    ///   - access: who may ask for what from now on.
    ///   - relays: makes the new relays of those before.
    /// - Returns: the new relays.
    func replace(
        by access: AccessConfiguration, relays: (RelaySet) -> RelaySet
    ) -> RelaySet {
        current.withLock { current in
            current = (relays(current.relays), AccessControl(access, isLoopback: isLoopback))
            return current.relays
        }
    }
}
