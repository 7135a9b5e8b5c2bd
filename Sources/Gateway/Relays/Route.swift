internal import MailAddress
internal import SMTP
internal import Settings

/// Which relays a message goes to, the first one first.
struct Route: Hashable, Sendable {
    enum Condition: Hashable, Sendable {
        /// The request carries the API key of this name.
        case key(String)
        /// The domain of the reverse-path.
        case sender(DomainPattern)
        /// The domain of every recipient.
        case recipients(DomainPattern)
        /// Any message.
        case always
    }

    let condition: Condition
    let relays: [String]

    /// Most routes: each message may be held against all of them.
    static let bound = 1000

    /// Reads `CONDITION=RELAY>RELAY…`, the condition being `key:NAME`, `from:DOMAIN`, `to:DOMAIN` or `*`.
    ///
    /// - Throws: ``ConfigurationError`` that names `POSTERN_ROUTES`.
    init(_ text: String) throws(ConfigurationError) {
        func wrong(_ problem: String) -> ConfigurationError {
            ConfigurationError(Setting.routes.name, "the route \(text.debugDescription) \(problem)")
        }
        let sides = text.split(separator: "=", omittingEmptySubsequences: false)
        guard sides.count == 2 else { throw wrong("is not of the form from:example.org=first>second") }
        relays = sides[1].split(separator: ">", omittingEmptySubsequences: false).map {
            $0.filter { !$0.isWhitespace }.lowercased()
        }
        guard !relays.contains(""), Set(relays).count == relays.count else {
            throw wrong("names no relay, or one twice; write the relays' names with > between them")
        }
        let parts = sides[0].split(separator: ":", maxSplits: 1).map { String($0.filter { !$0.isWhitespace }) }
        switch (parts.first, parts.count) {
        case ("*", 1): condition = .always
        case ("key", 2): condition = .key(parts[1])
        case ("from", 2), ("to", 2):
            guard let pattern = DomainPattern(parts[1]) else {
                throw wrong("has no domain, such as example.org or *.example.org")
            }
            condition = parts[0] == "from" ? .sender(pattern) : .recipients(pattern)
        default: throw wrong("begins neither with key:, from:, to: nor *")
        }
    }

    /// The route of every message to one relay.
    init(always relay: String) {
        condition = .always
        relays = [relay]
    }

    /// Whether a message takes this route.
    func matches(_ envelope: Envelope, key: String?) -> Bool {
        switch condition {
        case .always: true
        case .key(let name): key == name
        case .sender(let pattern): envelope.reversePath.map { pattern.matches($0.domain) } ?? false
        case .recipients(let pattern): envelope.recipients.allSatisfy { pattern.matches($0.domain) }
        }
    }
}
