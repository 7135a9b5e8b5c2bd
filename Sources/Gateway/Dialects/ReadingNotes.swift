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
