/// How long the parts of a transaction took. A part that was not reached took no time.
package struct TransactionTimes: Sendable {
    /// Until a session was free.
    package var queue: Duration
    /// From MAIL until the content could be sent.
    package var envelope: Duration
    /// From then on until the reply to the final dot.
    package var content: Duration

    package init(queue: Duration = .zero, envelope: Duration = .zero, content: Duration = .zero) {
        self.queue = queue
        self.envelope = envelope
        self.content = content
    }
}
