/// Content that was handed over in base64 (RFC 4648, section 4). It is checked once, and decoded only if the
/// octets themselves are needed: what goes out in base64 is cut into lines as it is.
public struct Base64Text: Hashable, Sendable {
    /// How the text is written down.
    public enum Notation: Hashable, Sendable {
        /// As it is. CR and LF are ignored.
        case plain
        /// As between the quotes of many languages: `\r` and `\n` in two characters are ignored, and `\/` is a
        /// slash.
        case escaped
    }

    /// The text as it was handed over, a slice of the memory that it came in.
    private let text: ArraySlice<UInt8>
    private let notation: Notation
    /// Whether there is nothing but the alphabet and the padding.
    private let isBare: Bool
    /// The characters of the alphabet, without the padding.
    private let symbolCount: Int

    /// Checks text from beginning to end.
    ///
    /// Throws a ``Base64Error`` that says what is wrong and where.
    public init(_ text: ArraySlice<UInt8>, notation: Notation = .plain) throws(Base64Error) {
        let (read, end) = try Self.read(text, notation: notation)
        guard end == text.endIndex else { throw .character(text[end], at: end - text.startIndex) }
        self = read
    }

    /// Checks a text.
    ///
    /// Throws a ``Base64Error`` that says what is wrong and where.
    public init(_ text: String) throws(Base64Error) {
        try self.init(Array(text.utf8)[...])
    }

    private init(text: ArraySlice<UInt8>, notation: Notation, isBare: Bool, symbolCount: Int) {
        self.text = text
        self.notation = notation
        self.isBare = isBare
        self.symbolCount = symbolCount
    }

    /// Reads as far as there is base64, and says where that ends: at the end of the slice or at a character that does
    /// not belong to it.
    ///
    /// Throws a ``Base64Error`` where the last group is not complete.
    public static func read(
        _ text: ArraySlice<UInt8>, notation: Notation
    ) throws(Base64Error) -> (Base64Text, end: Int) {
        var reader = Base64Reader(notation: notation)
        let count = reader.read(text.span) { _ in }
        guard reader.isComplete else {
            if count < text.count { throw .character(text[text.startIndex + count], at: count) }
            throw .incomplete(at: count)
        }
        let end = text.startIndex + count
        return (
            Base64Text(
                text: text[..<end], notation: notation, isBare: !reader.hasPassedOver,
                symbolCount: reader.symbolCount), end
        )
    }

    /// The number of octets that the text stands for.
    public var decodedCount: Int { symbolCount * 3 / 4 }

    /// The octets that the text stands for.
    public func decoded() -> [UInt8] {
        var octets: [UInt8] = []
        octets.reserveCapacity(decodedCount)
        Self.decode(text, notation, to: &octets)
        return octets
    }

    private static func decode(_ text: ArraySlice<UInt8>, _ notation: Notation, to octets: inout [UInt8]) {
        var reader = Base64Reader(notation: notation)
        let characters = text.span
        var group = 0
        var bits = 0
        _ = reader.read(characters) { run in
            for index in run {
                group = group << 6 | Int(Base64Reader.value(characters[index]))
                bits += 6
                guard bits >= 8 else { continue }
                bits -= 8
                octets.append(UInt8(truncatingIfNeeded: group >> bits))
                group &= 0xFF
            }
        }
    }

    /// Appends lines of 76 characters, with a line break between them and none behind the last.
    func appendLines(to octets: inout [UInt8]) {
        octets.reserveCapacity(octets.count + Base64.encodedCountWithLines(decodedCount))
        let whole = symbolCount / 4 * 4
        let rest = isBare ? appendBareLines(whole, to: &octets) : appendGatheredLines(whole, to: &octets)
        guard !rest.isEmpty else { return }
        // The last group is written anew: receivers may insist that its bits which stand for nothing are zero
        // (RFC 4648, section 3.5).
        var tail: [UInt8] = []
        Self.decode(rest[...], .plain, to: &tail)
        if whole > 0, whole % Base64.lineCharacters == 0 { octets.append(contentsOf: "\r\n".utf8) }
        Base64.append(tail[...], to: &octets)
    }

    /// Cuts the first characters into lines as they are, and returns the rest.
    private func appendBareLines(_ count: Int, to octets: inout [UInt8]) -> [UInt8] {
        // Asked for once, and not for each line.
        let text = text
        var start = text.startIndex
        let last = start + count
        while start < last {
            let end = min(start + Base64.lineCharacters, last)
            octets.append(contentsOf: text[start..<end])
            if end < last {
                octets.append(UInt8(ascii: "\r"))
                octets.append(UInt8(ascii: "\n"))
            }
            start = end
        }
        return Array(text[last..<(last + symbolCount - count)])
    }

    /// Gathers the first characters from between what is ignored, and returns the rest.
    private func appendGatheredLines(_ count: Int, to octets: inout [UInt8]) -> [UInt8] {
        var reader = Base64Reader(notation: notation)
        var written = 0
        var rest: [UInt8] = []
        _ = reader.read(text.span) { run in
            var index = text.startIndex + run.lowerBound
            let runEnd = text.startIndex + run.upperBound
            while index < runEnd {
                let room = Base64.lineCharacters - written % Base64.lineCharacters
                let end = min(runEnd, index + min(room, count - written))
                guard end > index else { break }
                if written > 0, room == Base64.lineCharacters { octets.append(contentsOf: "\r\n".utf8) }
                octets.append(contentsOf: text[index..<end])
                written += end - index
                index = end
            }
            rest += text[index..<runEnd]
        }
        return rest
    }
}
