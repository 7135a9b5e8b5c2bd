internal import OctetSearch

/// Goes through base64 text, line breaks and escapes passed over.
struct Base64Reader {
    private let notation: Base64Text.Notation
    /// Characters of the alphabet that have been read.
    private(set) var symbolCount = 0
    /// Padding characters that have been read.
    private(set) var paddingCount = 0
    /// Whether there was anything but alphabet and padding.
    private(set) var hasPassedOver = false

    /// The value of an octet that is in the alphabet (RFC 4648, section 4).
    static func value(_ octet: UInt8) -> UInt8 {
        switch octet {
        case UInt8(ascii: "a")...: octet - UInt8(ascii: "a") + 26
        case UInt8(ascii: "A")...: octet - UInt8(ascii: "A")
        case UInt8(ascii: "0")...: octet - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        default: 63
        }
    }

    init(notation: Base64Text.Notation) {
        self.notation = notation
    }

    /// Whether the last group of four is complete.
    var isComplete: Bool { (symbolCount + paddingCount) % 4 == 0 }

    /// Reads as far as there is base64.
    ///
    /// - Parameter run: gets the indexes of each run of characters of the alphabet.
    /// - Returns: the index of the first octet that does not belong to it, or the count.
    mutating func read(_ text: Span<UInt8>, _ run: (Range<Int>) -> Void) -> Int {
        var index = 0
        while true {
            let end = paddingCount == 0 ? OctetSearch.outsideBase64(in: text, from: index) : index
            if end > index {
                symbolCount += end - index
                run(index..<end)
            }
            guard end < text.count, let next = passOver(text, at: end, run) else { return end }
            index = next
        }
    }

    /// Passes over one octet that is not in the alphabet, or over an escape.
    ///
    /// - Returns: the index behind it; nil if it does not belong to base64.
    private mutating func passOver(_ text: Span<UInt8>, at index: Int, _ run: (Range<Int>) -> Void) -> Int? {
        switch text[index] {
        case UInt8(ascii: "="):
            // Two or three characters of a group may be followed by what is missing of it.
            guard symbolCount % 4 >= 2, symbolCount % 4 + paddingCount < 4 else { return nil }
            paddingCount += 1
            return index + 1
        case UInt8(ascii: "\r"), UInt8(ascii: "\n"):
            guard notation == .plain else { return nil }
            hasPassedOver = true
            return index + 1
        case UInt8(ascii: "\\"):
            guard notation == .escaped, index + 1 < text.count else { return nil }
            switch text[index + 1] {
            case UInt8(ascii: "r"), UInt8(ascii: "n"): break
            case UInt8(ascii: "/") where paddingCount == 0:
                symbolCount += 1
                // The slash itself is of the alphabet.
                run((index + 1)..<(index + 2))
            default: return nil
            }
            hasPassedOver = true
            return index + 2
        default: return nil
        }
    }
}
