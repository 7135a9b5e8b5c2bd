/// Finds the data in a chunked body (RFC 9112, section 7.1), whatever the pieces in which it arrives. A value without I/O.
///
/// Extensions and trailer fields are checked and dropped: nothing in Postern uses them.
struct ChunkedBody {
    private enum State {
        /// In the size of a chunk, after so many digits of it.
        case size(digits: Int)
        /// After the size: white space or an extension, up to the end of the line.
        case sizeLine
        /// After the CR of the line with the size.
        case sizeEnd
        case data
        /// After the data: CR, then LF.
        case dataEnd
        case dataLineFeed
        /// At the beginning of a line of the trailer section.
        case trailerStart
        /// In the name of a trailer field.
        case trailerName
        /// In the value of one.
        case trailer
        case trailerEnd
        /// After the CR of the empty line.
        case lastLineFeed
        case done
    }

    /// What stands next in the octets.
    enum Event: Equatable {
        /// A chunk of so many octets begins.
        case chunk(size: Int)
        /// Data of the body.
        case data(Range<Int>)
        /// The body is complete; the next octet belongs to the next request.
        case end(Int)
    }

    /// Digits of a size; more would be zeros in front or a chunk that no machine holds.
    private static let maximumDigits = 15
    /// Octets of all extensions, and of the trailer section. Nobody needs either, and they are read in vain (RFC 9112,
    /// section 7.1.1: their total is to be limited).
    static let maximumExtra = 4096

    private var state = State.size(digits: 0)
    /// Octets of the chunk that have not come yet.
    private var left = 0
    private var extra = 0
    /// Octets of the extension of this line.
    private var extensionLength = 0

    /// Goes on at an index.
    ///
    /// - Returns: what was found; nil when the octets are used up. Data that was found is to be reported with
    ///   ``consume(_:)`` before the next call.
    /// - Throws: ``HTTPRequestError`` with 400.
    mutating func next(_ octets: Span<UInt8>, from index: inout Int) throws(HTTPRequestError) -> Event? {
        while index < octets.count {
            if case .data = state { return .data(index..<(index + min(octets.count - index, left))) }
            try take(octets[index])
            index += 1
            switch state {
            case .data: return .chunk(size: left)
            case .done: return .end(index)
            default: break
            }
        }
        return nil
    }

    /// So many octets of the data were taken.
    mutating func consume(_ octets: Int) {
        left -= octets
        if left == 0 { state = .dataEnd }
    }

    private mutating func take(_ octet: UInt8) throws(HTTPRequestError) {
        switch state {
        case .size(let digits):
            if let digit = Octet.hexadecimal(octet) {
                guard digits < Self.maximumDigits else { throw .chunk }
                left = left << 4 | Int(digit)
                state = .size(digits: digits + 1)
            } else {
                guard digits > 0 else { throw .chunk }
                extensionLength = 0
                try takeSizeLine(octet)
            }
        case .sizeLine: try takeSizeLine(octet)
        case .sizeEnd:
            guard octet == Octet.lineFeed else { throw .chunk }
            if left == 0 { extra = 0 }
            state = left == 0 ? .trailerStart : .data
        case .data: break
        case .dataEnd:
            guard octet == Octet.carriageReturn else { throw .chunk }
            state = .dataLineFeed
        case .dataLineFeed:
            guard octet == Octet.lineFeed else { throw .chunk }
            left = 0
            state = .size(digits: 0)
        case .trailerStart:
            if octet == Octet.carriageReturn {
                state = .lastLineFeed
            } else {
                guard Octet.isToken(octet) else { throw .trailer }
                try takeExtra()
                state = .trailerName
            }
        case .trailerName:
            // No white space may stand before the colon (RFC 9112, section 5.1).
            guard Octet.isToken(octet) || octet == UInt8(ascii: ":") else { throw .trailer }
            try takeExtra()
            if octet == UInt8(ascii: ":") { state = .trailer }
        case .trailer:
            if octet == Octet.carriageReturn {
                state = .trailerEnd
            } else {
                guard Octet.isFieldValue(octet) else { throw .trailer }
                try takeExtra()
            }
        case .trailerEnd:
            guard octet == Octet.lineFeed else { throw .trailer }
            state = .trailerStart
        case .lastLineFeed:
            guard octet == Octet.lineFeed else { throw .trailer }
            state = .done
        case .done: break
        }
    }

    /// White space before the semicolon is tolerated (RFC 9112, section 7.1.1), anything else is not.
    private mutating func takeSizeLine(_ octet: UInt8) throws(HTTPRequestError) {
        if octet == Octet.carriageReturn {
            state = .sizeEnd
            return
        }
        let isExtension = octet == UInt8(ascii: ";") || extensionLength > 0 && Octet.isFieldValue(octet)
        guard isExtension || Octet.isBlank(octet) else { throw .chunk }
        if isExtension {
            extensionLength += 1
            try takeExtra()
        }
        state = .sizeLine
    }

    private mutating func takeExtra() throws(HTTPRequestError) {
        extra += 1
        guard extra <= Self.maximumExtra else { throw .chunk }
    }
}
