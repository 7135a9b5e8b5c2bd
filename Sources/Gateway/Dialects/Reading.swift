/// What a dialect has read of a request.
struct Reading {
    enum Messages {
        case one(Draft)
        /// Several, each with errors of its own.
        case several([Result<Draft, Problem>], BatchPolicy)
    }

    let messages: Messages
    /// Whether nothing is sent.
    let isDryRun: Bool
    let notes: ReadingNotes

    init(_ messages: Messages, isDryRun: Bool = false, notes: ReadingNotes = .none) {
        self.messages = messages
        self.isDryRun = isDryRun
        self.notes = notes
    }
}

/// What a dialect wants to know again when it says what became of the messages.
final class ReadingNotes: Sendable {
    /// Nothing.
    static let none = ReadingNotes()

    /// The fields that were taken and have no effect.
    let ignored: [String]
    /// Whether the messages of a list were to be sent even though others in it are not valid.
    let isPermissive: Bool
    /// For each message what its response repeats of the request, if the dialect's responses do.
    let echoes: [String?]

    init(ignored: [String] = [], isPermissive: Bool = false, echoes: [String?] = []) {
        self.ignored = ignored
        self.isPermissive = isPermissive
        self.echoes = echoes
    }
}

/// How the messages of a request depend on each other.
enum BatchPolicy: Sendable {
    /// Not at all.
    case independent
    /// Nothing more is sent once a message was not accepted.
    case stopsOnError
    /// Nothing is sent if one is not valid.
    case allValid
}
