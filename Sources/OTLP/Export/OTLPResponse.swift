/// The answer of a collector, as HTTP carries it.
struct OTLPResponse: Sendable, Hashable {
    /// The status (RFC 9110, section 15).
    let status: Int
    /// The field Retry-After, or nil if there is none.
    var retryAfter: String?
    /// The body; empty if it is longer than 64 KiB.
    var body: [UInt8] = []
}
