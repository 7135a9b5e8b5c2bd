/// Why a token endpoint gave no answer that can be read.
public enum TokenTransportError: Error, Sendable, Hashable {
    /// There is no connection, or it broke; with the reason.
    case unreachable(String)
    /// There was no complete answer within this time.
    case timedOut(Duration)
    /// TLS failed; with the reason.
    case tls(String)
    /// The body is longer than 64 KiB.
    case tooLong
    /// The task was cancelled.
    case cancelled
}
