internal import NIOSSL

/// What was agreed on in a session's TLS handshake. The cipher suite is not told by NIOSSL.
public struct SMTPTLSFacts: Hashable, Sendable {
    /// The version: `TLSv1.3`, `TLSv1.2`, `TLSv1.1` or `TLSv1`.
    public let version: String
    /// The server's certificate in DER.
    public let peerCertificate: [UInt8]

    static func name(of version: TLSVersion) -> String {
        switch version {
        case .tlsv13: "TLSv1.3"
        case .tlsv12: "TLSv1.2"
        case .tlsv11: "TLSv1.1"
        case .tlsv1: "TLSv1"
        }
    }
}
