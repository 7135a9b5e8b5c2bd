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
