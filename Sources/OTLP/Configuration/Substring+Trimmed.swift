extension StringProtocol where SubSequence == Substring {
    /// The text without the spaces and tabs around it.
    var trimmed: Substring {
        guard let first = firstIndex(where: { $0 != " " && $0 != "\t" }),
            let last = lastIndex(where: { $0 != " " && $0 != "\t" })
        else { return self[endIndex...] }
        return self[first...last]
    }
}
