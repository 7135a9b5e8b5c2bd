extension String {
    /// The text without some ASCII characters at its ends.
    func trimming(_ characters: String) -> String {
        var text = self[...]
        while let first = text.utf8.first, characters.utf8.contains(first) {
            text = text[text.utf8.index(after: text.startIndex)...]
        }
        while let last = text.utf8.last, characters.utf8.contains(last) {
            text = text[..<text.utf8.index(before: text.endIndex)]
        }
        return String(text)
    }
}
