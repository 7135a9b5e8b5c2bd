/// How an exchange of SCRAM is bound to the TLS connection that it runs on (RFC 5802, section 6).
enum ChannelBinding: Hashable, Sendable {
    /// Not at all: there is no TLS, its certificate has no end point to bind to, or the server wants another binding.
    case none
    /// The client could, and the server did not offer it. A server that did is told so, and knows that somebody struck it
    /// from the list.
    case notOffered
    /// To the server's certificate, by its hash: `tls-server-end-point` (RFC 5929, section 4).
    case serverEndPoint([UInt8])

    /// The header of GS2 (RFC 5801, section 4).
    var header: String {
        switch self {
        case .none: "n,,"
        case .notOffered: "y,,"
        case .serverEndPoint: "p=tls-server-end-point,,"
        }
    }

    /// What the proof covers.
    var input: [UInt8] {
        if case .serverEndPoint(let hash) = self { Array(header.utf8) + hash } else { Array(header.utf8) }
    }
}
