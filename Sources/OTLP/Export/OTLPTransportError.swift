/// Why a collector gave no answer.
enum OTLPTransportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is no connection, or it broke; with the reason.
    case unreachable(String)
    /// There was no complete answer in time.
    case timedOut
    /// The task was cancelled.
    case cancelled

    /// What happened, for a log.
    var description: String {
        switch self {
        case .unreachable(let reason): "the collector could not be reached: \(reason)"
        case .timedOut: "the collector did not answer in time"
        case .cancelled: "the request was cancelled"
        }
    }
}
