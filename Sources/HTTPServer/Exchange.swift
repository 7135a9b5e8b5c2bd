internal import Synchronization

/// One request and its response, from the header section to the last octet written.
///
/// `@unchecked Sendable`: what the answering thread shares is behind the lock; the rest is used by the thread of the
/// connection alone.
final class Exchange: @unchecked Sendable {
    private enum State {
        /// The handler has not had the request yet.
        case reading
        /// The handler has not responded yet, and the connection is not suspended.
        case handling
        /// The connection is suspended until there is a response.
        case suspended(SuspendedConnection)
        /// The rest of the body is not waited for: the response goes out as soon as there is one.
        case cut
        case answered(HTTPResponse)
        /// The response has been handed over, or the client is gone.
        case finished
    }

    enum Step {
        case queue(HTTPResponse)
        case wait
    }

    /// What becomes of a piece of the body.
    enum Intake {
        case taken
        /// There is no room for it; it is to be offered again.
        case wait
        /// The response does not wait for the rest of the body.
        case respond(HTTPResponse)
    }

    /// Where the body goes.
    private enum Body {
        /// Into ``octets``, and then to its handler.
        case whole(limit: Int, @Sendable (HTTPRequest, HTTPResponder) -> Void)
        case form(FormReader, limit: Int, @Sendable (HTTPFormRequest, HTTPResponder) -> Void)
        /// Its handler gets it with the beginning, and reads it while it arrives.
        case stream(limit: Int, @Sendable (HTTPStreamedRequest, HTTPResponder) -> Void)
        /// Nowhere; the response is known.
        case refused(HTTPResponse)
        /// The handler has it, or nobody wants the rest.
        case done
    }

    let head: HTTPRequestHead
    /// The place in the registry, for the registry alone.
    var place = 0
    let client: ClientConnection
    let thread: DaemonThread
    private var body: Body
    /// The body of a handler that reads it while it arrives.
    private let stream: BodyStream?
    /// The octets of a body that is gathered.
    private var octets: [UInt8] = []
    private var received = 0
    private var pace: BodyPace
    /// Whether the connection has been suspended for this request.
    private(set) var wasSuspended = false
    /// Whether the rest of the body is dropped.
    private var isCut = false
    private let state = Mutex(State.reading)

    /// Octets that are set aside on the client's word before any have come. Room for the rest that it has announced is made
    /// once these are there: a body that grows by and by is copied again and again.
    private static let reservation = 1024 * 1024

    init(
        _ head: HTTPRequestHead, _ admission: HTTPAdmission, from client: ClientConnection, on thread: DaemonThread,
        pace: BodyPace.Limits
    ) {
        self.head = head
        self.client = client
        self.thread = thread
        self.pace = BodyPace(pace)
        stream = if case .stream = admission { BodyStream(of: client, on: thread) } else { nil }
        body =
            switch admission {
            case .whole(let limit, let handle): .whole(limit: limit, handle)
            case .stream(let limit, let handle): .stream(limit: limit, handle)
            case .form(let limit, let parts, let handle):
                .form(
                    FormReader(contentType: head.headers["Content-Type"], maximumParts: parts), limit: limit, handle)
            case .refuse(let response): .refused(response)
            }
    }

    // MARK: On the thread of the connection

    /// The header section has arrived.
    ///
    /// - Parameter isComplete: whether all of the request is there.
    /// - Returns: the response that goes out before the body is read, if there is one.
    func begin(_ handler: any HTTPHandler, isComplete: Bool) -> HTTPResponse? {
        switch body {
        case .whole(let limit, _), .form(_, let limit, _), .stream(let limit, _):
            if let length = head.contentLength, length > limit {
                body = .refused(handler.tooLarge(head, limit: limit))
            }
        case .refused, .done: break
        }
        switch body {
        // If all of the request is there, the connection can be kept, and the response waits for its turn.
        case .refused(let response): return isComplete ? nil : response
        case .stream(_, let handle):
            // A server that stops has answered for the handler.
            guard let stream, beginHandling() else { break }
            handle(HTTPStreamedRequest(head: head, body: HTTPRequestBody(stream)), HTTPResponder(self))
        case .whole(let limit, _):
            if let length = head.contentLength { octets.reserveCapacity(min(length, limit, Self.reservation)) }
        case .form, .done: break
        }
        return nil
    }

    /// At least so many octets of the body follow.
    ///
    /// - Returns: the response if these are too many, unless it comes from a handler that reads the body.
    func announce(_ octets: Int, _ handler: any HTTPHandler) -> HTTPResponse? {
        if isCut { return nil }
        switch body {
        case .whole(let limit, _), .form(_, let limit, _):
            return received + octets > limit ? handler.tooLarge(head, limit: limit) : nil
        case .stream(let limit, _):
            if received + octets > limit { _ = cut(.tooLarge(limit: limit)) }
            return nil
        case .refused, .done: return nil
        }
    }

    /// Takes a piece of the body.
    func take(_ piece: UnsafeRawBufferPointer, _ handler: any HTTPHandler) -> Intake {
        if isCut { return .taken }
        // A body that comes at once needs no clock.
        if received + piece.count != head.contentLength, !pace.took(piece.count, at: .now) {
            return cut(.tooSlow)
                ? .taken
                : .respond(
                    handler.refused(.tooSlow, HTTPRefusedRequest(head: head, id: head.id, client: head.client)))
        }
        switch body {
        case .whole(let limit, _):
            guard received + piece.count <= limit else { return .respond(handler.tooLarge(head, limit: limit)) }
            if octets.count + piece.count > octets.capacity, let length = head.contentLength {
                octets.reserveCapacity(min(length, limit))
            }
            unsafe octets.append(contentsOf: piece)
        case .form(let form, let limit, _):
            guard received + piece.count <= limit else { return .respond(handler.tooLarge(head, limit: limit)) }
            form.take(unsafe piece.assumingMemoryBound(to: UInt8.self).span)
        case .stream(let limit, _):
            guard received + piece.count <= limit else {
                _ = cut(.tooLarge(limit: limit))
                return .taken
            }
            guard unsafe stream?.offer(piece) ?? true else {
                pace.pause()
                return .wait
            }
        case .refused, .done: break
        }
        received += piece.count
        return .taken
    }

    /// Does not wait for the rest of a body that the handler reads while it arrives.
    ///
    /// - Returns: false if the handler does not read it: then it does not respond either.
    func cut(_ error: HTTPBodyError) -> Bool {
        guard let stream, case .stream = body else { return false }
        isCut = true
        let response = state.withLock { state -> HTTPResponse? in
            guard case .answered(let response) = state else {
                state = .cut
                return nil
            }
            // It came early, and waited for the end of the body.
            state = .finished
            return response
        }
        stream.fail(error)
        if let response { thread.respond(response, to: self) }
        return true
    }

    /// All of the request is there.
    func complete(_ handler: any HTTPHandler) {
        let body = body
        self.body = .done
        // A body that is too large was refused before its handler got it, also one that came with the header section.
        if let stream, case .stream = body {
            stream.finish()
            return
        }
        // A server that stops has answered for the handler.
        guard beginHandling() else { return }
        switch body {
        case .refused(let response): respond(response)
        case .whole(_, let handle):
            let request = HTTPRequest(head: head, body: octets)
            octets = []
            handle(request, HTTPResponder(self))
        case .form(let form, _, let handle):
            do throws(HTTPFormError) {
                handle(HTTPFormRequest(head: head, parts: try form.finish()), HTTPResponder(self))
            } catch {
                respond(handler.malformed(head, error))
            }
        case .stream, .done: break
        }
    }

    /// The response if there is one; otherwise the connection is suspended.
    func proceed(_ connection: OpaquePointer) -> Step {
        state.withLock { state in
            switch state {
            case .answered(let response):
                state = .finished
                return .queue(response)
            case .reading, .handling, .cut:
                // Suspended under the lock: a response that comes now finds the connection suspended.
                state = .suspended(unsafe SuspendedConnection(suspending: connection))
                wasSuspended = true
                return .wait
            case .suspended, .finished: return .wait
            }
        }
    }

    /// Whether the handler is to have the request now: once, and not if a server that stops has answered for it.
    private func beginHandling() -> Bool {
        state.withLock { state in
            guard case .reading = state else { return false }
            state = .handling
            return true
        }
    }

    /// The request is over, answered or not: nothing is to be resumed any more.
    ///
    /// - Parameter error: why the rest of the body does not come, if it had not come to its end.
    func finish(_ error: HTTPBodyError) {
        stream?.fail(error)
        state.withLock { $0 = .finished }
    }

    // MARK: From any thread

    /// Answers for the handler, which has not done so.
    func stop(_ handler: any HTTPHandler) {
        let isHandled = state.withLock { state in
            if case .reading = state { false } else { true }
        }
        let response = handler.stopping(head, isHandled: isHandled)
        respond(response)
        thread.respond(response, to: self)
        interrupt()
    }

    /// Tells a handler that reads the body that the rest is not waited for.
    func interrupt() {
        stream?.fail(.stopped)
    }

    /// Responds, once; what comes later is ignored.
    func respond(_ response: HTTPResponse) {
        let (suspended, isCut) = state.withLock { state -> (SuspendedConnection?, Bool) in
            switch state {
            case .reading, .handling:
                state = .answered(response)
                return (nil, false)
            case .suspended(let connection):
                state = .answered(response)
                return (connection, false)
            // Whether the rest of the body has come after all is known on the connection's thread.
            case .cut: return (nil, true)
            case .answered, .finished: return (nil, false)
            }
        }
        if let suspended { thread.resume(suspended) }
        if isCut { thread.respond(response, to: self) }
    }

    /// Responds, on the thread of the connection, without waiting for the rest of the body.
    ///
    /// - Parameter response: what goes out unless there is a response already.
    func respondAtOnce(_ response: HTTPResponse) {
        if client.exchange === self, client.isReading {
            let known = state.withLock { state in
                if case .answered(let known) = state { known } else { response }
            }
            client.respond(known, to: head)
            return
        }
        state.withLock { state in
            if case .cut = state { state = .handling }
        }
        respond(response)
    }
}
