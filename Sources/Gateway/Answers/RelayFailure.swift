public import SMTP

/// A failure of a session with the relay as the gateway's users are told it: what happened, and which settings are the
/// way out. (The library speaks of its own calls, which they do not see.)
public struct RelayFailure: CustomStringConvertible {
    /// What happened and what to do, in one line without secrets.
    public let detail: String
    private let stage: SMTPStage

    /// The stage, and the detail.
    public var description: String { "\(stage.rawValue): \(detail)" }

    /// Translates a failure.
    public init(_ error: SMTPError) {
        stage = error.stage
        detail =
            if let failure = error.tlsFailure, let advice = Self.advice(for: failure.kind) {
                "\(failure.explanation); \(advice)"
            } else {
                error.detail
            }
    }

    private static func advice(for kind: SMTPError.TLSFailure.Kind) -> String? {
        switch kind {
        case .selfSigned, .unknownAuthority:
            "if it is right, name it or its authority in POSTERN_RELAY_CA_FILE, or \(withoutCertificate)"
        case .certificateExpired:
            "renew it at the relay (POSTERN_RELAY_CA_FILE is no help here), or \(withoutCertificate)"
        case .certificateNotYetValid:
            "check the clock of this host (POSTERN_RELAY_CA_FILE is no help here), or \(withoutCertificate)"
        case .wrongHost:
            "name the relay in POSTERN_RELAY_URL as its certificate does (POSTERN_RELAY_CA_FILE is no help here), or "
                + withoutCertificate
        case .protocolVersion: "the relay has to offer TLS 1.2 or later; smtp:// with tls=none does without TLS"
        case .notTLS:
            "smtps:// is for a port with TLS from the first byte, such as 465; elsewhere write smtp://, with "
                + "tls=required or tls=none"
        case .notOffered: "use a relay or a port that does, or write tls=opportunistic or tls=none in POSTERN_RELAY_URL"
        case .clientCertificate: "use a port of the relay that asks for none"
        default: nil
        }
    }

    private static let withoutCertificate =
        "write verify=false in POSTERN_RELAY_URL to trust any certificate, or smtp:// with tls=none to do without TLS"
}
