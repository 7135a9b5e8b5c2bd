internal import Crypto

/// SCRAM-SHA-256 (RFC 5802, section 5; RFC 7677): the password is proved and not shown, by the server too.
struct SCRAMExchange: AuthenticationExchange {
    private enum State {
        case start
        case firstSent
        case finalSent(serverKey: SymmetricKey, message: [UInt8])
        case done
    }

    /// Fewer iterations than RFC 7677, section 4, asks for would make a recorded exchange cheap to try passwords on; more
    /// would let a server keep the client busy.
    static let iterations = 4096...600_000
    /// The longest salt in octets.
    private static let maximumSalt = 1024

    private let username: String
    private let password: String
    private let nonce: String
    private let binding: ChannelBinding
    private let saltedPasswords: SaltedPasswords
    private var state = State.start

    /// An exchange with a nonce of its own.
    init(
        username: String, password: String, binding: ChannelBinding, _ saltedPasswords: SaltedPasswords
    ) throws(AuthenticationFailure) {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<24).map { _ in UInt8.random(in: 0...255, using: &random) }
        try self.init(
            username: username, password: password, nonce: Base64.encode(bytes), binding: binding, saltedPasswords)
    }

    init(
        username: String, password: String, nonce: String, binding: ChannelBinding = .none,
        _ saltedPasswords: SaltedPasswords
    ) throws(AuthenticationFailure) {
        self.username = Self.escaped(try PreparedString.prepare(username, as: "the user name"))
        self.password = try PreparedString.prepare(password, as: "the password")
        self.nonce = nonce
        self.binding = binding
        self.saltedPasswords = saltedPasswords
    }

    var isComplete: Bool {
        if case .done = state { true } else { false }
    }

    mutating func initialResponse() -> [UInt8]? {
        state = .firstSent
        return Array((binding.header + firstBare).utf8)
    }

    mutating func respond(to challenge: [UInt8]) throws(AuthenticationFailure) -> [UInt8] {
        guard let text = String(validating: challenge, as: UTF8.self) else {
            throw .server("the server's challenge of SCRAM is not UTF-8")
        }
        switch state {
        case .start where challenge.isEmpty: return initialResponse() ?? []
        case .firstSent: return try final(after: text)
        case .finalSent(let serverKey, let message):
            try verify(text, serverKey, message)
            state = .done
            return []
        case .start, .done: throw .server("the server sends a challenge of SCRAM that is not due")
        }
    }

    private var firstBare: String { "n=\(username),r=\(nonce)" }

    func derivation(for challenge: [UInt8]) -> KeyDerivation? {
        // What is not sound is found when it is answered.
        guard case .firstSent = state, let text = String(validating: challenge, as: UTF8.self),
            let (_, salting) = try? checked(text), !saltedPasswords.holds(salting)
        else { return nil }
        return KeyDerivation(salting: salting) { [password, saltedPasswords] in
            _ = try? saltedPasswords.saltedPassword(password, salt: salting.salt, iterations: salting.iterations)
        }
    }

    /// The nonce of both and what the password is salted with, from the first message of the server.
    private func checked(
        _ serverFirst: String
    ) throws(AuthenticationFailure) -> (nonce: String, salting: SaltedPasswords.Salting) {
        if serverFirst.hasPrefix("e=") { throw breakOff(serverFirst) }
        let attributes = serverFirst.split(separator: ",", omittingEmptySubsequences: false)
        guard attributes.count >= 3, attributes[0].hasPrefix("r="), attributes[1].hasPrefix("s="),
            attributes[2].hasPrefix("i="), let salt = Base64.decode(attributes[1].dropFirst(2)),
            let iterations = Int(attributes[2].dropFirst(2))
        else { throw .server("the server's first message of SCRAM is not of the form r=…,s=…,i=…") }
        let joint = String(attributes[0].dropFirst(2))
        guard joint.hasPrefix(nonce), joint.utf8.count > nonce.utf8.count else {
            throw .server("the server's nonce of SCRAM does not continue the client's")
        }
        guard !salt.isEmpty, salt.count <= Self.maximumSalt else {
            throw .server("the server's salt of SCRAM has \(salt.count) octets")
        }
        guard Self.iterations.contains(iterations) else {
            throw .server("the server wants \(iterations) iterations of SCRAM, which is not from 4096 to 600000")
        }
        return (joint, SaltedPasswords.Salting(salt: salt, iterations: iterations))
    }

    /// The final message of the client, to the first of the server.
    private mutating func final(after serverFirst: String) throws(AuthenticationFailure) -> [UInt8] {
        let (joint, salting) = try checked(serverFirst)
        let salted = try saltedPasswords.saltedPassword(
            password, salt: salting.salt, iterations: salting.iterations)
        let finalBare = "c=\(Base64.encode(binding.input)),r=\(joint)"
        let message = Array("\(firstBare),\(serverFirst),\(finalBare)".utf8)
        let clientKey = Array(Self.code(Array("Client Key".utf8), salted))
        let storedKey = SymmetricKey(data: Array(SHA256.hash(data: clientKey)))
        let proof = zip(clientKey, Self.code(message, storedKey)).map { $0 ^ $1 }
        let serverKey = SymmetricKey(data: Array(Self.code(Array("Server Key".utf8), salted)))
        state = .finalSent(serverKey: serverKey, message: message)
        return Array("\(finalBare),p=\(Base64.encode(proof))".utf8)
    }

    /// The server knows the password, too, or has what was made of it (RFC 5802, section 3).
    private func verify(
        _ serverFinal: String, _ serverKey: SymmetricKey, _ message: [UInt8]
    ) throws(AuthenticationFailure) {
        if serverFinal.hasPrefix("e=") { throw breakOff(serverFinal) }
        let attribute = serverFinal.prefix { $0 != "," }
        guard attribute.hasPrefix("v="), let signature = Base64.decode(attribute.dropFirst(2)),
            // In constant time.
            HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: message, using: serverKey)
        else {
            throw .server("the server did not prove that it knows the password; it may not be the one it claims to be")
        }
    }

    /// The values of `e` that say no more than that another binding is wanted, or none (RFC 5802, section 7).
    private static let refusalsOfBinding = ["unsupported-channel-binding-type", "channel-binding-not-supported"]

    /// What a message that starts with `e=` means.
    private func breakOff(_ message: String) -> AuthenticationFailure {
        let value = String(message.dropFirst(2).prefix { $0 != "," })
        let description = "the server breaks off: " + PrintableText.shown(String(value.prefix(100)))
        guard case .serverEndPoint = binding else { return .server(description) }
        let advice = "; ask for another mechanism, such as SCRAM-SHA-256 in place of SCRAM-SHA-256-PLUS"
        return Self.refusalsOfBinding.contains(value) ? .binding(description + advice) : .server(description + advice)
    }

    private static func code(_ message: [UInt8], _ key: SymmetricKey) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: message, using: key)
    }

    /// A name as saslname has it (RFC 5802, section 5.1).
    static func escaped(_ name: String) -> String {
        name.replacing("=", with: "=3D").replacing(",", with: "=2C")
    }
}
