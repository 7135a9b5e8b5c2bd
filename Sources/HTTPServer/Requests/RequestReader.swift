/// Reads the requests of a connection, one after the other, from pieces of any size. A value without I/O.
///
/// It is given octets and says what they are. After a complete request it reads nothing until ``begin()``, so that a
/// request is answered before the next one is looked at.
struct RequestReader {
    private enum State {
        /// Before or in a header section, of which `held` is what has come.
        case section
        case body(left: Int)
        case chunked(ChunkedBody)
        /// The request is complete.
        case complete
    }

    /// What stands next in the octets.
    enum Event {
        case section(RequestSection)
        /// At least so many octets of the body follow.
        case announcement(Int)
        /// Octets of the body; what is used of them is to be reported with ``consume(_:)``.
        case body(Range<Int>)
        /// The request is complete. What follows in the octets belongs to the next one.
        case end
    }

    /// Empty lines before a request line that are ignored (RFC 9112, section 2.2): old clients send one after a body.
    private static let maximumEmptyLines = 4

    /// Octets of the request line and the header section together.
    private let limit: Int
    private var state = State.section
    private var held: [UInt8] = []
    private var emptyLines = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// Whether nothing of a request has come.
    var isIdle: Bool {
        if case .section = state { held.isEmpty } else { false }
    }

    /// Whether a request is complete and waits for its response.
    var isComplete: Bool {
        if case .complete = state { true } else { false }
    }

    /// The response is out: what comes next is a new request.
    mutating func begin() {
        state = .section
        emptyLines = 0
    }

    /// Goes on at an index.
    ///
    /// - Returns: what was found; nil when the octets are used up, or the request is complete.
    /// - Throws: ``HTTPRequestError``; then nothing more is to be read.
    mutating func next(_ octets: Span<UInt8>, from index: inout Int) throws(HTTPRequestError) -> Event? {
        switch state {
        case .section: return try nextSection(octets, from: &index)
        case .body(let left):
            return index < octets.count ? .body(index..<(index + min(octets.count - index, left))) : nil
        case .chunked(var body):
            let event = try body.next(octets, from: &index)
            state = .chunked(body)
            switch event {
            case .chunk(let size): return .announcement(size)
            case .data(let range): return .body(range)
            case .end:
                state = .complete
                return .end
            case nil: return nil
            }
        case .complete: return nil
        }
    }

    /// So many octets of the body were used.
    ///
    /// - Returns: whether the request is complete with them.
    mutating func consume(_ octets: Int) -> Bool {
        switch state {
        case .body(let left):
            state = left == octets ? .complete : .body(left: left - octets)
            return left == octets
        case .chunked(var body):
            body.consume(octets)
            state = .chunked(body)
            return false
        case .section, .complete: return false
        }
    }

    // MARK: The header section

    private mutating func nextSection(
        _ octets: Span<UInt8>, from index: inout Int
    ) throws(HTTPRequestError) -> Event? {
        if held.isEmpty || (held.count == 1 && held[0] == Octet.carriageReturn && index < octets.count) {
            try skipEmptyLines(octets, from: &index)
            guard index < octets.count else { return nil }
            // What cannot begin a request is refused at once: it may never have a line end, such as a TLS handshake.
            let isCarriageReturn = octets[index] == Octet.carriageReturn && index + 1 == octets.count
            guard Octet.isToken(octets[index]) || isCarriageReturn else { throw .requestLine }
            if let section = try section(octets.extracting(index..<min(octets.count, index + limit))) {
                index += section.length
                return begin(section)
            }
        }
        // A line may lie across what has come before and now.
        let taken = min(limit + 1 - held.count, octets.count - index)
        var hasLineEnd = false
        for place in index..<(index + taken) {
            held.append(octets[place])
            hasLineEnd = hasLineEnd || octets[place] == Octet.lineFeed
        }
        index += taken
        // Read again with each line and not with each octet: a section has at most `RequestSection.maximumFields` lines.
        guard hasLineEnd, let section = try section(held.span.extracting(0..<min(held.count, limit))) else {
            guard held.count <= limit else { throw tooLarge(held.span) }
            return nil
        }
        index -= held.count - section.length
        held = []
        return begin(section)
    }

    /// The section with which the octets begin; nil if its end has not come.
    private func section(_ octets: Span<UInt8>) throws(HTTPRequestError) -> RequestSection? {
        do throws(HTTPRequestError) {
            return try RequestSection(octets)
        } catch .truncated {
            return nil
        }
    }

    private mutating func begin(_ section: RequestSection) -> Event {
        switch section.framing {
        case .none: state = .complete
        case .length(let length): state = .body(left: length)
        case .chunked: state = .chunked(ChunkedBody())
        }
        return .section(section)
    }

    private mutating func skipEmptyLines(_ octets: Span<UInt8>, from index: inout Int) throws(HTTPRequestError) {
        if !held.isEmpty {
            // The CR came at the end of the last piece.
            guard octets[index] == Octet.lineFeed else { throw .requestLine }
            held = []
            try countEmptyLine()
            index += 1
        }
        while index + 1 < octets.count, octets[index] == Octet.carriageReturn, octets[index + 1] == Octet.lineFeed {
            try countEmptyLine()
            index += 2
        }
    }

    private mutating func countEmptyLine() throws(HTTPRequestError) {
        emptyLines += 1
        guard emptyLines <= Self.maximumEmptyLines else { throw .requestLine }
    }

    /// 414 if the request line alone is too long, otherwise 431.
    private func tooLarge(_ octets: Span<UInt8>) -> HTTPRequestError {
        for index in 0..<min(octets.count, limit) where octets[index] == Octet.lineFeed {
            return .sectionTooLarge(limit: limit)
        }
        return .targetTooLong(limit: limit)
    }
}
