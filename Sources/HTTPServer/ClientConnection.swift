internal import CMicrohttpd

/// A client's connection, from when it is accepted until it is closed: what has been read of it, and the time it has left.
///
/// libmicrohttpd learns of a request when it is complete, and then writes the response. Until then everything happens
/// here: the header section is read strictly, the body goes where the handler wants it, and a client that breaks the
/// syntax, exceeds a limit or is too slow gets its response at once. After such a response the connection lingers: what
/// the client still sends is read and dropped, because closing with unread octets resets the connection, and the client
/// may never see the response (RFC 9112, section 9.6).
///
/// `@unchecked Sendable`, and safe to hold: used on the thread of its daemon alone, and libmicrohttpd keeps the connection
/// until ``isOpen`` is false.
@safe final class ClientConnection: @unchecked Sendable {
    private enum Phase {
        /// Reading a request, or waiting for one.
        case reading
        /// The body's reader has no room. What follows is in `rest` and in the kernel.
        case heldBack
        /// The request is complete, and libmicrohttpd has not been told yet.
        case complete
        /// libmicrohttpd has the request, and writes the response when there is one.
        case answering
        /// The response is written, and what the client still sends is dropped.
        case lingering
        /// libmicrohttpd is to close the connection.
        case closing
    }

    /// Octets that earn a second: who sends or reads at this pace never meets the deadline, however large the message is.
    static let octetsPerSecond = 16 * 1024
    /// Octets read in one turn, so that a fast client does not keep the others waiting.
    private static let octetsPerTurn = 1024 * 1024
    /// What is dropped at most after an early response: a little more than common limits of mail. Whoever sends more has
    /// its connection reset.
    private static let lingeringOctets = 64 * 1024 * 1024
    /// How long a connection lingers, in milliseconds.
    private static let lingeringTime: Int64 = 5000

    let address: HTTPClientAddress
    /// The place in the table, for the table alone.
    var place = 0
    /// Whether libmicrohttpd still has the connection.
    private(set) var isOpen = true
    /// The request that is read or answered.
    private(set) var exchange: Exchange?
    let socket: Int32
    private let connection: OpaquePointer
    private unowned let thread: DaemonThread
    private let limits: Limits
    private var phase = Phase.reading
    private var reader: RequestReader
    /// Octets that have been read and, from `restStart` on, not been used.
    private var rest: [UInt8] = []
    private var restStart = 0
    private var dropped = 0
    /// In milliseconds of the thread's clock; nil while the client is not waited for.
    private var deadline: Int64?
    private var lastActivity: Int64

    /// Times in milliseconds.
    struct Limits {
        let request: Int64
        let idle: Int64
        /// Octets of a request line and a header section.
        let section: Int
        let trustedProxies: TrustedProxies?
    }

    init(_ connection: OpaquePointer, on thread: DaemonThread) {
        address = HTTPClientAddress(unsafe cmicrohttpd_client_address(connection))
        socket = unsafe cmicrohttpd_socket(connection)
        unsafe self.connection = connection
        self.thread = thread
        limits = thread.limits
        reader = RequestReader(limit: limits.section)
        lastActivity = thread.now
        deadline = thread.now + limits.request
    }

    // MARK: Reading

    /// Reads for libmicrohttpd: a request line as soon as a request is complete, and nothing before.
    ///
    /// - Returns: octets written to the buffer, 0 to have the connection closed, -1 for none.
    func receive(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        read()
        switch phase {
        case .complete:
            guard let exchange else { return 0 }
            let line = RequestLine.octets(of: exchange)
            guard line.count <= buffer.count else { return 0 }
            unsafe buffer.copyBytes(from: line)
            phase = .answering
            return line.count
        case .closing: return 0
        case .reading, .heldBack, .answering, .lingering: return -1
        }
    }

    /// Reads what there is, as far as it is wanted now.
    func read() {
        var count = 0
        while count < Self.octetsPerTurn {
            switch phase {
            case .reading where !rest.isEmpty:
                takeRest()
                continue
            case .reading, .lingering: break
            case .heldBack, .complete, .answering, .closing: return
            }
            let scratch = unsafe thread.scratch
            let read = unsafe cmicrohttpd_read(connection, scratch.baseAddress, scratch.count)
            switch read {
            case 1...:
                count += read
                unsafe received(UnsafeRawBufferPointer(rebasing: scratch[..<read]))
            case 0:
                ended()
                return
            case -1: return
            default:
                lost()
                return
            }
        }
        // There may be more, of which no event will tell.
        thread.readAgain(self)
    }

    private func received(_ octets: UnsafeRawBufferPointer) {
        lastActivity = thread.now
        if case .lingering = phase {
            dropped += octets.count
            if dropped > Self.lingeringOctets { phase = .closing }
            return
        }
        if reader.isIdle { deadline = thread.now + limits.request }
        let used = unsafe take(octets)
        if used < octets.count { unsafe rest.append(contentsOf: octets[used...]) }
    }

    private func takeRest() {
        let octets = rest
        let start = restStart
        let used = unsafe octets.withUnsafeBytes { octets in
            unsafe take(UnsafeRawBufferPointer(rebasing: octets[start...]))
        }
        restStart = start + used
        if restStart == octets.count { dropRest() }
    }

    private func dropRest() {
        rest = []
        restStart = 0
    }

    /// Uses octets, as far as they are wanted.
    ///
    /// - Returns: how many were used.
    private func take(_ octets: UnsafeRawBufferPointer) -> Int {
        let span = unsafe octets.assumingMemoryBound(to: UInt8.self).span
        var index = 0
        do throws(HTTPRequestError) {
            while case .reading = phase, let event = try reader.next(span, from: &index) {
                switch event {
                case .section(let section): begin(section, available: span.count - index)
                case .announcement(let count): announce(count)
                case .body(let range): unsafe takeBody(octets, range, &index)
                case .end: complete()
                }
            }
        } catch {
            refuse(error)
        }
        switch phase {
        case .reading, .heldBack, .complete, .answering: return index
        // What a client sends beside a response that ends the connection is dropped.
        case .lingering, .closing: return octets.count
        }
    }

    /// - Parameter available: how many octets have come after the section.
    private func begin(_ section: RequestSection, available: Int) {
        deadline = thread.now + limits.request
        let client = limits.trustedProxies?.client(of: section.headers, from: address) ?? address
        let head = HTTPRequestHead(section, from: client)
        let handler = thread.dispatcher.handler
        guard let exchange = thread.dispatcher.begin(head, of: self, on: thread) else {
            respond(handler.stopping(head, isHandled: false), to: head)
            return
        }
        self.exchange = exchange
        let isComplete = reader.isComplete || section.contentLength.map { $0 <= available } ?? false
        if let early = exchange.begin(handler, isComplete: isComplete) {
            respond(early, to: head)
        } else if reader.isComplete {
            complete()
        } else if section.expectsContinue, section.isVersion11, available == 0 {
            write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
        }
    }

    /// The size of a chunk says how much follows: what would be too large is refused before it comes.
    private func announce(_ octets: Int) {
        guard let exchange, let response = exchange.announce(octets, thread.dispatcher.handler) else { return }
        respond(response, to: exchange.head)
    }

    private func takeBody(_ octets: UnsafeRawBufferPointer, _ range: Range<Int>, _ index: inout Int) {
        guard let exchange else { return }
        let piece = unsafe UnsafeRawBufferPointer(rebasing: octets[range])
        switch unsafe exchange.take(piece, thread.dispatcher.handler) {
        case .taken:
            index = range.upperBound
            if let deadline { self.deadline = deadline + Self.time(for: range.count) }
            if reader.consume(range.count) { complete() }
        case .wait: phase = .heldBack
        case .respond(let response): respond(response, to: exchange.head)
        }
    }

    private func complete() {
        deadline = nil
        phase = .complete
        exchange?.complete(thread.dispatcher.handler)
    }

    /// The client ended its side of the connection.
    private func ended() {
        switch phase {
        case .reading where !reader.isIdle:
            exchange?.finish(.clientGone)
            refuse(.truncated)
            phase = .closing
        case .reading, .lingering: phase = .closing
        case .heldBack, .complete, .answering, .closing: break
        }
    }

    private func lost() {
        abandon(.clientGone)
        phase = .closing
    }

    /// The body's reader has room again.
    func goOn() {
        guard case .heldBack = phase else { return }
        phase = .reading
        lastActivity = thread.now
        look()
    }

    /// Reads again, if no event tells that there is something to read.
    func look() {
        guard isOpen else { return }
        read()
        switch phase {
        case .complete, .closing: wake()
        case .reading, .heldBack, .answering, .lingering: break
        }
    }

    /// Has libmicrohttpd read, whatever it knows of the socket: a connection that goes on after it was suspended is read
    /// from.
    private func wake() {
        unsafe SuspendedConnection(suspending: connection).goOn()
        thread.runAgain()
    }

    // MARK: Responses before the request is complete

    /// Refuses what cannot be read as a request.
    private func refuse(_ error: HTTPRequestError) {
        let head = exchange?.head
        let request = HTTPRefusedRequest(
            head: head, id: head?.id ?? RequestIdentifier.make(), client: head?.client ?? address)
        respond(thread.dispatcher.handler.refused(error, request), to: head, id: request.id)
    }

    /// Whether the request is not complete, so that libmicrohttpd does not know of it.
    var isReading: Bool {
        switch phase {
        case .reading, .heldBack: true
        case .complete, .answering, .lingering, .closing: false
        }
    }

    /// Responds to a request that is not complete, and closes the connection.
    ///
    /// - Parameter head: the request, as far as it could be read.
    func respond(_ response: HTTPResponse, to head: HTTPRequestHead?, id: String? = nil) {
        guard isReading else { return }
        let octets = ResponseText.octets(
            of: response, id: id ?? head?.id ?? RequestIdentifier.make(), hasBody: head?.method != "HEAD")
        let isWritten = write(octets)
        thread.dispatcher.handler.answered(head, status: response.status, thread: thread.number)
        abandon(.stopped)
        dropRest()
        deadline = thread.now + Self.lingeringTime
        phase = isWritten ? .lingering : .closing
        if isWritten { unsafe cmicrohttpd_end_writing(connection) }
    }

    /// Writes a few octets past libmicrohttpd, which knows of no request.
    ///
    /// - Returns: whether the socket took all of them.
    @discardableResult
    private func write(_ octets: [UInt8]) -> Bool {
        let written = unsafe octets.withUnsafeBytes { unsafe cmicrohttpd_write(connection, $0.baseAddress, $0.count) }
        return written == octets.count
    }

    /// Lets a request go of which libmicrohttpd does not know.
    private func abandon(_ error: HTTPBodyError) {
        guard let exchange else { return }
        self.exchange = nil
        thread.dispatcher.end(exchange, error)
    }

    // MARK: What libmicrohttpd says

    /// The response is handed over, and the client has to read it.
    func answers(_ octets: Int) {
        deadline = thread.now + limits.request + Self.time(for: octets)
    }

    /// The response is written, or the client is gone. The next request may come as long as an idle connection is kept.
    func endsRequest() {
        let wasSuspended = exchange?.wasSuspended ?? true
        exchange = nil
        guard case .answering = phase else { return }
        lastActivity = thread.now
        deadline = thread.now + limits.idle
        phase = .reading
        reader.begin()
        if !rest.isEmpty || thread.isTLS {
            // Of octets that are here, or in the buffers of TLS, no event will tell.
            thread.readAgain(self)
        } else if !wasSuspended, unsafe cmicrohttpd_has_ended(connection) != 0 {
            // The end came together with the request, and its event is gone. A connection that was suspended gets another.
            giveUp()
        }
    }

    /// libmicrohttpd has closed the connection.
    func ends() {
        isOpen = false
        abandon(.clientGone)
    }

    // MARK: Time

    /// Whether the client's time is over.
    func isOverdue(now: Int64) -> Bool {
        guard let deadline else { return false }
        switch phase {
        case .reading: return now >= deadline || now >= lastActivity + limits.idle
        case .answering, .lingering: return now >= deadline
        case .heldBack, .complete, .closing: return false
        }
    }

    /// The client's time is over. It is told so if it was sending a request.
    ///
    /// - Returns: whether a request or a response was cut short.
    func timeOut() -> Bool {
        switch phase {
        case .reading where !reader.isIdle:
            // A handler that reads the body responds by itself.
            deadline = nil
            if exchange?.cut(.tooSlow) != true { refuse(.tooSlow) }
            if case .closing = phase { giveUp() }
            return true
        case .answering:
            giveUp()
            return true
        case .reading, .heldBack, .complete, .lingering, .closing:
            giveUp()
            return false
        }
    }

    /// Ends the connection; libmicrohttpd finds it closed and lets it go.
    private func giveUp() {
        deadline = nil
        phase = .closing
        cmicrohttpd_shut(socket)
    }

    private static func time(for octets: Int) -> Int64 {
        Int64(octets) * 1000 / Int64(octetsPerSecond)
    }
}
