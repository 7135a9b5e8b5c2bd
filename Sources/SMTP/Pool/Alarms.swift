internal import NIOCore

/// When a pool has something to do though nothing happens; the distant future where there is nothing.
struct Alarms {
    enum Reason {
        /// A message has waited until its deadline.
        case queue
        /// A session has been idle for too long.
        case idle
        /// A chained message has waited long enough for the message before it.
        case chain
        /// Messages have waited for busy sessions of a prompt server.
        case promptness
        /// Those that wait are served: at the end of the turn, or when another connection may be tried.
        case serving
        /// The grace of the shutdown is over.
        case grace
    }

    private var queue = NIODeadline.distantFuture
    private var idle = NIODeadline.distantFuture
    private var chain = NIODeadline.distantFuture
    private var promptness = NIODeadline.distantFuture
    private var serving = NIODeadline.distantFuture
    private var grace = NIODeadline.distantFuture

    subscript(_ reason: Reason) -> NIODeadline {
        get {
            switch reason {
            case .queue: queue
            case .idle: idle
            case .chain: chain
            case .promptness: promptness
            case .serving: serving
            case .grace: grace
            }
        }
        set {
            switch reason {
            case .queue: queue = newValue
            case .idle: idle = newValue
            case .chain: chain = newValue
            case .promptness: promptness = newValue
            case .serving: serving = newValue
            case .grace: grace = newValue
            }
        }
    }

    /// The first of them.
    var next: NIODeadline {
        min(min(min(queue, idle), min(chain, promptness)), min(serving, grace))
    }
}
