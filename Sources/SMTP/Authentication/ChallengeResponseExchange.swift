internal import Crypto

/// CRAM-MD5 (RFC 2195, section 2): the digest of a challenge, keyed with the password.
struct ChallengeResponseExchange: AuthenticationExchange {
    private let username: String
    private let password: String
    private(set) var isComplete = false

    init(username: String, password: String) {
        self.username = username
        self.password = password
    }

    func initialResponse() -> [UInt8]? { nil }

    mutating func respond(to challenge: [UInt8]) throws(AuthenticationFailure) -> [UInt8] {
        guard !isComplete else { throw .server("the server sends a second challenge of CRAM-MD5") }
        isComplete = true
        let key = SymmetricKey(data: Array(password.utf8))
        let digest = HMAC<Insecure.MD5>.authenticationCode(for: challenge, using: key)
        let digits = Array("0123456789abcdef".utf8)
        return Array(username.utf8) + [UInt8(ascii: " ")]
            + digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }
    }
}
