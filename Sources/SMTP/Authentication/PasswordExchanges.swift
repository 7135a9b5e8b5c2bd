internal import Crypto

/// PLAIN (RFC 4616, section 2): name and password in one response.
struct PlainExchange: AuthenticationExchange {
    let readsChallenges = false
    private let response: [UInt8]
    private var wasAsked = false

    init(username: String, password: String) throws(AuthenticationFailure) {
        let name = try PreparedString.prepare(username, as: "the user name")
        let password = try PreparedString.prepare(password, as: "the password")
        response = [0] + Array(name.utf8) + [0] + Array(password.utf8)
    }

    func initialResponse() -> [UInt8]? { response }

    /// The same response once more, for servers that ask for it although it came with the command.
    mutating func respond(to challenge: [UInt8]) throws(AuthenticationFailure) -> [UInt8] {
        guard !wasAsked else { throw .server("the server asks again and again for the response of PLAIN") }
        wasAsked = true
        return response
    }
}

/// LOGIN: the server asks for the name and then for the password, in words of its own.
struct LoginExchange: AuthenticationExchange {
    /// The words are the server's own.
    let readsChallenges = false
    private var responses: [[UInt8]]

    init(username: String, password: String) {
        responses = [Array(username.utf8), Array(password.utf8)]
    }

    func initialResponse() -> [UInt8]? { nil }

    mutating func respond(to challenge: [UInt8]) throws(AuthenticationFailure) -> [UInt8] {
        guard !responses.isEmpty else { throw .server("the server asks for more than a name and a password") }
        return responses.removeFirst()
    }
}

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
