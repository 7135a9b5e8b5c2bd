internal import CMicrohttpd
internal import Synchronization

/// One request and its answer, from the header section to the last octet written.
///
/// The server's thread alone touches `body` and `admission`; what the answering thread shares is behind the lock.
///
/// `@unchecked Sendable`: the fields that are not behind the lock are used by the one thread of libmicrohttpd that owns
/// the connection, and it calls back for a connection one call at a time.
@safe final class Exchange: @unchecked Sendable {
    private enum State {
        /// The handler has not had the request yet.
        case reading
        /// The handler has not answered yet, and the connection is not suspended.
        case handling
        /// The connection is suspended until there is an answer.
        case suspended(SuspendedConnection)
        case answered(HTTPResponse)
        /// The answer has been handed to libmicrohttpd, or the client is gone.
        case finished
    }

    enum Step {
        case queue(HTTPResponse)
        case wait
    }

    /// What became of a piece of the body.
    enum Intake {
        case taken
        /// The connection is suspended, and the piece is to be offered again.
        case wait
        /// The connection is to be closed.
        case close
    }

    let head: HTTPRequestHead
    /// The place in the registry, for the registry alone.
    var place = 0
    /// The connection that the request came on, for the server's thread alone.
    let client: ClientConnection
    let thread: DaemonThread
    private let admission: HTTPAdmission
    private var body: [UInt8] = []
    /// Where the body goes that is not gathered here.
    private let stream: BodyStream?
    private let form: FormReader?
    /// Octets of the body that have come.
    private var received = 0
    private var discarded = 0
    private var pace: BodyPace
    /// The connection while it is watched for its end.
    private var watched: OpaquePointer?
    private let state = Mutex(State.reading)

    /// Octets of a body that is too large which are read and thrown away, so that the client gets to see the answer.
    /// Beyond them the connection is closed.
    static let discardLimit = 1024 * 1024

    /// Octets that are set aside on the client's word before any have come. Room for the rest that it has announced is made
    /// once these are there: a body that grows by and by is copied again and again.
    private static let reservation = 1024 * 1024

    init(
        _ head: HTTPRequestHead, _ admission: HTTPAdmission, from client: ClientConnection, on thread: DaemonThread,
        pace: BodyPace.Limits
    ) {
        self.head = head
        self.client = client
        self.admission = admission
        self.thread = thread
        self.pace = BodyPace(pace)
        if case .stream = admission { stream = BodyStream(on: thread) } else { stream = nil }
        if case .form(_, let parts, _) = admission {
            form = FormReader(contentType: head.headers["Content-Type"], maximumParts: parts)
        } else {
            form = nil
        }
        if case .accept(let limit, _) = admission, let length = head.contentLength {
            body.reserveCapacity(min(length, limit, Self.reservation))
        }
    }

    /// The answer that goes out before the body is read, if there is one.
    func earlyResponse(_ handler: any HTTPHandler) -> HTTPResponse? {
        switch admission {
        // Without a body the connection can go on, so the answer waits for the end of the request.
        case .refuse(let response): head.hasBody ? response : nil
        case .accept(let limit, _), .stream(let limit, _), .form(let limit, _, _):
            if let length = head.contentLength, length > limit { handler.tooLarge(head, limit: limit) } else { nil }
        }
    }

    /// Hands the request to the handler where it is to read the body by itself.
    func beginStreaming(_ connection: OpaquePointer, _ handler: any HTTPHandler) {
        guard case .stream(_, let context) = admission, let stream, beginHandling() else { return }
        unsafe watch(connection)
        let request = HTTPStreamedRequest(head: head, body: HTTPRequestBody(stream), context: context)
        handler.handle(request, responder: HTTPResponder(self))
    }

    /// Takes a piece of the body.
    func take(_ piece: UnsafeRawBufferPointer, from connection: OpaquePointer) -> Intake {
        // A body that comes at once needs no clock.
        if received + piece.count != head.contentLength {
            guard pace.took(piece.count, at: .now) else {
                stream?.fail(.tooSlow)
                return .close
            }
            unsafe watch(connection)
        }
        switch admission {
        case .accept(let limit, _) where discarded == 0 && body.count + piece.count <= limit:
            if body.count + piece.count > body.capacity, let length = head.contentLength {
                body.reserveCapacity(min(length, limit))
            }
            unsafe body.append(contentsOf: piece)
        case .stream(let limit, _) where discarded == 0 && received + piece.count <= limit:
            guard let stream, unsafe stream.offer(piece, from: connection) else {
                pace.pause()
                // It is read from when it goes on.
                unsafe watched = nil
                return .wait
            }
        case .form(let limit, _, _) where discarded == 0 && received + piece.count <= limit:
            unsafe form?.take(piece, of: connection)
        default:
            if case .stream(let limit, _) = admission { stream?.fail(.tooLarge(limit: limit)) }
            body = []
            discarded += piece.count
            return discarded <= Self.discardLimit ? .taken : .close
        }
        received += piece.count
        return .taken
    }

    private func watch(_ connection: OpaquePointer) {
        if unsafe watched == nil { thread.watch(self) }
        unsafe watched = connection
    }

    /// Has the connection read again where the client has ended it in the middle of the body.
    ///
    /// - Returns: whether it has.
    func noticeEnd() -> Bool {
        guard let connection = unsafe watched else { return false }
        unsafe watched = nil
        guard unsafe cmicrohttpd_has_ended(connection) != 0 else { return false }
        // A connection that goes on after it was suspended is read from, whatever epoll says.
        unsafe SuspendedConnection(suspending: connection).goOn()
        return true
    }

    /// The request is complete, or the connection was resumed.
    func proceed(_ connection: OpaquePointer, _ handler: any HTTPHandler) -> Step {
        stream?.finish()
        unsafe watched = nil
        if beginHandling() {
            switch admission {
            case .refuse(let response): respond(response)
            case .accept(let limit, _) where discarded > 0: respond(handler.tooLarge(head, limit: limit))
            case .form(let limit, _, _) where discarded > 0: respond(handler.tooLarge(head, limit: limit))
            // It has the request already, unless the server stops and has answered.
            case .stream: break
            case .accept(_, let context):
                let request = HTTPRequest(head: head, body: body, context: context)
                body = []
                handler.handle(request, responder: HTTPResponder(self))
            case .form(_, _, let context):
                switch unsafe form?.finish(connection) ?? .success([]) {
                case .success(let parts):
                    let request = HTTPFormRequest(head: head, parts: parts, context: context)
                    handler.handle(request, responder: HTTPResponder(self))
                case .failure(let error): respond(handler.malformed(head, error))
                }
            }
        }
        return state.withLock { state in
            switch state {
            case .answered(let response):
                state = .finished
                return .queue(response)
            case .reading, .handling:
                // Suspended under the lock: an answer that comes now finds the connection suspended.
                state = .suspended(unsafe SuspendedConnection(suspending: connection))
                return .wait
            case .suspended, .finished: return .wait
            }
        }
    }

    /// Whether the handler is to have the request now: once, and not where a server that stops has answered for it.
    private func beginHandling() -> Bool {
        state.withLock { state in
            guard case .reading = state else { return false }
            state = .handling
            return true
        }
    }

    /// Answers for the handler, which has not done so.
    func stop(_ handler: any HTTPHandler) {
        let isHandled = state.withLock { state in
            if case .reading = state { false } else { true }
        }
        respond(handler.stopping(head, isHandled: isHandled))
        interrupt()
    }

    /// Tells the handler that the rest of a body that it reads is not waited for, and goes on with a connection that is
    /// suspended because the handler does not read.
    func interrupt() {
        stream?.fail(.stopped)
    }

    func respond(_ response: HTTPResponse) {
        let suspended: SuspendedConnection? = state.withLock { state in
            switch state {
            case .reading, .handling:
                state = .answered(response)
                return nil
            case .suspended(let connection):
                state = .answered(response)
                return connection
            case .answered, .finished: return nil
            }
        }
        if let suspended { thread.resume(suspended) }
    }

    /// The request is over, answered or not: nothing is to be resumed any more.
    ///
    /// - Parameter error: why the rest of the body does not come, where it had not come to its end.
    func finish(_ error: HTTPBodyError) {
        stream?.fail(error)
        unsafe watched = nil
        state.withLock { $0 = .finished }
    }
}
