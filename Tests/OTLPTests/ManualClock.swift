import Synchronization

@testable import OTLP

/// A clock that stands until it is moved.
final class ManualClock: Sendable {
    private struct State {
        var now = Duration.zero
        var sleepers: [Int: (until: Duration, continuation: CheckedContinuation<Void, any Error>)] = [:]
        var count = 0
    }

    /// Seconds since 1970.
    static let start: Int64 = 1_800_000_000

    private let state = Mutex(State())

    var now: Duration { state.withLock { $0.now } }
    /// The times for which somebody sleeps.
    var alarms: [Duration] { state.withLock { $0.sleepers.values.map(\.until).sorted() } }

    var clock: OTLPClock {
        OTLPClock(
            now: { self.now }, sleep: { try await self.sleep(until: $0) },
            date: { Self.start + self.now.components.seconds })
    }

    func advance(to time: Duration) {
        let woken = state.withLock { state in
            state.now = max(state.now, time)
            let due = state.sleepers.filter { $0.value.until <= time }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in woken { continuation.resume() }
    }

    private func sleep(until time: Duration) async throws {
        let number = state.withLock { state in
            state.count += 1
            return state.count
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isOver = state.withLock { state in
                    guard !Task.isCancelled, state.now < time else { return true }
                    state.sleepers[number] = (time, continuation)
                    return false
                }
                guard isOver else { return }
                if Task.isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    continuation.resume()
                }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: number) }?.continuation
                .resume(throwing: CancellationError())
        }
    }
}

/// Waits until something holds that other tasks bring about.
///
/// - Returns: whether it came to hold.
func eventually(_ condition: () async throws -> Bool) async rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        await Task.yield()
    }
    return false
}
