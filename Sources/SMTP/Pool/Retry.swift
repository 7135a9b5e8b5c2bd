/// Whether a message that failed before its content is sent again.
enum Retry {
    /// It is not: the failure is the message's own.
    case none
    /// On any session, and not chained.
    case onAnySession
    /// On a session that nothing was sent on yet: the failure is the used session's.
    case onFreshSession
}
