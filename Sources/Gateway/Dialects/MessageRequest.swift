internal import HTTPServer
internal import InternetMessage
internal import MailAddress

/// A whole request with messages, as a dialect reads it.
struct MessageRequest: Sendable {
    enum Body: Sendable {
        case octets([UInt8])
        case form([HTTPFormPart])
    }

    let head: HTTPRequestHead
    let body: Body
    /// What the endpoint's path holds in place of its segments in braces.
    let pathValues: [String]
    /// The domain of an identifier if nobody who sends the message has one.
    let hostDomain: String
    /// The author of a message that names none; nil if it has to name one.
    let defaultAuthor: Mailbox?
    /// What the identifier of a raw message that has none is made of; random bits if it is nil.
    let seed: MessageSeed?

    /// The body as it came; that of a form is empty.
    var octets: [UInt8] {
        if case .octets(let octets) = body { octets } else { [] }
    }

    /// The parts of a form; any other body has none.
    var parts: [HTTPFormPart] {
        if case .form(let parts) = body { parts } else { [] }
    }
}
