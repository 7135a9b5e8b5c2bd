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
    var notes = ReadingNotes()

    init(_ messages: Messages, isDryRun: Bool = false) {
        self.messages = messages
        self.isDryRun = isDryRun
    }
}

/// What a dialect wants to know again when it says what became of the messages.
struct ReadingNotes: Sendable {
    /// The fields that were taken and have no effect.
    var ignored: [String] = []
    /// Whether the messages of a list were to be sent even though others in it are not valid.
    var isPermissive = false
    /// For each message what its response repeats of the request, where the dialect's responses do.
    var echoes: [String?] = []
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
