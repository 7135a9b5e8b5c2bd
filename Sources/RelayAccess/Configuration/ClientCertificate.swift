internal import Crypto
internal import Foundation
internal import NIOSSL

/// A certificate and its private key, which signs the assertions of a client (RFC 7523, section 2.2).
///
/// The endpoint must know the certificate: for Microsoft, upload it to the app registration.
public struct ClientCertificate: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    let key: SigningKey
    /// The SHA-1 of the certificate (RFC 7515, section 4.1.7), base64url.
    let sha1Thumbprint: String
    /// The SHA-256 of the certificate (RFC 7515, section 4.1.8), base64url.
    let sha256Thumbprint: String

    /// Reads a certificate and its key.
    ///
    /// - Parameters:
    ///   - certificatePEM: the certificate (PEM). If it is a chain, the first one counts.
    ///   - keyPEM: its private key (PEM, without a passphrase): RSA of 2048 bits or more, or P-256.
    /// - Throws: ``TokenConfigurationError`` if one of them cannot be used, or if the key is not the certificate's.
    public init(certificatePEM: [UInt8], keyPEM: [UInt8]) throws(TokenConfigurationError) {
        guard let certificate = try? NIOSSLCertificate.fromPEMBytes(certificatePEM).first,
            let octets = try? certificate.toDERBytes(),
            let publicKey = try? certificate.extractPublicKey().toSPKIBytes()
        else {
            throw TokenConfigurationError("the client's certificate cannot be read; give an X.509 certificate in PEM")
        }
        key = try SigningKey(pem: keyPEM)
        guard key.publicKey == publicKey else {
            throw TokenConfigurationError(
                "the private key is not that of the client's certificate; give the key that it was made with")
        }
        sha1Thumbprint = Base64URL.text(Insecure.SHA1.hash(data: octets))
        sha256Thumbprint = Base64URL.text(SHA256.hash(data: octets))
    }

    /// The certificate's thumbprint, without the key.
    public var description: String { "certificate \(sha256Thumbprint)" }
    /// The same as `description`.
    public var debugDescription: String { description }
}
