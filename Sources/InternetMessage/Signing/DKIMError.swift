/// Why a message cannot be signed, or a key not be used: what is wrong and what to do about it. No key is part of it.
public struct DKIMError: Error, Hashable, Sendable, CustomStringConvertible {
    private enum Kind: String {
        case key
        case selector
        case domain
        case signing
    }

    private let kind: Kind

    /// What is wrong and what to do.
    public let description: String

    /// A short label without values in it, fit for a metric.
    public var label: String { kind.rawValue }

    static let key = DKIMError(
        kind: .key,
        description: "this is no private key for DKIM; give an RSA key of 2048 bits or more, or an Ed25519 key in the "
            + "form PKCS #8, unencrypted, in PEM (openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048)")
    static let selector = DKIMError(
        kind: .selector,
        description: "this is no selector; it has labels of letters, digits and hyphens, as a domain (RFC 6376, 3.1)")
    static let domain = DKIMError(
        kind: .domain, description: "this is no domain that can sign; write one such as example.org")
    static let signing = DKIMError(
        kind: .signing, description: "the key makes no signature; make a new one and publish it")
}
