internal import RelayAccess
public import SMTP
internal import Settings

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
            } else if let advice = Advice(relay).text(for: error) {
                "\(error.detail); \(advice)"
            } else {
                error.detail
            }
    }
}

/// What to do about a failure, with the settings of the relay that failed.
private struct Advice {
    private let url: String
    private let roots: String
    /// What to do if the relay wants a certificate, or another one.
    private let withCertificate: String
    /// Where a named relay has these settings in a configuration file.
    private let file: String

    init(_ relay: String) {
        url = Setting.relayURL.own(of: relay).name
        roots = Setting.relayCAFile.own(of: relay).name
        withCertificate =
            "set \(Setting.relayClientCertificateFile.own(of: relay).name) and "
            + "\(Setting.relayClientKeyFile.own(of: relay).name) to a certificate that the relay trusts, or use a port of the "
            + "relay that asks for none"
        file = relay == Setting.defaultRelay ? "" : " (in a file: url and ca_file of relays.\(relay))"
    }

    /// What to do about a failure that is not one of TLS, as far as the gateway's settings are the way out.
    func text(for error: SMTPError) -> String? {
        if error.reason == .refused, let reply = error.reply, let advice = TokenAdvice.reply(reply.description) {
            return advice
        }
        // Postfix says 421 to EHLO.
        if error.reason == .refused, error.text?.lowercased().contains("client certificate") == true {
            return withCertificate
        }
        switch (error.stage, error.reason) {
        case (.greeting, .timedOut), (.greeting, .connectionLost):
            return "if the port speaks TLS from the first byte, as 465 does, write smtps:// in \(url)\(file)"
        case (.ehlo, .refused): return name
        case (.auth, .authenticationUnavailable):
            return
                "use a relay or a port that offers what is missing, such as smtps:// on port 465; auth= in \(url) names a "
                + "mechanism, and insecure_auth=true sends the password without TLS\(file)"
        // A 4yz says nothing about the password.
        case (.auth, .refused) where !error.isTransient:
            return
                "check the user's name and the password in \(url), or where its access tokens come from; auth= names "
                + "another mechanism\(file)"
        case (_, .refused) where error.code == 530:
            return "the relay wants a login or TLS first: write smtp://user:password@host in \(url)\(file)"
        case (_, .refused) where Self.isAboutName(error.text ?? ""): return name
        default: return nil
        }
    }

    private var name: String { "\(Setting.heloName.name) is the name that Postern gives in EHLO" }

    /// Whether a reply complains of the client's name, as Postfix does: "Helo command rejected: need fully-qualified hostname".
    private static func isAboutName(_ text: String) -> Bool {
        let text = text.lowercased()
        return text.contains("helo") || text.contains("fully-qualified hostname")
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
            "use a relay or a port that does, such as smtps:// on port 465; to do without TLS write tls=none in \(url), "
                + "and insecure_auth=true beside it if there is a password\(file)"
        case .clientCertificate: withCertificate
        default: nil
        }
    }

    private var withoutCertificate: String {
        "write verify=false in \(url) to trust any certificate, or smtp:// with tls=none to do without TLS\(file)"
    }
}
