/// The encoded words of RFC 2047, always in UTF-8.
enum EncodedWord {
    /// The longest encoded word (RFC 2047, section 2).
    static let maximumOctets = 75
    /// The longest line that holds an encoded word (RFC 2047, section 2).
    static let maximumLineOctets = 76
    /// `=?utf-8?q?` and `?=`.
    static let frameOctets = 12
    /// What an encoded word must have room for, or it is better begun on a new line: one character of four octets.
    static let minimumPayload = 12

    /// An octet that stands for itself in the Q encoding, also in the name of a mailbox (RFC 2047, section 5, rule 3).
    static func isSafeOctet(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "!"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "/"):
            true
        default:
            false
        }
    }

    /// Octets in the Q encoding: itself, or `=` and two digits; a space becomes `_`.
    static func qCount(_ octet: UInt8) -> Int {
        octet == UInt8(ascii: " ") || isSafeOctet(octet) ? 1 : 3
    }

    /// The octets of the character that begins there. The text is known to be UTF-8.
    static func characterOctets(_ lead: UInt8) -> Int {
        lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    }
}

extension HeaderWriter {
    /// Writes text as encoded words, with a line break between them. No character is split (RFC 2047, section 5), and
    /// of both encodings the one is preferred that is shorter for the whole text.
    mutating func encodedWords(_ text: String) {
        let characters = Array(text.utf8)
        let qCount = characters.reduce(0) { $0 + EncodedWord.qCount($1) }
        let isBase64 = qCount > Base64.encodedCount(characters.count)
        var index = 0
        while index < characters.count {
            let needed = EncodedWord.frameOctets + EncodedWord.minimumPayload
            if index > 0 || column + 1 + needed > EncodedWord.maximumLineOctets { endLine() }
            octets.append(UInt8(ascii: " "))
            let room = min(EncodedWord.maximumOctets, EncodedWord.maximumLineOctets - column) - EncodedWord.frameOctets
            let base64End =
                isBase64 ? Self.endOfBase64Word(characters, from: index, room: room / 4 * 3) : nil
            let end = base64End ?? Self.endOfWord(characters, from: index, room: room, count: EncodedWord.qCount)
            append(base64End != nil ? "=?utf-8?b?" : "=?utf-8?q?")
            if base64End != nil {
                Base64.append(characters[index..<end], to: &octets)
            } else {
                for octet in characters[index..<end] { appendQ(octet) }
            }
            append("?=")
            index = end
        }
    }

    /// The end of the last character that still fits.
    private static func endOfWord(
        _ characters: [UInt8], from start: Int, room: Int, count: (UInt8) -> Int
    ) -> Int {
        var used = 0
        var end = start
        while end < characters.count {
            let next = min(end + EncodedWord.characterOctets(characters[end]), characters.count)
            for octet in characters[end..<next] { used += count(octet) }
            guard used <= room else { break }
            end = next
        }
        return end
    }

    /// The end of the last character that still fits and makes the word end without padding; nil if there is none,
    /// and another encoding has to do. The last word of all may be padded.
    ///
    /// Some readers join words before they decode them, and take padding in the middle for the end of all.
    private static func endOfBase64Word(_ characters: [UInt8], from start: Int, room: Int) -> Int? {
        let end = endOfWord(characters, from: start, room: room) { _ in 1 }
        guard end < characters.count else { return end }
        var candidate = end
        while candidate > start {
            // Not in the middle of a character: there octets begin with the bits 10.
            if (candidate - start) % 3 == 0, characters[candidate] & 0xC0 != 0x80 { return candidate }
            candidate -= 1
        }
        return nil
    }

    private mutating func appendQ(_ octet: UInt8) {
        if octet == UInt8(ascii: " ") {
            octets.append(UInt8(ascii: "_"))
        } else if EncodedWord.isSafeOctet(octet) {
            octets.append(octet)
        } else {
            octets.append(UInt8(ascii: "="))
            Hexadecimal.append(octet, to: &octets)
        }
    }
}
