internal import NIOSSL

/// What went wrong in TLS, in words that say what to do.
struct TLSFailure: CustomStringConvertible {
    let description: String

    /// Nil where the error does not come from TLS.
    init?(_ error: any Error) {
        switch error {
        case NIOSSLError.uncleanShutdown: return nil
        case let error as NIOSSLExtraError:
            description =
                error == .failedToValidateHostname
                ? "the server's certificate is for another name; use the name that is in it" : "TLS failed: \(error)"
        case let error as NIOSSLError: description = Self.handshake(String(describing: error))
        case let error as BoringSSLError: description = Self.handshake(String(describing: error))
        default: return nil
        }
    }

    private static func handshake(_ text: String) -> String {
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return "the server's certificate could not be verified; name its authority as a trust root (\(text))"
        }
        if text.contains("WRONG_VERSION_NUMBER") {
            return "the server does not speak TLS on this port (\(text))"
        }
        return "the TLS handshake failed (\(text))"
    }
}
