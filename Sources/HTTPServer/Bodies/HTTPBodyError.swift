/// Why the rest of a body does not come.
public enum HTTPBodyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The client ended the connection, or it broke.
    case clientGone
    /// The client sent so slowly, or nothing for so long, that it was given up.
    case tooSlow
    /// The body has more octets than were admitted.
    case tooLarge(limit: Int)
    /// The server was stopped.
    case stopped

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .clientGone: "the client went away before the body was complete; send it again"
        case .tooSlow: "the body came too slowly and was given up; send it again on a faster connection"
        case .tooLarge(let limit): "the body has more than \(limit) bytes; make it smaller"
        case .stopped: "the server was shut down before the body was complete; send it again"
        }
    }
}
