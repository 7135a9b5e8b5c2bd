internal import Foundation
internal import NIOSSL

/// What went wrong in TLS, found from the error, the server's certificate and the time.
struct TLSDiagnosis {
    let failure: SMTPError.TLSFailure
    /// What to do, in the words of this library.
    let advice: String

    /// The facts of a server's certificate that tell why it was not accepted.
    struct Certificate {
        let notValidBefore: Date
        let notValidAfter: Date
        let isSelfIssued: Bool
    }

    init(_ kind: SMTPError.TLSFailure.Kind, _ explanation: String, advice: String) {
        failure = SMTPError.TLSFailure(kind: kind, explanation: explanation)
        self.advice = advice
    }

    /// The whole sentence.
    var detail: String { advice.isEmpty ? failure.explanation : failure.explanation + "; " + advice }

    /// Nil where the error does not come from TLS, or where it is the end of the connection.
    ///
    /// - Parameters:
    ///   - certificate: the server's, if it had come.
    ///   - host: whom the client meant to reach.
    init?(_ error: any Error, certificate: Certificate?, host: String, now: Date) {
        switch error {
        case NIOSSLError.uncleanShutdown: return nil
        case let error as NIOSSLExtraError where error == .failedToValidateHostname: self = .wrongHost(host)
        case NIOSSLError.unableToValidateCertificate: self = .unverified(certificate, now)
        case NIOSSLError.handshakeFailed(.sslError(let stack)), BoringSSLError.sslError(let stack):
            if stack.contains(.eofDuringHandshake) { return nil }
            self.init(stack.map { Self.reason(of: $0) }, certificate, now)
        case is NIOSSLExtraError, is NIOSSLError, is BoringSSLError: self = .unexplained(String(describing: error))
        default: return nil
        }
    }

    private init(_ reasons: [String], _ certificate: Certificate?, _ now: Date) {
        if reasons.contains("CERTIFICATE_VERIFY_FAILED") {
            self = .unverified(certificate, now)
        } else if reasons.contains(where: Self.versionReasons.contains) {
            self.init(
                .protocolVersion, "client and server have no TLS version in common",
                advice: "the server has to offer TLS 1.2 or later, or the TLS configuration a lower minimumTLSVersion")
        } else if reasons.contains(where: Self.foreignReasons.contains) {
            self.init(
                .notTLS, "what the server sent is not TLS",
                advice: "use another port, or STARTTLS in place of implicit TLS")
        } else if reasons.contains(where: Self.clientCertificateReasons.contains) {
            self.init(
                .clientCertificate, "the server wants a certificate of the client, or does not accept the one it got",
                advice: "give one that it knows as certificateChain and privateKey of the TLS configuration")
        } else {
            self = .unexplained(reasons.joined(separator: ", "))
        }
    }

    /// The certificate is not for the host that was meant.
    static func wrongHost(_ host: String) -> TLSDiagnosis {
        TLSDiagnosis(
            .wrongHost, "the server's certificate is not for \(host)", advice: "connect by a name that is in it")
    }

    private static func unexplained(_ reason: String) -> TLSDiagnosis {
        TLSDiagnosis(.handshake, "the TLS handshake failed (\(reason))", advice: "")
    }

    private static func unverified(_ certificate: Certificate?, _ now: Date) -> TLSDiagnosis {
        let trust = "if it is right, add it or its authority to additionalTrustRoots of the TLS configuration"
        guard let certificate else {
            return TLSDiagnosis(.unknownAuthority, "the server's certificate could not be verified", advice: trust)
        }
        if certificate.notValidAfter < now {
            return TLSDiagnosis(
                .certificateExpired, "the server's certificate expired on \(day(certificate.notValidAfter))",
                advice: "its owner has to renew it")
        }
        if certificate.notValidBefore > now {
            return TLSDiagnosis(
                .certificateNotYetValid,
                "the server's certificate is not valid before \(day(certificate.notValidBefore))",
                advice: "check the clock of this host")
        }
        if certificate.isSelfIssued {
            return TLSDiagnosis(
                .selfSigned, "the server's certificate is self-signed and is not trusted here", advice: trust)
        }
        return TLSDiagnosis(
            .unknownAuthority, "the server's certificate was signed by an authority that is not trusted here",
            advice: trust)
    }

    private static func day(_ date: Date) -> String {
        date.formatted(.iso8601.year().month().day())
    }

    // MARK: Reasons of BoringSSL

    /// The reason in a text such as `… error:1000007d:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED at FILE:LINE`.
    private static func reason(of error: BoringSSLInternalError) -> String {
        let text = error.description
        guard let start = text.range(of: "OPENSSL_internal:") else {
            return text.trimmingCharacters(in: .whitespaces)
        }
        return String(text[start.upperBound...].prefix { $0 != " " })
    }

    private static let versionReasons: Set = [
        "TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_INSUFFICIENT_SECURITY",
        "WRONG_SSL_VERSION",
    ]
    private static let foreignReasons: Set = [
        "WRONG_VERSION_NUMBER", "ENCRYPTED_LENGTH_TOO_LONG", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST",
        "UNEXPECTED_RECORD", "DATA_LENGTH_TOO_LONG", "EXCESSIVE_MESSAGE_SIZE",
    ]
    private static let clientCertificateReasons: Set = [
        "TLSV1_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_BAD_CERTIFICATE", "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_REVOKED", "SSLV3_ALERT_CERTIFICATE_EXPIRED", "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "TLSV1_ALERT_UNKNOWN_CA", "SSLV3_ALERT_NO_CERTIFICATE", "TLSV1_ALERT_ACCESS_DENIED",
    ]
}
