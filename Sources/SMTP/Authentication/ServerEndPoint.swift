internal import Crypto
internal import SwiftASN1

/// What `tls-server-end-point` binds to: a hash of the server's certificate (RFC 5929, section 4.1).
enum ServerEndPoint {
    /// The hash of a certificate, or nil if the RFC defines none.
    ///
    /// The hash function is that of the certificate's signature, and SHA-256 in place of MD5 and SHA-1. A signature without
    /// a hash function of its own, such as Ed25519, has no end point.
    ///
    /// - Parameter certificate: the certificate in DER.
    static func hash(of certificate: [UInt8]) -> [UInt8]? {
        // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { algorithm, … }, … } (RFC 5280, 4.1).
        guard let root = try? DER.parse(certificate), case .constructed(let parts) = root.content else { return nil }
        var iterator = parts.makeIterator()
        guard iterator.next() != nil, let algorithm = iterator.next(),
            case .constructed(let algorithmParts) = algorithm.content,
            let first = algorithmParts.first(where: { _ in true }),
            let identifier = try? ASN1ObjectIdentifier(derEncoded: first)
        else { return nil }
        if sha256.contains(identifier) { return Array(SHA256.hash(data: certificate)) }
        if sha384.contains(identifier) { return Array(SHA384.hash(data: certificate)) }
        if sha512.contains(identifier) { return Array(SHA512.hash(data: certificate)) }
        return nil
    }

    /// md5WithRSAEncryption, sha1WithRSAEncryption, sha256WithRSAEncryption, ecdsa-with-SHA1, ecdsa-with-SHA256.
    private static let sha256: [ASN1ObjectIdentifier] = [
        [1, 2, 840, 113_549, 1, 1, 4], [1, 2, 840, 113_549, 1, 1, 5], [1, 2, 840, 113_549, 1, 1, 11],
        [1, 2, 840, 10_045, 4, 1], [1, 2, 840, 10_045, 4, 3, 2],
    ]
    /// sha384WithRSAEncryption, ecdsa-with-SHA384.
    private static let sha384: [ASN1ObjectIdentifier] = [
        [1, 2, 840, 113_549, 1, 1, 12], [1, 2, 840, 10_045, 4, 3, 3],
    ]
    /// sha512WithRSAEncryption, ecdsa-with-SHA512.
    private static let sha512: [ASN1ObjectIdentifier] = [
        [1, 2, 840, 113_549, 1, 1, 13], [1, 2, 840, 10_045, 4, 3, 4],
    ]
}
