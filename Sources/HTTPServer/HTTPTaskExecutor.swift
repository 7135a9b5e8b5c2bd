internal import Synchronization

/// Runs tasks on threads of the caller's choice, such as an event loop.
///
/// It stands in this module because the type by which Swift names a running executor counts as unsafe, and unsafe
/// expressions are kept in one place.
public final class HTTPTaskExecutor: TaskExecutor {
    private let submit: @Sendable (@escaping @Sendable () -> Void) -> Void
    /// Pieces of tasks that have been handed over and not begun, in their order.
    ///
    /// Many wait at once where many answers came in one read; they are submitted together. A reference to a job is good until
    /// the job has run, and each that is here is run once.
    private let waiting = Mutex<[UnownedJob]>([])

    /// An executor that hands work to a closure, which runs it once, later, on a thread of its own, in the order it came.
    public init(submit: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) {
        self.submit = submit
    }

    /// Hands over a piece of a task.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isFirst = waiting.withLock { waiting in
            waiting.append(job)
            return waiting.count == 1
        }
        if isFirst { submit { self.runWaiting() } }
    }

    private func runWaiting() {
        let jobs = waiting.withLock { waiting in
            let taken = waiting
            waiting = []
            return taken
        }
        // The reference to this executor does not outlive the call: the closure that was submitted holds the executor itself.
        for job in jobs { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
