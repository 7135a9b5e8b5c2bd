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
