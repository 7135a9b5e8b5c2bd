/// Undoes the encoded words in a header field's value (RFC 2047).
enum EncodedWordReader {
    private struct Word {
        let charset: String
        var octets: [UInt8]
        let end: Int

        var text: String { ReceivedCharset.text(octets, charset: charset) }
    }

    /// The value as a mail reader shows it. White space between two encoded words is dropped (section 6.2), and the octets of
    /// neighbours with the same charset are put together before they are decoded, because many senders cut characters in two.
    /// What is no encoded word stays as it is.
    static func decoded(_ value: String) -> String {
        guard value.contains("=?") else { return value }
        let octets = Array(value.utf8)
        var text = ""
        var pending: Word?
        var plainStart = 0
        var index = 0
        while index < octets.count {
            guard octets[index] == UInt8(ascii: "="), let word = word(in: octets, at: index) else {
                index += 1
                continue
            }
            let between = octets[plainStart..<index]
            if let charset = pending?.charset,
                between.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") })
            {
                if charset == word.charset {
                    pending?.octets += word.octets
                } else {
                    text += pending?.text ?? ""
                    pending = word
                }
            } else {
                text += pending?.text ?? ""
                text += String(decoding: between, as: UTF8.self)
                pending = word
            }
            index = word.end
            plainStart = index
        }
        text += pending?.text ?? ""
        return text + String(decoding: octets[plainStart...], as: UTF8.self)
    }

    /// The encoded word that begins at an index, or nil. A word is not longer than 75 characters (section 2); some are, and
    /// the bound only keeps a search for an end short.
    private static func word(in octets: [UInt8], at start: Int) -> Word? {
        let limit = min(octets.count, start + 1_000)
        guard start + 1 < limit, octets[start + 1] == UInt8(ascii: "?") else { return nil }
        guard let charsetEnd = octets[(start + 2)..<limit].firstIndex(of: UInt8(ascii: "?")),
            charsetEnd > start + 2, charsetEnd + 3 < limit, octets[charsetEnd + 2] == UInt8(ascii: "?"),
            let textEnd = octets[(charsetEnd + 3)..<limit].firstIndex(of: UInt8(ascii: "?")),
            textEnd + 1 < octets.count, octets[textEnd + 1] == UInt8(ascii: "=")
        else { return nil }
        // RFC 2231, section 5, puts a language after the charset.
        let charset = octets[(start + 2)..<charsetEnd].prefix { $0 != UInt8(ascii: "*") }
        let encoded = octets[(charsetEnd + 3)..<textEnd]
        let content: [UInt8]
        switch octets[charsetEnd + 1] {
        case UInt8(ascii: "B"), UInt8(ascii: "b"): content = TransferEncoding.base64(encoded)
        case UInt8(ascii: "Q"), UInt8(ascii: "q"):
            let spaced = encoded.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: " ") : $0 }
            content = Hexadecimal.unescaped(spaced, after: UInt8(ascii: "="))
        default: return nil
        }
        return Word(charset: String(decoding: charset, as: UTF8.self).lowercased(), octets: content, end: textEnd + 2)
    }
}
