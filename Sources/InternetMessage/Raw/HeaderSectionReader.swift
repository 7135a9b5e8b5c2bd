/// Reads the header section at the beginning of a message, which may come in pieces of any size (RFC 5322, section 2.2).
/// A value without I/O.
///
///     var reader = HeaderSectionReader()
///     while let piece = try await next() {
///         if let body = try reader.take(piece[...]) { … }    // the section is over; `body` is what follows it
///     }
///     let section = try reader.finish()
///
/// CRLF, a lone LF and a lone CR end a line, as they do when the message is sent: what is a field here is one there. The
/// line `From …` that a mailbox file or `git format-patch` puts in front of a message does not belong to it (RFC 4155), and is
/// left out.
public struct HeaderSectionReader {
    /// The longest section in octets. Relays take less: Postfix 100 KiB.
    public static let maximumOctets = 256 * 1024
    /// The most fields. A message that took a long way has a hundred.
    public static let maximumFields = 1_000

    private var held: [UInt8] = []
    /// Where the search for the end of the line goes on.
    private var position = 0
    private var lineStart = 0
    /// Where the field begins whose lines are being gathered.
    private var fieldStart = 0
    private var line = 1
    /// The line in which that field begins.
    private var fieldLine = 1
    private var fields: [RawField] = []
    private var separator: [UInt8]?
    private var hasMailboxLine = false

    /// A reader at the beginning of a message.
    public init() {}

    /// Takes the next piece of the message.
    ///
    /// - Returns: nil while the section goes on; once it is over, what of the piece is the body.
    /// - Throws: ``HeaderSectionError`` where it is no header section, or too large.
    public mutating func take(_ octets: ArraySlice<UInt8>) throws(HeaderSectionError) -> ArraySlice<UInt8>? {
        guard separator == nil else { return octets }
        let before = held.count
        // What lies beyond the bound is the body, or too much.
        held += octets.prefix(Self.maximumOctets + 1 - before)
        try scan(isFinal: false)
        guard separator == nil else {
            return octets[(octets.startIndex + position - before)...]
        }
        guard held.count <= Self.maximumOctets else {
            throw HeaderSectionError(
                .tooLong,
                "the header section has more than \(Self.maximumOctets) octets; shorten it, and put an empty line before "
                    + "the body")
        }
        return nil
    }

    /// The section, at the end of it or of the message. Without an empty line the message has no body.
    ///
    /// - Throws: ``HeaderSectionError`` as ``take(_:)`` does.
    public mutating func finish() throws(HeaderSectionError) -> HeaderSection {
        if separator == nil { try scan(isFinal: true) }
        guard !fields.isEmpty else {
            throw HeaderSectionError(
                .noFields, "the message is empty; send header fields, an empty line, and the body")
        }
        return HeaderSection(fields: fields, separator: separator ?? [], hadMailboxLine: hasMailboxLine)
    }

    // MARK: Lines

    private mutating func scan(isFinal: Bool) throws(HeaderSectionError) {
        while position < held.count {
            let octet = held[position]
            guard octet != 0 else {
                throw HeaderSectionError(
                    .null, "line \(line) holds a NUL, which no message may hold; remove it, or encode the message anew")
            }
            guard Octet.isLineBreak(octet) else {
                position += 1
                continue
            }
            var length = 1
            if octet == Octet.carriageReturn {
                // Its LF may be still to come.
                if position + 1 == held.count, !isFinal { return }
                if position + 1 < held.count, held[position + 1] == Octet.lineFeed { length = 2 }
            }
            try takeLine(textEnd: position, next: position + length)
            position += length
            if separator != nil { return }
        }
        guard isFinal else { return }
        if lineStart < held.count { try takeLine(textEnd: held.count, next: held.count) }
        if separator == nil { try endField() }
    }

    private mutating func takeLine(textEnd: Int, next: Int) throws(HeaderSectionError) {
        if textEnd == lineStart {
            try endField()
            guard !fields.isEmpty else {
                throw HeaderSectionError(
                    .noFields,
                    "line \(line) is empty and there is no header field in front of it; remove the line, as it ends the header "
                        + "section")
            }
            separator = Array(held[lineStart..<next])
            return
        }
        let isContinuation = Octet.isWhiteSpace(held[lineStart]) && fieldStart < lineStart
        if !isContinuation {
            try endField()
            fieldLine = line
            if line == 1, Self.isMailboxLine(held[..<textEnd]) {
                hasMailboxLine = true
                fieldStart = next
            }
        }
        lineStart = next
        line += 1
    }

    /// The lines from `fieldStart` to `lineStart` are a field.
    private mutating func endField() throws(HeaderSectionError) {
        guard fieldStart < lineStart else { return }
        let octets = held[fieldStart..<lineStart]
        guard let colon = octets.firstIndex(of: Octet.colon),
            let nameEnd = octets[..<colon].lastIndex(where: { !Octet.isWhiteSpace($0) }),
            octets[...nameEnd].allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            if fieldLine == 1, octets.starts(with: [0xEF, 0xBB, 0xBF]) {
                throw HeaderSectionError(
                    .notAField,
                    "line 1 begins with a byte order mark (EF BB BF), which no mail may begin with; remove it")
            }
            throw HeaderSectionError(
                .notAField,
                "line \(fieldLine) is no header field; write \"Name: value\", and an empty line before the body")
        }
        guard fields.count < Self.maximumFields else {
            throw HeaderSectionError(
                .tooManyFields, "the header section has more than \(Self.maximumFields) fields; remove some")
        }
        fields.append(
            RawField(
                name: String(decoding: octets[...nameEnd], as: UTF8.self), octets: Array(octets),
                valueStart: colon + 1 - fieldStart))
        fieldStart = lineStart
    }

    /// `From` and white space, and not the field `From :` (RFC 5322, section 4.5).
    private static func isMailboxLine(_ line: ArraySlice<UInt8>) -> Bool {
        line.starts(with: "From ".utf8) && line.dropFirst(5).first(where: { !Octet.isWhiteSpace($0) }) != Octet.colon
    }
}
