/// Finds where the delimiters of a multipart body end, whatever the pieces in which it comes (RFC 2046, section 5.1.1). A
/// value without I/O.
///
/// The first delimiter may stand anywhere, for some senders write no line break before it; the others follow a line break.
struct FormDelimiters {
    private let delimiter: [UInt8]
    /// For each length of a match: the length that is left of it if the next octet does not fit.
    private let fallback: [Int]
    /// How many octets of the delimiter the last octets match.
    private var matched: Int
    /// How many delimiters there have been.
    private(set) var count = 0

    init(boundary: String) {
        delimiter = Array("\r\n--\(boundary)".utf8)
        var fallback = [0, 0]
        var length = 0
        for index in 1..<delimiter.count {
            while length > 0, delimiter[index] != delimiter[length] { length = fallback[length] }
            if delimiter[index] == delimiter[length] { length += 1 }
            fallback.append(length)
        }
        self.fallback = fallback
        // The line break before the first one may be missing.
        matched = 2
    }

    /// The content of a part begins. It may be empty, and then the line break before it is the delimiter's, too.
    mutating func beginContent() {
        matched = 2
    }

    /// Looks for the end of the next delimiter.
    ///
    /// - Returns: how many octets of the range, from its beginning, end with a delimiter; nil if none ends in it.
    mutating func next(in octets: Span<UInt8>) -> Int? {
        for index in octets.indices {
            let octet = octets[index]
            while matched > 0, octet != delimiter[matched] { matched = fallback[matched] }
            if octet == delimiter[matched] { matched += 1 }
            if count == 0 { matched = max(matched, 2) }
            guard matched == delimiter.count else { continue }
            count += 1
            matched = 0
            return index + 1
        }
        return nil
    }
}
