/// What a client said of its secret in a run of AUTH, to tell whether a server repeats it in a reply.
struct SentSecrets {
    /// A run of so many octets that two texts have in common is no accident.
    private static let window = 12
    /// A password that is shorter stands in too many texts.
    private static let shortestSecret = 3

    /// The password or the access token.
    private var secret: [UInt8] = []
    private var windows: Set<ArraySlice<UInt8>> = []

    /// The password or the access token that is used.
    mutating func use(_ text: String) {
        secret = Array(text.utf8)
        // Part of a long one is a secret too.
        if secret.count >= 2 * Self.window { add(secret) }
    }

    /// A response that was sent, in base64 on the wire.
    mutating func send(_ response: [UInt8]) {
        add(Array(Base64.encode(response).utf8))
    }

    /// The reply with another text if it repeats any of it: the text goes into errors and logs.
    func withheld(_ reply: Reply) -> Reply {
        guard areRepeated(in: Array(reply.text.utf8)) else { return reply }
        return Reply(
            code: reply.code, enhancedCode: reply.enhancedCode,
            text: "[the text of the reply repeats credentials and is not shown]")
    }

    private mutating func add(_ octets: [UInt8]) {
        guard octets.count >= Self.window else { return }
        for start in 0...(octets.count - Self.window) { windows.insert(octets[start..<(start + Self.window)]) }
    }

    private func areRepeated(in text: [UInt8]) -> Bool {
        for start in text.indices {
            let rest = text[start...]
            if secret.count >= Self.shortestSecret, rest.starts(with: secret) { return true }
            if rest.count >= Self.window, windows.contains(rest.prefix(Self.window)) { return true }
        }
        return false
    }
}
