/// The client's side of one run of a SASL mechanism (RFC 4422, section 3): a value without I/O.
protocol AuthenticationExchange: Sendable {
    /// The response that goes out with AUTH, or nil if the server speaks first.
    mutating func initialResponse() throws(AuthenticationFailure) -> [UInt8]?

    /// Work to be done before ``respond(to:)`` is called with that challenge, or nil.
    func derivation(for challenge: [UInt8]) -> KeyDerivation?

    /// The response to a challenge.
    mutating func respond(to challenge: [UInt8]) throws(AuthenticationFailure) -> [UInt8]

    /// Whether what a challenge holds matters. Where it does not, one that is not base64 is as good as any.
    var readsChallenges: Bool { get }

    /// Whether the server has shown all that the mechanism asks of it, so that its success can be believed.
    var isComplete: Bool { get }

    /// What the server said of a refusal besides its reply, fit to be shown, or nil.
    var refusalDetail: String? { get }
}

extension AuthenticationExchange {
    func derivation(for challenge: [UInt8]) -> KeyDerivation? { nil }
    var readsChallenges: Bool { true }
    var isComplete: Bool { true }
    var refusalDetail: String? { nil }
}
