/// A list of words of which a few are known. It is read no further than it could be right.
struct WordList: Decodable {
    /// The most words: some more than any list of ours can hold, as one may stand twice.
    private static let maximumWords = 16

    private(set) var words: [String] = []

    init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        while !list.isAtEnd {
            guard words.count < Self.maximumWords else {
                throw DecodingError.dataCorruptedError(in: list, debugDescription: "too many words")
            }
            words.append(try list.decode(String.self))
        }
    }
}
