internal import HTTPServer

/// The header fields that say what the forms of vendors have no place for.
enum VendorField {
    /// The relay's reply in one line.
    static let reply = "X-Postern-Reply"
    /// What became of the message, or of all messages together.
    static let outcome = "X-Postern-Outcome"
    /// The fields of the request that were taken and have no effect.
    static let ignored = "X-Postern-Ignored"

    /// The recipients that were not accepted, each with the reply.
    static let rejected = "X-Postern-Rejected"

    /// The most characters of a list in a field, so that a header section stays small.
    private static let maximumList = 800

    /// A list as the value of a field, in ASCII, cut where it would be too long.
    static func list(_ items: [String]) -> String {
        var text = ""
        for (index, item) in items.enumerated() {
            let shown = VendorText.ascii(FieldError.shortened(item))
            guard text.utf8.count + shown.utf8.count <= maximumList else {
                return text + (text.isEmpty ? "" : ", ") + "and \(items.count - index) more"
            }
            text += (text.isEmpty ? "" : ", ") + shown
        }
        return text
    }

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
