internal import CMicrohttpd
internal import Synchronization

/// One request and its answer, from the header section to the last octet written.
///
/// The server's thread alone touches `body` and `admission`; what the answering thread shares is behind the lock.
///
/// `@unchecked Sendable`: the fields that are not behind the lock are used by the one thread of libmicrohttpd that owns
/// the connection, and it calls back for a connection one call at a time.
final class Exchange: @unchecked Sendable {
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

    let head: HTTPRequestHead
    /// The place in the registry, for the registry alone.
    var place = 0
    private let admission: HTTPAdmission
    private let thread: DaemonThread
    private var body: [UInt8] = []
    private var discarded = 0
    private let state = Mutex(State.reading)

    /// Octets of a body that is too large which are read and thrown away, so that the client gets to see the answer.
    /// Beyond them the connection is closed.
    static let discardLimit = 1024 * 1024

    /// Octets that are set aside on the client's word before they have come.
    private static let reservation = 1024 * 1024

    init(_ head: HTTPRequestHead, _ admission: HTTPAdmission, on thread: DaemonThread) {
        self.head = head
        self.admission = admission
        self.thread = thread
        if case .accept(let limit, _) = admission, let length = head.contentLength {
            body.reserveCapacity(min(length, limit, Self.reservation))
        }
    }

    /// The answer that goes out before the body is read, if there is one.
    func earlyResponse(_ handler: any HTTPHandler) -> HTTPResponse? {
        switch admission {
        // Without a body the connection can go on, so the answer waits for the end of the request.
        case .refuse(let response): head.hasBody ? response : nil
        case .accept(let limit, _):
            if let length = head.contentLength, length > limit { handler.tooLarge(head, limit: limit) } else { nil }
        }
    }

    /// Takes a piece of the body.
    ///
    /// - Returns: whether the connection may go on.
    func take(_ piece: UnsafeRawBufferPointer) -> Bool {
        guard case .accept(let limit, _) = admission, discarded == 0, body.count + piece.count <= limit else {
            body = []
            discarded += piece.count
            return discarded <= Self.discardLimit
        }
        unsafe body.append(contentsOf: piece)
        return true
    }

    /// The request is complete, or the connection was resumed.
    func proceed(_ connection: OpaquePointer, _ handler: any HTTPHandler) -> Step {
        if beginHandling() {
            switch admission {
            case .refuse(let response): respond(response)
            case .accept(let limit, _) where discarded > 0: respond(handler.tooLarge(head, limit: limit))
            case .accept(_, let context):
                let request = HTTPRequest(head: head, body: body, context: context)
                body = []
                handler.handle(request, responder: HTTPResponder(self))
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
    func finish() {
        state.withLock { $0 = .finished }
    }
}
