internal import NIOCore

/// What a pool knows of a session. In an object, which nobody but its machine has, so that an event looks at a session without
/// copying what is known of it.
final class PooledSession<Message> {
    /// What a session does. Its record goes when it is closed, which may happen in each state.
    enum State {
        /// It waits for a message, and comes to `opening`, `probed` or `leaving`.
        case idle
        /// It rested for long, and is being asked whether its server is still there: goes to `idle`, `opening` or `leaving`.
        case probed
        /// The envelope of a message is under way: goes to `open`, or to `settling` if the message fails.
        case opening(Opening<Message>)
        /// The server waits for the content: goes to `finishing`, or on as from `settling` if the message ends before its end.
        case open(ContentProgress)
        /// The end of the message went out at that time, perhaps with the envelope of the next one behind it: goes to
        /// `opening` with that one, and to `settling` without.
        case finishing(since: NIODeadline, next: Opening<Message>?)
        /// It is set up, or a transaction is over; the session is about to be ready. Goes to `idle`, `opening` or `leaving`.
        case settling
        /// It has been told to end.
        case leaving

        /// How soon the content comes that the server waits for.
        enum ContentProgress {
            /// At once.
            case imminent
            /// When its writer, or the gate before it, is ready.
            case awaited
        }

        /// Whether the session can come to be ready from here.
        var mayBecomeReady: Bool {
            switch self {
            case .probed, .open, .settling: true
            case .idle, .opening, .finishing, .leaving: false
            }
        }
    }

    /// Tells the sessions apart that have the same place one after the other.
    let serial: Int
    /// When it is too old for another message.
    let retiresAfter: NIODeadline
    /// Most transactions.
    let mostTransactions: Int
    var state = State.settling
    /// When the last transaction ended or the session was set up.
    var readySince: NIODeadline
    /// How many transactions have begun here.
    var transactions = 0
    /// How many messages the server has taken here.
    var carried = 0
    /// Whether the server has had enough of the session: it refused what it would take in a new one.
    var isWornOut = false

    init(serial: Int, retiresAfter: NIODeadline, mostTransactions: Int, readySince: NIODeadline) {
        self.serial = serial
        self.retiresAfter = retiresAfter
        self.mostTransactions = mostTransactions
        self.readySince = readySince
    }

    /// Whether the session has done its share: its age, its messages, or what the server's LIMITS allow (RFC 9422). One that
    /// no message was sent on yet can always take one.
    var isSpent: Bool {
        isWornOut || transactions > 0 && (transactions >= mostTransactions || retiresAfter < readySince)
    }
}
