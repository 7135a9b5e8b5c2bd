/// The request line and the header section of a request (RFC 9112, sections 3 and 5), read strictly.
///
/// What two readers may understand differently is refused, because a proxy in front may be the other reader: then one of
/// them would take for a request what the other takes for a body (RFC 9112, section 11.2).
struct RequestSection {
    private(set) var method = ""
    private(set) var path = ""
    private(set) var query = HTTPQuery()
    private(set) var headers = HTTPHeaders()
    private(set) var framing = BodyFraming.none
    /// The length of the body if the client told it, in octets.
    private(set) var contentLength: Int?
    /// Whether the request is of HTTP/1.1 or a later minor version, not of HTTP/1.0.
    private(set) var isVersion11 = true
    private(set) var closes = false
    private(set) var keepsAlive = false
    /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110, section 10.1.1).
    private(set) var expectsContinue = false

    /// Fields of a header section. Clients and proxies send a dozen or two; each costs memory beyond its octets.
    static let maximumFields = 128

    /// What is known of the length of the body while the fields are read.
    private struct Lengths {
        var length: Int?
        var hasTransferEncoding = false
        /// Whether `chunked` was the last coding, and whether any other came.
        var isChunked = false
        var hasOther = false
        var isMalformed = false
    }

    /// Octets of the section, from the request line to the empty line, included.
    private(set) var length = 0

    /// Reads a section from the first octet of the request line.
    ///
    /// - Parameter octets: the section, and perhaps more.
    /// - Throws: ``HTTPRequestError``; ``HTTPRequestError/truncated`` if the octets end before the section does.
    init(_ octets: Span<UInt8>) throws(HTTPRequestError) {
        var index = 0
        let target = try readRequestLine(octets, &index)
        var lengths = Lengths()
        var hosts = 0
        var fields = 0
        while try !Self.isEmptyLine(octets, &index) {
            fields += 1
            guard fields <= Self.maximumFields else { throw .tooManyFields(limit: Self.maximumFields) }
            let (name, value) = try Self.field(octets, &index)
            try take(octets.extracting(name), octets.extracting(value), &lengths, &hosts)
        }
        // Every request of HTTP/1.1 needs one (RFC 9112, section 3.2).
        guard hosts == 1 || hosts == 0 && !isVersion11 else { throw .host }
        framing = try framing(lengths)
        contentLength = lengths.length
        length = index
        (path, query) = (target.path, target.query)
        if let authority = target.authority { headers.replace(name: "Host", value: authority) }
    }

    /// Goes to the end of a line.
    ///
    /// - Returns: the index of its CR.
    private static func lineEnd(_ octets: Span<UInt8>, _ index: inout Int) throws(HTTPRequestError) -> Int {
        while index < octets.count, Octet.isFieldValue(octets[index]) { index += 1 }
        if index + 1 < octets.count, octets[index] == Octet.carriageReturn, octets[index + 1] == Octet.lineFeed {
            index += 2
            return index - 2
        }
        // A line is judged when it is complete, so that it makes no difference in which pieces it arrives.
        for end in index..<octets.count where octets[end] == Octet.lineFeed {
            throw end == index ? .bareLineFeed : .controlCharacter
        }
        throw .truncated
    }

    private static func isEmptyLine(_ octets: Span<UInt8>, _ index: inout Int) throws(HTTPRequestError) -> Bool {
        guard index < octets.count else { throw .truncated }
        guard octets[index] == Octet.carriageReturn else { return false }
        _ = try lineEnd(octets, &index)
        return true
    }

    private mutating func readRequestLine(
        _ octets: Span<UInt8>, _ index: inout Int
    ) throws(HTTPRequestError) -> RequestTarget {
        let line = octets.extracting(0..<(try Self.lineEnd(octets, &index)))
        var end = 0
        while end < line.count, Octet.isToken(line[end]) { end += 1 }
        guard end > 0, end < line.count, line[end] == Octet.space else { throw .requestLine }
        method = line.extracting(0..<end).text
        let start = end + 1
        end = start
        while end < line.count, line[end] != Octet.space {
            guard line[end] != Octet.tab else { throw .requestLine }
            end += 1
        }
        guard end > start, end < line.count else { throw .requestLine }
        let version = line.extracting((end + 1)..<line.count)
        guard version.count == 8, version.extracting(0..<5).text == "HTTP/", version[6] == UInt8(ascii: "."),
            case 0x30...0x39 = version[5], case 0x30...0x39 = version[7]
        else { throw .requestLine }
        guard version[5] == UInt8(ascii: "1") else { throw .version }
        isVersion11 = version[7] != UInt8(ascii: "0")
        return try RequestTarget(line.extracting(start..<end), method: method)
    }

    /// Where name and value of a field stand.
    private static func field(
        _ octets: Span<UInt8>, _ index: inout Int
    ) throws(HTTPRequestError) -> (name: Range<Int>, value: Range<Int>) {
        let start = index
        while index < octets.count, Octet.isToken(octets[index]) { index += 1 }
        let name = start..<index
        let isName = !name.isEmpty && index < octets.count && octets[index] == UInt8(ascii: ":")
        let end = try lineEnd(octets, &index)
        guard isName else { throw Octet.isBlank(octets[start]) ? .foldedField : .fieldName }
        return (name, octets.trimmed((name.upperBound + 1)..<end))
    }

    private mutating func take(
        _ name: Span<UInt8>, _ value: Span<UInt8>, _ lengths: inout Lengths, _ hosts: inout Int
    ) throws(HTTPRequestError) {
        headers.append(name: name.text, value: value.text)
        switch name.count {
        case 4 where name.isSame("Host"):
            hosts += 1
            guard HostField.isValid(value) else { throw .host }
        case 6 where name.isSame("Expect"): expectsContinue = value.isSame("100-continue")
        case 10 where name.isSame("Connection"):
            Self.forEachElement(of: value) { element in
                closes = closes || element.isSame("close")
                keepsAlive = keepsAlive || element.isSame("keep-alive")
            }
        case 14 where name.isSame("Content-Length"):
            guard lengths.length == nil, let length = Self.length(value) else { throw .contentLength }
            lengths.length = length
        case 17 where name.isSame("Transfer-Encoding"):
            lengths.hasTransferEncoding = true
            var isEmpty = true
            Self.forEachElement(of: value) { element in
                isEmpty = false
                if element.isSame("chunked") {
                    lengths.isMalformed = lengths.isMalformed || lengths.isChunked
                    lengths.isChunked = true
                } else {
                    lengths.hasOther = true
                }
            }
            lengths.isMalformed = lengths.isMalformed || isEmpty
        default: break
        }
    }

    /// The elements of a list (RFC 9110, section 5.6.1); empty ones are skipped.
    private static func forEachElement(of value: Span<UInt8>, _ body: (Span<UInt8>) -> Void) {
        var start = 0
        while start <= value.count {
            var end = start
            while end < value.count, value[end] != UInt8(ascii: ",") { end += 1 }
            let element = value.trimmed(start..<end)
            if !element.isEmpty { body(value.extracting(element)) }
            start = end + 1
        }
    }

    /// A length in digits. One that is greater than any Int is the greatest: it is too large for every limit.
    private static func length(_ value: Span<UInt8>) -> Int? {
        guard !value.isEmpty else { return nil }
        var length = 0
        for index in value.indices {
            guard case 0x30...0x39 = value[index] else { return nil }
            let (product, overflows) = length.multipliedReportingOverflow(by: 10)
            let (sum, exceeds) = product.addingReportingOverflow(Int(value[index] - 0x30))
            length = overflows || exceeds || length == .max ? .max : sum
        }
        return length
    }

    /// RFC 9112, sections 6.1 and 6.3.
    private func framing(_ lengths: Lengths) throws(HTTPRequestError) -> BodyFraming {
        guard lengths.hasTransferEncoding else {
            return lengths.length.map { $0 > 0 ? .length($0) : .none } ?? .none
        }
        if lengths.length != nil { throw .twoLengths }
        if !isVersion11 || lengths.isMalformed { throw .transferEncoding }
        if lengths.hasOther { throw .transferCoding }
        return .chunked
    }
}
