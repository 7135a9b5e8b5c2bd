internal import Crypto

/// The relaxed form of a body (RFC 6376, section 3.4.4), hashed without ever being there as a whole.
///
/// White space at the end of a line does not count, nor do empty lines at the end of the body; any other run of white
/// space is one space. A body that is not empty ends in CRLF.
struct RelaxedBody {
    /// Octets that are gathered before they are hashed.
    private static let pieceOctets = 64 * 1024

    private var hasher = SHA256()
    private var piece: [UInt8] = []
    /// Line breaks that count only if something follows.
    private var pendingBreaks = 0
    private var hasPendingSpace = false
    private var hasContent = false

    private init() {
        piece.reserveCapacity(Self.pieceOctets + 4)
    }

    /// The SHA-256 of the body that begins at an index. Every line ends in CRLF, but for the last perhaps.
    static func hash(_ message: [UInt8], from start: Int) -> [UInt8] {
        var body = RelaxedBody()
        let octets = message.span
        for index in start..<octets.count { body.take(octets[index]) }
        return body.finish()
    }

    private mutating func take(_ octet: UInt8) {
        switch octet {
        case UInt8(ascii: "\r"):
            return
        case UInt8(ascii: "\n"):
            pendingBreaks += 1
            hasPendingSpace = false
        case UInt8(ascii: " "), UInt8(ascii: "\t"):
            hasPendingSpace = true
        default:
            if pendingBreaks > 0 { appendBreaks() }
            if hasPendingSpace {
                piece.append(UInt8(ascii: " "))
                hasPendingSpace = false
            }
            piece.append(octet)
            hasContent = true
            if piece.count >= Self.pieceOctets { flush() }
        }
    }

    private mutating func appendBreaks() {
        for _ in 0..<pendingBreaks {
            piece.append(UInt8(ascii: "\r"))
            piece.append(UInt8(ascii: "\n"))
            if piece.count >= Self.pieceOctets { flush() }
        }
        pendingBreaks = 0
    }

    private mutating func flush() {
        hasher.update(data: piece)
        piece.removeAll(keepingCapacity: true)
    }

    private consuming func finish() -> [UInt8] {
        if hasContent {
            piece.append(UInt8(ascii: "\r"))
            piece.append(UInt8(ascii: "\n"))
        }
        flush()
        return Array(hasher.finalize())
    }
}
