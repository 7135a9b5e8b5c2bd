internal import NIOCore

/// A deadline that is moved far more often than it passes.
///
/// Moving it costs no timer: the timer that runs is left to fire, and is then set anew for what is left. Bound to its
/// event loop.
final class Deadline {
    private let eventLoop: any EventLoop
    private let passed: () -> Void
    private var due: NIODeadline?
    private var timer: Scheduled<Void>?
    private var timerFires = NIODeadline.distantFuture
    /// The duration that came last, and the same as an amount: to convert it takes a division of 128 bits.
    private var latest = (duration: Duration.zero, amount: TimeAmount.zero)

    init(_ eventLoop: any EventLoop, passed: @escaping () -> Void) {
        self.eventLoop = eventLoop
        self.passed = passed
    }

    /// Sets the deadline, counted from now.
    func set(after duration: Duration) {
        if duration != latest.duration { latest = (duration, TimeAmount(duration)) }
        let due = NIODeadline.now() + latest.amount
        self.due = due
        if timer == nil || due < timerFires { schedule(due) }
    }

    /// There is nothing to wait for.
    func clear() {
        due = nil
    }

    /// Ends the timer too.
    func cancel() {
        due = nil
        timer?.cancel()
        timer = nil
    }

    private func schedule(_ when: NIODeadline) {
        timer?.cancel()
        timerFires = when
        timer = eventLoop.assumeIsolated().scheduleTask(deadline: when) { [weak self] in self?.fired() }
    }

    private func fired() {
        timer = nil
        guard let due else { return }
        if NIODeadline.now() >= due {
            self.due = nil
            passed()
        } else {
            schedule(due)
        }
    }
}
