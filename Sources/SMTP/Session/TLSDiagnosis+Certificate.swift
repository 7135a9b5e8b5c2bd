internal import Foundation
internal import NIOSSL
internal import SwiftASN1

extension TLSDiagnosis.Certificate {
    /// The facts of a certificate that came from a server.
    init(_ certificate: NIOSSLCertificate) {
        notValidBefore = Date(timeIntervalSince1970: TimeInterval(certificate.notValidBefore))
        notValidAfter = Date(timeIntervalSince1970: TimeInterval(certificate.notValidAfter))
        isSelfIssued = (try? certificate.toDERBytes()).map(Self.isSelfIssued) ?? false
    }

    /// Whether issuer and subject are the same (RFC 5280, section 4.1): the third and the fifth field of what was signed,
    /// behind the version, which may be left out.
    static func isSelfIssued(_ der: [UInt8]) -> Bool {
        guard let certificate = try? DER.parse(der), let signed = parts(of: certificate)?.first,
            let fields = parts(of: signed)?.filter({ $0.identifier.tagClass == .universal }), fields.count >= 5
        else { return false }
        return fields[2].encodedBytes == fields[4].encodedBytes
    }

    private static func parts(of node: ASN1Node) -> [ASN1Node]? {
        if case .constructed(let parts) = node.content { Array(parts) } else { nil }
    }
}
