internal import NIOCore

/// A message whose envelope is under way on a session, or goes out behind the message before it.
struct Opening<Message> {
    /// What a failure may mean: it depends on the session that the message met.
    enum SessionUse {
        /// Nothing had been sent on it: a failure is the message's own. The envelope went out at that time.
        case fresh(since: NIODeadline)
        /// It had carried messages or rested, and its server may have given it up.
        case used(restedSince: NIODeadline)
        /// The envelope stood behind the content of another message.
        case chained
    }

    let waiting: WaitingMessage<Message>
    /// How long the message has waited for the session.
    let waited: TimeAmount
    let session: SessionUse

    init(_ waiting: WaitingMessage<Message>, waited: TimeAmount, session: SessionUse) {
        self.waiting = waiting
        self.waited = waited
        self.session = session
    }
}
