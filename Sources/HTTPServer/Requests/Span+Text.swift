extension Span<UInt8> {
    /// The first octet, or nil.
    var first: UInt8? { isEmpty ? nil : self[0] }

    /// The octets as text; what is not UTF-8 is replaced.
    var text: String {
        // The closure reads the octets, and keeps nothing of them.
        unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// Whether the octets are that ASCII text, without regard to case.
    func isSame(_ text: String) -> Bool {
        let text = text.utf8.span
        guard count == text.count else { return false }
        for index in indices {
            let (a, b) = (self[index], text[index])
            if a != b, a ^ b != 0x20 || !(0x61...0x7A).contains(a | 0x20) { return false }
        }
        return true
    }

    /// The range without spaces and tabs at its ends.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, Octet.isBlank(self[start]) { start += 1 }
        while end > start, Octet.isBlank(self[end - 1]) { end -= 1 }
        return start..<end
    }
}
