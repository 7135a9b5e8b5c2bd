internal import NIOCore

/// A message whose envelope is under way on a session, or goes out behind the message before it.
struct Opening<Message> {
    /// What a failure may mean: it depends on the session that the message met.
    enum Meeting {
        /// Nothing had been sent on it: a failure is the message's own. The envelope went out at that time.
        case fresh(since: NIODeadline)
        /// It had carried messages or rested, and its server may have given it up.
        case used(restedSince: NIODeadline)
        /// The envelope stood behind the content of another message.
        case chained
    }

    let waiting: Waiting<Message>
    /// How long the message has waited for the session.
    let waited: TimeAmount
    let session: Meeting

    init(_ waiting: Waiting<Message>, waited: TimeAmount, session: Meeting) {
        self.waiting = waiting
        self.waited = waited
        self.session = session
    }
}

/// A message for whose content the server waits.
struct OpenedMessage<Message> {
    let message: Message
    /// How long it has waited for the session.
    let waited: TimeAmount
}

/// A message whose envelope goes out behind the content of the one before.
struct ChainedMessage<Message> {
    let message: Message
    /// How long the server may take for the reply to its MAIL, or nil for as long as for any reply.
    let patience: Duration?
}

/// What a failure before the content says of a message.
enum FailureVerdict {
    /// It is the message's own.
    case final
    /// It is not: the message is asked for again, alone, on any session.
    case again
    /// It is the session's: the message is asked for again on a fresh one.
    case renew
}
