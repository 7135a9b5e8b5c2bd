/// When batches are sent, as a value: no clock, no network, no spans. Times count from a fixed point.
///
/// | from | event | to |
/// |---|---|---|
/// | `idle` | ``spansWait(_:at:)`` | `sending` if a batch is full, else `collecting` |
/// | `collecting` | ``spansWait(_:at:)``, ``flush(waiting:at:)``, ``wake(waiting:at:)`` | `sending` |
/// | `sending` | ``succeeded(waiting:at:)`` | `sending` if a batch is full, else `collecting` or `idle` |
/// | `sending` | ``failed(_:waiting:jitter:at:)`` | `pausing`; `resting` if the batch is given up |
/// | `pausing` that is over | ``wake(waiting:at:)`` | `sending` |
/// | `resting` that is over | ``wake(waiting:at:)`` | as after ``succeeded(waiting:at:)`` |
/// | all | ``shutdown(by:waiting:at:)`` | `sending` while something waits, then `stopped` |
///
/// There is at most one request.
struct ExportSchedule: Sendable {
    private enum State {
        /// No span waits. Goes to `collecting` or `sending`.
        case idle
        /// Spans wait for a full batch, or for a time. Goes to `sending`.
        case collecting(until: Duration)
        /// A request is open. Goes to `idle`, `collecting`, `pausing` or `resting`, or stays for the next batch.
        case sending(Batch)
        /// The last request failed. Its batch is sent again at a time. Goes to `sending`.
        case pausing(Batch, until: Duration)
        /// The last batch was given up. The next one has to wait for a time. Goes to `idle`, `collecting` or `sending`.
        case resting(until: Duration)
        /// Nothing is sent any more.
        case stopped
    }

    private struct Batch {
        /// When it was first sent.
        let begun: Duration
        /// How often it was sent.
        var attempts: Int
    }

    /// What the exporter has to do.
    enum Action: Equatable {
        /// Nothing before ``wakeTime``.
        case wait
        /// Take a batch from the queue, and send it.
        case sendNext
        /// Send the same batch again.
        case sendAgain
        /// End: cancel the request, if one is open, and drop what waits.
        case finish
    }

    /// Why a request failed.
    enum Failure: Equatable {
        /// The same request may succeed later; with the pause that the collector asks for, if it does.
        case temporary(retryAfter: Duration?)
        /// The collector does not want these spans.
        case permanent
    }

    /// The pause after the first failure; each failure after it doubles the pause.
    static let firstPause: Duration = .seconds(1)
    /// The longest pause that the exporter takes by itself.
    static let longestPause: Duration = .seconds(30)
    /// The longest pause that a collector can ask for.
    static let longestRetryAfter: Duration = .seconds(300)
    /// How often a batch is sent at most.
    static let maximumAttempts = 8

    private let limits: ScheduleLimits
    private var state = State.idle
    /// How many requests failed one after the other.
    private var failures = 0
    /// When everything ends; nil before the shutdown.
    private var deadline: Duration?

    init(_ limits: ScheduleLimits) {
        self.limits = limits
    }

    /// When ``wake(waiting:at:)`` has something to do; nil if it has not.
    var wakeTime: Duration? {
        let next: Duration? =
            switch state {
            case .idle, .sending, .stopped: nil
            case .collecting(let until), .pausing(_, let until), .resting(let until): until
            }
        if case .stopped = state { return nil }
        guard let deadline else { return next }
        return min(next ?? deadline, deadline)
    }

    /// Spans were appended to the queue.
    ///
    /// - Parameter count: how many spans wait.
    mutating func spansWait(_ count: Int, at now: Duration) -> Action {
        switch state {
        case .idle: next(count, at: now)
        case .collecting where count >= limits.batchSize: send(at: now)
        case .collecting, .sending, .pausing, .resting, .stopped: .wait
        }
    }

    /// The spans that wait are to be sent without the delay.
    mutating func flush(waiting: Int, at now: Duration) -> Action {
        switch state {
        case .idle where waiting > 0: send(at: now)
        case .collecting: send(at: now)
        case .idle, .sending, .pausing, .resting, .stopped: .wait
        }
    }

    /// The time that ``wakeTime`` named has come.
    mutating func wake(waiting: Int, at now: Duration) -> Action {
        if let deadline, now >= deadline { return finish() }
        switch state {
        case .collecting(let until) where now >= until: return send(at: now)
        case .resting(let until) where now >= until: return next(waiting, at: now)
        case .pausing(var batch, let until) where now >= until:
            batch.attempts += 1
            state = .sending(batch)
            return .sendAgain
        case .idle, .collecting, .sending, .pausing, .resting, .stopped: return .wait
        }
    }

    /// The collector accepted the batch.
    mutating func succeeded(waiting: Int, at now: Duration) -> Action {
        guard case .sending = state else { return .wait }
        failures = 0
        return next(waiting, at: now)
    }

    /// The request failed.
    ///
    /// - Parameters:
    ///   - failure: why.
    ///   - waiting: how many spans wait.
    ///   - jitter: between 0 and 1. The pause is shortened by up to half of it, so that instances do not ask at the same
    ///     moment.
    /// - Returns: whether the batch is given up, and what to do.
    mutating func failed(
        _ failure: Failure, waiting: Int, jitter: Double, at now: Duration
    ) -> (isGivenUp: Bool, Action) {
        guard case .sending(let batch) = state else { return (false, .wait) }
        guard case .temporary(let retryAfter) = failure else {
            failures = 0
            return (true, next(waiting, at: now))
        }
        // Five doublings exceed the longest pause.
        let doubled = min(Self.firstPause * (1 << min(failures, 5)), Self.longestPause)
        let pause = doubled * (1 - min(max(jitter, 0), 1) / 2)
        failures += 1
        let end = now + max(pause, min(retryAfter ?? .zero, Self.longestRetryAfter))
        // At a shutdown there is no time for another attempt.
        if let deadline, end >= deadline { return (true, finish()) }
        guard batch.attempts < Self.maximumAttempts,
            end < batch.begun + limits.exportTimeout * Self.maximumAttempts
        else {
            state = .resting(until: end)
            return (true, .wait)
        }
        state = .pausing(batch, until: end)
        return (false, .wait)
    }

    /// Sends what waits, and ends after that, or at a time.
    mutating func shutdown(by time: Duration, waiting: Int, at now: Duration) -> Action {
        if case .stopped = state { return .wait }
        deadline = min(deadline ?? time, time)
        if now >= time { return finish() }
        switch state {
        case .idle, .collecting, .resting: return next(waiting, at: now)
        case .pausing(var batch, _):
            // The collector may have come back, and this is the last chance.
            batch.attempts += 1
            state = .sending(batch)
            return .sendAgain
        case .sending, .stopped: return .wait
        }
    }

    private mutating func next(_ waiting: Int, at now: Duration) -> Action {
        guard waiting > 0 else {
            if deadline != nil { return finish() }
            state = .idle
            return .wait
        }
        if waiting >= limits.batchSize || deadline != nil || limits.delay == .zero { return send(at: now) }
        state = .collecting(until: now + limits.delay)
        return .wait
    }

    private mutating func send(at now: Duration) -> Action {
        state = .sending(Batch(begun: now, attempts: 1))
        return .sendNext
    }

    private mutating func finish() -> Action {
        if case .stopped = state { return .wait }
        state = .stopped
        return .finish
    }
}
