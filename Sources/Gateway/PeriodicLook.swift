internal import Synchronization

/// Looks at something again and again, until it is stopped.
final class PeriodicLook: Sendable {
    private let interval: Duration
    private let look: @Sendable () async -> Void
    private let task = Mutex<Task<Void, Never>?>(nil)

    /// - Parameters:
    ///   - interval: the time between two looks.
    ///   - look: looks once.
    init(every interval: Duration, _ look: @escaping @Sendable () async -> Void) {
        self.interval = interval
        self.look = look
    }

    func start() {
        let task = Task { [interval, look] in
            while (try? await Task.sleep(for: interval)) != nil { await look() }
        }
        self.task.withLock { $0 = task }
    }

    func stop() {
        task.withLock { $0?.cancel() }
    }
}
