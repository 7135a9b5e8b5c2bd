/// Undoes the doubling of dots and finds the end of the content (RFC 5321, section 4.5.2), wherever the network has cut
/// the octets.
///
/// Only CRLF ends a line: a dot beside a lone CR or LF is content like any other (RFC 5321, section 4.1.1.4), so nobody
/// can smuggle a second message behind it.
struct DotUnstuffer {
    /// What the octets so far end in.
    private enum Position {
        case lineStart
        /// A dot at the beginning of a line. It is never content: either it was put there, or it ends the content.
        case dot
        /// Such a dot, and a CR that is content unless LF follows.
        case dotCarriageReturn
        case carriageReturn
        case text
    }

    private var position = Position.lineStart

    /// Gives content in runs as long as possible to `keep`. Moves `index` behind what it took; true at the end of the
    /// content, with `index` behind the end's line.
    mutating func take(_ octets: [UInt8], from index: inout Int, into content: inout ContentBuffer) -> Bool {
        let span = octets.span
        var runStart = index
        while index < span.count {
            let octet = span[index]
            switch position {
            case .text:
                while index < span.count, span[index] != Octets.carriageReturn { index += 1 }
                guard index < span.count else { break }
                position = .carriageReturn
                index += 1
            case .carriageReturn:
                position = octet == Octets.lineFeed ? .lineStart : Self.position(behind: octet)
                index += 1
            case .lineStart:
                if octet == Octets.dot {
                    content.append(octets[runStart..<index])
                    runStart = index + 1
                    position = .dot
                } else {
                    position = Self.position(behind: octet)
                }
                index += 1
            case .dot:
                if octet == Octets.carriageReturn {
                    runStart = index + 1
                    position = .dotCarriageReturn
                } else {
                    position = .text
                }
                index += 1
            case .dotCarriageReturn:
                if octet == Octets.lineFeed {
                    index += 1
                    position = .lineStart
                    return true
                }
                content.append([Octets.carriageReturn])
                position = .carriageReturn
            }
        }
        content.append(octets[runStart..<index])
        return false
    }

    private static func position(behind octet: UInt8) -> Position {
        octet == Octets.carriageReturn ? .carriageReturn : .text
    }
}
