/// The value and the parameters of a received Content-Type or Content-Disposition (RFC 2045, section 5.1), with the
/// continuations and charsets of RFC 2231. Senders write them in many ways, so nothing is refused.
struct ParameterReader {
    /// Octets that are read; real values have some hundreds.
    private static let maximumOctets = 16_384

    /// What stands before the first semicolon, in lower case.
    let value: String
    private let parameters: [(name: String, value: String)]

    init(_ text: String) {
        let text = text.utf8.count > Self.maximumOctets ? String(text.unicodeScalars.prefix(Self.maximumOctets)) : text
        var pieces = Self.pieces(text)[...]
        value = (pieces.popFirst() ?? "").lowercased().trimming(" \t")
        parameters = pieces.compactMap { piece in
            guard let equals = piece.firstIndex(of: "=") else { return nil }
            let name = piece[..<equals].lowercased().trimming(" \t")
            return name.isEmpty ? nil : (name, Self.unquoted(piece[piece.index(after: equals)...]))
        }
    }

    /// The value of a parameter, whose name is given in lower case.
    func parameter(_ name: String) -> String? {
        if let extended = extended(name) { return extended }
        // Many senders write encoded words here, where RFC 2047, section 5, does not allow them.
        return parameters.first { $0.name == name }.map { EncodedWordReader.decoded($0.value) }
    }

    /// The pieces between semicolons that stand in no quoted string.
    private static func pieces(_ text: String) -> [Substring] {
        var pieces: [Substring] = []
        var isQuoted = false
        var isEscaped = false
        var start = text.startIndex
        for index in text.utf8.indices {
            let octet = text.utf8[index]
            if isEscaped {
                isEscaped = false
            } else if isQuoted, octet == UInt8(ascii: "\\") {
                isEscaped = true
            } else if octet == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if octet == UInt8(ascii: ";"), !isQuoted {
                pieces.append(text[start..<index])
                start = text.utf8.index(after: index)
            }
        }
        pieces.append(text[start...])
        return pieces
    }

    private static func unquoted(_ text: Substring) -> String {
        let trimmed = String(text).trimming(" \t")
        guard trimmed.utf8.first == UInt8(ascii: "\"") else { return trimmed }
        var octets: [UInt8] = []
        var isEscaped = false
        for octet in trimmed.utf8.dropFirst() {
            if !isEscaped, octet == UInt8(ascii: "\"") { break }
            if !isEscaped, octet == UInt8(ascii: "\\") {
                isEscaped = true
                continue
            }
            isEscaped = false
            octets.append(octet)
        }
        return String(decoding: octets, as: UTF8.self)
    }

    /// The value in the forms of RFC 2231, `name*=`, `name*0=` and `name*0*=`; nil if there is none of them.
    private func extended(_ name: String) -> String? {
        let prefix = name + "*"
        var sections: [Int: (isEncoded: Bool, value: String)] = [:]
        for parameter in parameters where parameter.name.hasPrefix(prefix) {
            var suffix = parameter.name.dropFirst(prefix.count)
            let isEncoded = suffix.isEmpty || suffix.hasSuffix("*")
            if suffix.hasSuffix("*") { suffix = suffix.dropLast() }
            guard let number = suffix.isEmpty ? 0 : Int(suffix), sections[number] == nil else { continue }
            sections[number] = (isEncoded, parameter.value)
        }
        guard let first = sections[0] else { return nil }
        var charset: String?
        var octets: [UInt8] = []
        var section = first
        if first.isEncoded {
            let parts = first.value.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
            if parts.count == 3 {
                charset = parts[0].lowercased()
                section.value = String(parts[2])
            }
        }
        var number = 0
        while true {
            octets +=
                section.isEncoded
                ? Hexadecimal.unescaped(Array(section.value.utf8), after: UInt8(ascii: "%"))
                : Array(section.value.utf8)
            number += 1
            guard let next = sections[number] else { break }
            section = next
        }
        return ReceivedCharset.text(octets, charset: charset)
    }
}
