/// Runs tasks on threads of the caller's choice, such as an event loop.
///
/// It stands in this module because the type by which Swift names a running executor counts as unsafe, and unsafe
/// expressions are kept in one place.
public final class HTTPTaskExecutor: TaskExecutor {
    private let submit: @Sendable (@escaping @Sendable () -> Void) -> Void

    /// An executor that hands each piece of work to a closure, which runs it once, later, on a thread of its own.
    public init(submit: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) {
        self.submit = submit
    }

    /// Hands over a piece of a task.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // The reference to this executor does not outlive the call: the closure holds the executor itself.
        submit { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
