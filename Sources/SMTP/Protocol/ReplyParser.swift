internal import NIOCore
internal import OctetSearch

/// Turns the bytes that a server sends into replies (RFC 5321, section 4.2). A value without I/O.
///
/// Lines may end in a lone LF, as some servers send them; everything else must be as the RFC has it.
/// The first bytes of a line are checked before the line is complete, so that a peer that does not speak SMTP
/// is known by its first bytes.
struct ReplyParser {
    /// What is wrong with the bytes of a server. After any of these the connection is of no more use.
    enum Failure: Error, Hashable, CustomStringConvertible {
        /// The line does not begin with a reply code from 200 to 599 and a space, a hyphen or the line's end.
        case malformed(beginning: String)
        /// The lines of one reply have different codes (RFC 5321, section 4.2.1).
        case mismatchedCodes(Int, Int)
        /// A reply goes on beyond the bound.
        case tooLong(limit: Int)

        var description: String {
            switch self {
            case .malformed(let beginning):
                beginning.hasPrefix("\\x16\\x03")
                    ? "the server speaks TLS on a port where clear text was expected; use smtps:// or the right port"
                    : "the server sent something that is not an SMTP reply: \"\(beginning)\""
            case .mismatchedCodes(let first, let next):
                "the lines of one reply carry different codes, \(first) and \(next)"
            case .tooLong(let limit): "the server's reply is longer than \(limit) octets"
            }
        }
    }

    /// The bounds of what a server may send before it is cut off.
    struct Limits: Hashable {
        /// Octets of a line that are read; of a longer one the code is known, and the rest of its text is left out.
        /// RFC 5321, section 4.5.3.1.5, allows 512; real servers go beyond it.
        var line = 4096
        /// Octets in a whole reply. RFC 5321 names no bound: this is room for about a hundred full lines.
        var reply = 65536
    }

    private let limits: Limits
    private var buffer = ByteBuffer()
    /// Where the search for the next line's end goes on, so that no byte is looked at twice.
    private var scanned = 0
    private var code = 0
    private var enhancedCode: EnhancedStatusCode?
    private var text = ""
    private var length = 0

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Whether all bytes that came belong to replies already given out.
    var isEmpty: Bool { buffer.readableBytes == 0 && length == 0 }

    /// Whether nothing has come after the replies already given out but empty lines, which some servers send.
    var isBlank: Bool {
        length == 0 && buffer.readableBytesView.allSatisfy { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }
    }

    /// Takes bytes as they came from the network.
    mutating func append(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
            scanned = 0
        } else {
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// The next whole reply, or nil if more bytes are needed.
    mutating func next() throws(Failure) -> Reply? {
        while true {
            // A second reference to the same storage: looking at it and moving on in it do not get in each other's way.
            let received = buffer
            let bytes = received.readableBytesUInt8Span
            guard bytes.count > 0 else { return nil }
            // Digits are above all that an empty line is made of.
            if bytes[0] <= UInt8(ascii: "\r"), passOverEmptyLines() { continue }
            var end = OctetSearch.lineBreak(in: bytes, from: scanned)
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n") {
                end = OctetSearch.lineBreak(in: bytes, from: end + 1)
            }
            let complete = end < bytes.count
            try checkBeginning(bytes, complete: complete)
            if length + end + 1 > limits.reply { throw .tooLong(limit: limits.reply) }
            guard complete else {
                // What may be an empty line is looked at again from its beginning.
                scanned = bytes[0] == UInt8(ascii: "\r") ? 0 : end
                return nil
            }
            let isLast = try takeLine(bytes, end: end)
            length += end + 1
            buffer.moveReaderIndex(forwardBy: end + 1)
            scanned = 0
            if isLast {
                let reply = Reply(code: code, enhancedCode: enhancedCode, text: text)
                (code, enhancedCode, text, length) = (0, nil, "", 0)
                return reply
            }
        }
    }

    /// Passes over empty lines before a reply.
    ///
    /// - Returns: whether there was one.
    private mutating func passOverEmptyLines() -> Bool {
        guard length == 0, scanned == 0 else { return false }
        let beginning = buffer.readerIndex
        while let first = buffer.readableBytesView.first {
            if first == UInt8(ascii: "\n") {
                buffer.moveReaderIndex(forwardBy: 1)
            } else if first == UInt8(ascii: "\r"), buffer.readableBytesView.dropFirst().first == UInt8(ascii: "\n") {
                buffer.moveReaderIndex(forwardBy: 2)
            } else {
                break
            }
        }
        return buffer.readerIndex > beginning
    }

    /// Checks as much of a code and its separator as has come.
    private func checkBeginning(_ bytes: Span<UInt8>, complete: Bool) throws(Failure) {
        func digit(_ index: Int, _ range: ClosedRange<UInt8>) -> Bool {
            index >= bytes.count || range.contains(bytes[index])
        }
        // The beginning of an empty line, whose end has not come yet.
        if length == 0, bytes.count == 1, bytes[0] == UInt8(ascii: "\r") { return }
        var sound = digit(0, 0x32...0x35) && digit(1, 0x30...0x39) && digit(2, 0x30...0x39)
        if sound, bytes.count > 3 {
            switch bytes[3] {
            case UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): break
            default: sound = false
            }
            // A carriage return right after the code must belong to the line's end.
            if sound, bytes[3] == UInt8(ascii: "\r"), bytes.count > 4, bytes[4] != UInt8(ascii: "\n") { sound = false }
        }
        if !sound { throw .malformed(beginning: Self.shown(bytes)) }
    }

    /// Takes the line that ends before `end` and says whether it is the reply's last.
    private mutating func takeLine(_ bytes: Span<UInt8>, end: Int) throws(Failure) -> Bool {
        let textEnd = min(end > 0 && bytes[end - 1] == UInt8(ascii: "\r") ? end - 1 : end, limits.line)
        let lineCode = Int(bytes[0] - 0x30) * 100 + Int(bytes[1] - 0x30) * 10 + Int(bytes[2] - 0x30)
        if length > 0, lineCode != code { throw .mismatchedCodes(code, lineCode) }
        code = lineCode
        var start = min(4, textEnd)
        if let (enhanced, taken) = EnhancedStatusCode.parse(bytes, from: start, to: textEnd, replyCode: lineCode) {
            enhancedCode = enhancedCode ?? enhanced
            start += taken
        }
        let line = buffer.getString(at: buffer.readerIndex + start, length: textEnd - start) ?? ""
        if length > 0 {
            text += "\n"
            text += line
        } else {
            text = line
        }
        return bytes[3] != UInt8(ascii: "-")
    }

    /// The first bytes in a form that can be shown anywhere.
    private static func shown(_ bytes: Span<UInt8>) -> String {
        var shown = ""
        for index in 0..<min(bytes.count, 40) {
            let byte = bytes[index]
            if byte >= 0x20, byte < 0x7F {
                shown.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                shown += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return shown
    }
}
