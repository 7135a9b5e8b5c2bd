internal import Crypto
internal import Foundation
internal import NIOSSL
internal import SwiftASN1

/// A certificate that a server makes for itself at its start (RFC 5280), for clients that insist on TLS and do not verify.
///
/// The key is in memory only, so that a restart makes another one.
struct SelfSignedCertificate {
    private let key = P256.Signing.PrivateKey()
    private let name: String

    /// How long before the start it is valid, in seconds: clocks differ.
    private static let leeway: Double = 86_400

    private static let ecdsaWithSHA256: ASN1ObjectIdentifier = [1, 2, 840, 10045, 4, 3, 2]
    private static let ecPublicKey: ASN1ObjectIdentifier = [1, 2, 840, 10045, 2, 1]
    private static let prime256v1: ASN1ObjectIdentifier = [1, 2, 840, 10045, 3, 1, 7]
    private static let commonName: ASN1ObjectIdentifier = [2, 5, 4, 3]
    private static let subjectAlternativeName: ASN1ObjectIdentifier = [2, 5, 29, 17]

    /// - Parameter name: the DNS name that it is for.
    init(name: String) {
        self.name = name
    }

    /// What TLS of the server needs.
    ///
    /// - Throws: what NIOSSL finds wrong with it.
    func context() throws -> NIOSSLContext {
        let privateKey = try NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der)
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: [.certificate(certificate())], privateKey: .privateKey(privateKey)))
    }

    func certificate() throws -> NIOSSLCertificate {
        try NIOSSLCertificate(bytes: encoded(), format: .der)
    }

    private func encoded() throws -> [UInt8] {
        let content = try contentToSign()
        let signature = try key.signature(for: content).derRepresentation
        var certificate = DER.Serializer()
        try certificate.appendConstructedNode(identifier: .sequence) { certificate in
            certificate.serializeRawBytes(content)
            try Self.append(algorithm: Self.ecdsaWithSHA256, to: &certificate)
            try certificate.serialize(ASN1BitString(bytes: Array(signature)[...]))
        }
        return certificate.serializedBytes
    }

    /// TBSCertificate (RFC 5280, section 4.1).
    private func contentToSign() throws -> [UInt8] {
        var content = DER.Serializer()
        try content.appendConstructedNode(identifier: .sequence) { content in
            // Version 3.
            try content.serialize(2, explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific)
            try content.serialize(UInt64.random(in: 1...UInt64(Int64.max)))
            try Self.append(algorithm: Self.ecdsaWithSHA256, to: &content)
            try append(distinguishedNameTo: &content)
            try content.appendConstructedNode(identifier: .sequence) { validity in
                try validity.serialize(Self.time(Date() - Self.leeway))
                // The last second that this form of time is for (RFC 5280, section 4.1.2.5): a sandbox may run for years.
                try validity.serialize(
                    UTCTime(year: 2049, month: 12, day: 31, hours: 23, minutes: 59, seconds: 59))
            }
            try append(distinguishedNameTo: &content)
            try content.appendConstructedNode(identifier: .sequence) { publicKey in
                try publicKey.appendConstructedNode(identifier: .sequence) { algorithm in
                    try algorithm.serialize(Self.ecPublicKey)
                    try algorithm.serialize(Self.prime256v1)
                }
                try publicKey.serialize(ASN1BitString(bytes: Array(key.publicKey.x963Representation)[...]))
            }
            try append(extensionsTo: &content)
        }
        return content.serializedBytes
    }

    private static func append(algorithm: ASN1ObjectIdentifier, to serializer: inout DER.Serializer) throws {
        try serializer.appendConstructedNode(identifier: .sequence) { try $0.serialize(algorithm) }
    }

    private func append(distinguishedNameTo serializer: inout DER.Serializer) throws {
        try serializer.appendConstructedNode(identifier: .sequence) { names in
            try names.appendConstructedNode(identifier: .set) { set in
                try set.appendConstructedNode(identifier: .sequence) { attribute in
                    try attribute.serialize(Self.commonName)
                    try attribute.serialize(ASN1UTF8String(name))
                }
            }
        }
    }

    private func append(extensionsTo serializer: inout DER.Serializer) throws {
        var names = DER.Serializer()
        names.appendConstructedNode(identifier: .sequence) { names in
            // dNSName (RFC 5280, section 4.2.1.6).
            names.appendPrimitiveNode(identifier: ASN1Identifier(tagWithNumber: 2, tagClass: .contextSpecific)) {
                $0 += Array(name.utf8)
            }
        }
        let list = names.serializedBytes
        try serializer.serialize(explicitlyTaggedWithTagNumber: 3, tagClass: .contextSpecific) { serializer in
            try serializer.appendConstructedNode(identifier: .sequence) { extensions in
                try extensions.appendConstructedNode(identifier: .sequence) { alternativeName in
                    try alternativeName.serialize(Self.subjectAlternativeName)
                    try alternativeName.serialize(ASN1OctetString(contentBytes: list[...]))
                }
            }
        }
    }

    private static func time(_ date: Date) throws -> UTCTime {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        return try UTCTime(
            year: parts.year ?? 0, month: parts.month ?? 1, day: parts.day ?? 1, hours: parts.hour ?? 0,
            minutes: parts.minute ?? 0, seconds: parts.second ?? 0)
    }
}
