/// What a dialect has read of a request.
struct Reading {
    enum Messages {
        case one(Draft)
        /// Several, each with errors of its own.
        ///
        /// - stopsOnError: whether nothing more is sent once a message was not accepted.
        case several([Result<Draft, Problem>], stopsOnError: Bool)
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
}
