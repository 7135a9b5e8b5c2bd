/// AUTH with a server that takes any credentials (RFC 4954): it asks as many questions as the mechanism has, and listens to
/// no answer.
struct SandboxAuthentication {
    /// What the server does next.
    enum Step {
        /// A challenge in base64, and what takes the client's answer to it.
        case challenge(String, SandboxAuthentication)
        case done(SandboxReply)
    }

    /// The mechanisms, as EHLO offers them. SCRAM is not among them: there the server has to know the password.
    static let mechanisms = "PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER"

    /// The challenges that are still to come, in base64.
    private let challenges: [String]

    /// Takes the command. An initial response stands for the answer to the first challenge.
    static func begin(_ mechanism: String, _ initialResponse: String?) -> Step {
        let challenges: [String]
        switch mechanism {
        case "PLAIN", "XOAUTH2", "OAUTHBEARER": challenges = [""]
        // "Username:" and "Password:".
        case "LOGIN": challenges = ["VXNlcm5hbWU6", "UGFzc3dvcmQ6"]
        // "<1.1@localhost>": the digest of the password is not looked at, so it need not be a new one each time.
        case "CRAM-MD5": challenges = ["PDEuMUBsb2NhbGhvc3Q+"]
        default: return .done(.unknownMechanism)
        }
        guard let initialResponse else { return SandboxAuthentication(challenges: challenges).next }
        return SandboxAuthentication(challenges: Array(challenges.dropFirst())).receive(
            Array(initialResponse.utf8)[...])
    }

    /// Takes a response; `*` cancels (RFC 4954, section 4).
    func receive(_ response: ArraySlice<UInt8>) -> Step {
        if response.elementsEqual("*".utf8) { return .done(.cancelled) }
        guard response.allSatisfy(Self.isBase64) else { return .done(.syntax("base64")) }
        return next
    }

    private var next: Step {
        guard let challenge = challenges.first else { return .done(.authenticated) }
        return .challenge(challenge, SandboxAuthentication(challenges: Array(challenges.dropFirst())))
    }

    private static func isBase64(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="):
            true
        default: false
        }
    }
}
