internal import OctetSearch

/// Goes through JSON text (RFC 8259) value by value, without decoding what it passes over.
struct JSONTextReader {
    private let octets: [UInt8]
    private var position = 0

    init(_ octets: [UInt8]) {
        self.octets = octets
    }

    /// Whether nothing but space is left.
    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return position == octets.count
        }
    }

    /// Passes over a character of the structure, and the space before it.
    mutating func takes(_ character: UInt8) -> Bool {
        skipSpace()
        guard position < octets.count, octets[position] == character else { return false }
        position += 1
        return true
    }

    /// A string in which nothing is escaped; nil where there is something else.
    mutating func plainString() -> String? {
        guard takes(UInt8(ascii: "\"")) else { return nil }
        let end = OctetSearch.escapedInJSON(in: octets.span, from: position)
        guard end < octets.count, octets[end] == UInt8(ascii: "\"") else { return nil }
        defer { position = end + 1 }
        return String(validating: octets[position..<end], as: UTF8.self)
    }

    /// Passes over the next value. A number or a word is not checked.
    ///
    /// - Returns: false where there is none.
    mutating func passValue() -> Bool {
        skipSpace()
        var depth = 0
        repeat {
            guard position < octets.count else { return false }
            switch octets[position] {
            case UInt8(ascii: "\""):
                guard let end = stringEnd(from: position + 1) else { return false }
                position = end
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                guard depth >= 0 else { return false }
                position += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                guard depth > 0 else { return false }
                position += 1
            default:
                skipWord()
            }
            if depth > 0 { skipSpace() }
        } while depth > 0
        return true
    }

    /// Where a string's closing quote ends.
    private func stringEnd(from start: Int) -> Int? {
        var index = start
        while true {
            index = OctetSearch.escapedInJSON(in: octets.span, from: index)
            guard index < octets.count else { return nil }
            switch octets[index] {
            case UInt8(ascii: "\""): return index + 1
            case UInt8(ascii: "\\"): index += 2
            // A control character.
            default: return nil
            }
        }
    }

    private mutating func skipWord() {
        repeat { position += 1 } while position < octets.count && !Self.endsWord(octets[position])
    }

    private static func endsWord(_ octet: UInt8) -> Bool {
        switch octet {
        case 0x20, 0x09, 0x0A, 0x0D: true
        case UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "\""): true
        case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "["), UInt8(ascii: "]"): true
        default: false
        }
    }

    private mutating func skipSpace() {
        while position < octets.count {
            switch octets[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    // MARK: The content of strings

    /// Whether the next value is a string.
    var isAtString: Bool {
        mutating get {
            skipSpace()
            return position < octets.count && octets[position] == UInt8(ascii: "\"")
        }
    }

    /// What the string says that comes next (RFC 8259, section 7), and where it stands, without its quotes.
    ///
    /// - Returns: nil where it is not right, such as half a surrogate pair, or octets that are no UTF-8.
    mutating func string() -> (text: String, content: Range<Int>)? {
        guard let found = string(from: position + 1) else { return nil }
        position = found.content.upperBound + 1
        return found
    }

    private func string(from start: Int) -> (text: String, content: Range<Int>)? {
        let content = octets.span
        var text: [UInt8] = []
        // Most of a body that has a long text is that text.
        text.reserveCapacity(octets.count - start)
        var index = start
        while true {
            let end = OctetSearch.escapedInJSON(in: content, from: index)
            text.append(contentsOf: octets[index..<end])
            guard end + 1 < content.count else { return nil }
            index = end + 2
            if content[end] == UInt8(ascii: "\"") {
                return String(validating: text, as: UTF8.self).map { ($0, start..<end) }
            }
            guard content[end] == UInt8(ascii: "\\") else { return nil }
            switch content[end + 1] {
            case UInt8(ascii: "n"): text.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "r"): text.append(UInt8(ascii: "\r"))
            case UInt8(ascii: "t"): text.append(UInt8(ascii: "\t"))
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(content[end + 1])
            case UInt8(ascii: "u"):
                guard let scalar = Self.scalar(content, at: &index) else { return nil }
                text.append(contentsOf: Character(scalar).utf8)
            default: return nil
            }
        }
    }

    /// The character that the digits behind `\u` say, and those of the second half of a pair.
    private static func scalar(_ content: Span<UInt8>, at index: inout Int) -> Unicode.Scalar? {
        guard let first = codeUnit(content, at: &index) else { return nil }
        guard first & 0xFC00 == 0xD800 else { return Unicode.Scalar(UInt32(first)) }
        guard index + 1 < content.count, content[index] == UInt8(ascii: "\\"), content[index + 1] == UInt8(ascii: "u")
        else { return nil }
        index += 2
        guard let second = codeUnit(content, at: &index), second & 0xFC00 == 0xDC00 else { return nil }
        return Unicode.Scalar(0x10000 + (UInt32(first) & 0x3FF) << 10 + UInt32(second) & 0x3FF)
    }

    private static func codeUnit(_ content: Span<UInt8>, at index: inout Int) -> UInt16? {
        guard index + 4 <= content.count else { return nil }
        var unit: UInt16 = 0
        for place in index..<(index + 4) {
            guard let digit = Character(Unicode.Scalar(content[place])).hexDigitValue else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        index += 4
        return unit
    }
}
