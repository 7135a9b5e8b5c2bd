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
