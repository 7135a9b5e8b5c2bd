/// How the end of a request's body is found (RFC 9112, section 6.3).
enum BodyFraming: Equatable {
    /// There is no body.
    case none
    /// So many octets, one at least.
    case length(Int)
    case chunked
}
