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
    ///
    /// - Parameter relay: the relay's name among the settings.
    public init(_ error: SMTPError, relay: String) {
        stage = error.stage
        detail =
            if let failure = error.tlsFailure, let advice = Advice(relay).text(for: failure.kind) {
                "\(failure.explanation); \(advice)"
            } else {
                error.detail
            }
    }
}

/// What to do about a failure of TLS, with the settings of the relay that failed.
private struct Advice {
    private let url: String
    private let roots: String
    /// Where a named relay has these settings in a configuration file.
    private let file: String

    init(_ relay: String) {
        url = Setting.relayURL.own(of: relay).name
        roots = Setting.relayCAFile.own(of: relay).name
        file = relay == RelayConfiguration.defaultName ? "" : " (in a file: url and ca_file of relays.\(relay))"
    }

    func text(for kind: SMTPError.TLSFailure.Kind) -> String? {
        switch kind {
        case .selfSigned, .unknownAuthority:
            "if it is right, name it or its authority in \(roots), or \(withoutCertificate)"
        case .certificateExpired: "renew it at the relay (\(roots) is no help here), or \(withoutCertificate)"
        case .certificateNotYetValid:
            "check the clock of this host (\(roots) is no help here), or \(withoutCertificate)"
        case .wrongHost:
            "name the relay in \(url) as its certificate does (\(roots) is no help here), or \(withoutCertificate)"
        case .protocolVersion: "the relay has to offer TLS 1.2 or later; smtp:// with tls=none does without TLS"
        case .notTLS:
            "smtps:// is for a port with TLS from the first byte, such as 465; elsewhere write smtp://, with "
                + "tls=required or tls=none"
        case .notOffered:
            "use a relay or a port that does, or write tls=opportunistic or tls=none in \(url)\(file)"
        case .clientCertificate: "use a port of the relay that asks for none"
        default: nil
        }
    }

    private var withoutCertificate: String {
        "write verify=false in \(url) to trust any certificate, or smtp:// with tls=none to do without TLS\(file)"
    }
}
