/// What went out behind the content of a message (RFC 2920, section 3.1).
enum ChainedTransaction: ~Copyable {
    /// Nothing.
    case none
    /// The envelope of the next one, whose turn comes with the reply to the content.
    case sent(Transaction)
    /// An envelope whose message is sent on another session by now. This session ends with the reply to the content.
    case takenBack

    var isSent: Bool {
        switch self {
        case .sent: true
        default: false
        }
    }

    var isTakenBack: Bool {
        switch self {
        case .takenBack: true
        default: false
        }
    }
}
