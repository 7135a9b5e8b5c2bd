internal import NIOCore
internal import Synchronization

/// The connections that are open: no more than a bound, and all to be closed when the server stops.
final class SandboxConnections: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isClosed = false
    }

    private let maximum: Int
    private let state = Mutex(State())

    init(maximum: Int) {
        self.maximum = maximum
    }

    /// Takes a connection in; false where there are too many, or the server stops.
    func add(_ channel: any Channel) -> Bool {
        state.withLock { state in
            guard !state.isClosed, state.channels.count < maximum else { return false }
            state.channels[ObjectIdentifier(channel)] = channel
            return true
        }
    }

    func remove(_ channel: any Channel) {
        state.withLock { state in
            state.channels[ObjectIdentifier(channel)] = nil
        }
    }

    /// Lets nobody in any more, and waits until all connections are closed.
    func closeAll() async {
        let channels = state.withLock { state in
            state.isClosed = true
            return Array(state.channels.values)
        }
        for channel in channels { channel.close(promise: nil) }
        // How a connection ended is of no interest any more.
        for channel in channels { try? await channel.closeFuture.get() }
    }
}
