internal import HTTPServer

/// The header fields that say what the forms of vendors have no place for.
enum VendorField {
    /// The relay's reply in one line.
    static let reply = "X-Postern-Reply"
    /// What became of the message, or of all messages together.
    static let outcome = "X-Postern-Outcome"
    /// The fields of the request that were taken and have no effect.
    static let ignored = "X-Postern-Ignored"

    /// The value of a field of a response; nil if it has none.
    static func value(_ name: String, in response: HTTPResponse) -> String? {
        response.headers.first { $0.name == name }?.value
    }

    /// What became of a message, as its response says; nil if nothing was to be sent.
    static func outcome(of response: HTTPResponse) -> String? { value(outcome, in: response) }

    /// What became of several messages together; nil if nothing was to be sent.
    static func together(_ outcomes: [String?]) -> String? {
        let known = Set(outcomes.compactMap(\.self))
        if known.contains("unknown") { return "unknown" }
        return known.count > 1 ? "partially_accepted" : known.first
    }
}
