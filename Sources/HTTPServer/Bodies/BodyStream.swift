internal import CMicrohttpd
internal import Synchronization

/// The octets of a body between the server's thread, which brings them, and the one task that reads them.
///
/// What the reader has not taken is bounded: when there is enough of it the connection is suspended, and libmicrohttpd
/// and the kernel hold the client back. It goes on when the reader has taken what there is.
final class BodyStream: Sendable {
    typealias Reader = CheckedContinuation<Result<[UInt8]?, HTTPBodyError>, Never>

    private struct State {
        var buffer: [UInt8] = []
        /// Whether all of the body has come, or why it does not.
        var end: Result<Void, HTTPBodyError>?
        var reader: Reader?
        var suspended: SuspendedConnection?
    }

    /// Octets that wait for the reader before the connection is suspended. A piece that libmicrohttpd brings is no larger
    /// than the memory of a connection, and comes on top.
    static let window = 64 * 1024

    private let thread: DaemonThread
    private let state = Mutex(State())

    init(on thread: DaemonThread) {
        self.thread = thread
    }

    // MARK: On the server's thread

    /// Takes a piece, or suspends the connection where there is no room for it: then the piece is to be offered again.
    ///
    /// - Returns: whether it was taken.
    func offer(_ piece: UnsafeRawBufferPointer, from connection: OpaquePointer) -> Bool {
        let (isTaken, reader, octets) = state.withLock { state -> (Bool, Reader?, [UInt8]) in
            // Nobody wants the rest of a body that has been given up.
            guard state.end == nil else { return (true, nil, []) }
            if let reader = state.reader {
                state.reader = nil
                return unsafe (true, reader, Array(piece))
            }
            guard state.buffer.count < Self.window else {
                // Suspended under the lock: a reader that comes now finds the connection suspended.
                state.suspended = unsafe SuspendedConnection(suspending: connection)
                return (false, nil, [])
            }
            unsafe state.buffer.append(contentsOf: piece)
            return (true, nil, [])
        }
        reader?.resume(returning: .success(octets))
        return isTaken
    }

    /// All of the body has come.
    func finish() {
        end(.success(()))
    }

    // MARK: From any thread

    /// The body does not come to its end, unless it has done so already: then it is whole, whatever happens afterwards.
    func fail(_ error: HTTPBodyError) {
        end(.failure(error))
    }

    /// Nobody reads any more.
    func abandon() {
        end(.failure(.stopped))
        state.withLock { $0.buffer = [] }
    }

    /// Calls the reader with what there is, as soon as there is something.
    func next(_ reader: Reader) {
        let (result, suspended) = state.withLock { state -> (Result<[UInt8]?, HTTPBodyError>?, SuspendedConnection?) in
            guard !state.buffer.isEmpty else {
                switch state.end {
                case .success?: return (.success(nil), nil)
                case .failure(let error)?: return (.failure(error), nil)
                case nil:
                    state.reader = reader
                    return (nil, nil)
                }
            }
            let octets = state.buffer
            state.buffer = []
            let suspended = state.suspended
            state.suspended = nil
            return (.success(octets), suspended)
        }
        if let suspended { thread.resume(suspended) }
        if let result { reader.resume(returning: result) }
    }

    private func end(_ end: Result<Void, HTTPBodyError>) {
        let (reader, suspended) = state.withLock { state -> (Reader?, SuspendedConnection?) in
            guard state.end == nil else { return (nil, nil) }
            // What came of a body that is not whole is of no use.
            if case .failure = end { state.buffer = [] }
            state.end = end
            let waiting = (state.reader, state.suspended)
            state.reader = nil
            state.suspended = nil
            return waiting
        }
        if let suspended { thread.resume(suspended) }
        reader?.resume(returning: end.map { nil })
    }
}
