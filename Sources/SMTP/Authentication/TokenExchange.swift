internal import Foundation

/// OAUTHBEARER (RFC 7628, section 3) and XOAUTH2: an access token, and a challenge that tells of an error.
struct TokenExchange: AuthenticationExchange {
    private let mechanism: AuthenticationMechanism
    private let response: [UInt8]
    private(set) var refusalDetail: String?
    /// Whether the token has been sent.
    private var isSent = false

    /// The first challenge asks for the token if that did not come with the command, whatever it holds.
    var readsChallenges: Bool { isSent }

    /// The longest status of an error that is shown.
    private static let maximumStatus = 100

    init(_ mechanism: AuthenticationMechanism, username: String, token: String) throws(AuthenticationFailure) {
        // What RFC 6750, section 2.1, allows; anything else could forge a field of its own.
        guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .credentials("the access token is empty or holds more than printable ASCII")
        }
        guard username.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw .credentials("the user name holds a control character")
        }
        self.mechanism = mechanism
        let text =
            mechanism == .oauthBearer
            ? "n,a=\(SCRAMExchange.escaped(username)),\u{1}auth=Bearer \(token)\u{1}\u{1}"
            : "user=\(username)\u{1}auth=Bearer \(token)\u{1}\u{1}"
        response = Array(text.utf8)
    }

    mutating func initialResponse() -> [UInt8]? {
        isSent = true
        return response
    }

    /// A challenge tells of an error, and wants a response before the reply that refuses (RFC 7628, section 3.2.3). An
    /// empty one asks for what should have come with the command.
    mutating func respond(to challenge: [UInt8]) throws(AuthenticationFailure) -> [UInt8] {
        guard isSent, !challenge.isEmpty else {
            isSent = true
            return response
        }
        guard refusalDetail == nil else { throw .server("the server sends a second challenge behind its error") }
        let status = (try? JSONDecoder().decode(ServerError.self, from: Data(challenge)))?.status ?? "no status"
        refusalDetail = "the token was refused: " + PrintableText.shown(String(status.prefix(Self.maximumStatus)))
        return mechanism == .oauthBearer ? [1] : []
    }

    /// The member of the error that says what is wrong (RFC 7628, section 3.2.2).
    private struct ServerError: Decodable {
        let status: String
    }
}
