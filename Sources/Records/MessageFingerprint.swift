/// Tells whether two requests are for the same message: the SHA-256 of what the client sent.
public struct MessageFingerprint: Hashable, Sendable {
    /// 32 octets.
    public let octets: [UInt8]

    /// A fingerprint that was computed elsewhere.
    public init(octets: [UInt8]) {
        self.octets = octets
    }
}
