internal import Synchronization

/// The octets of a body between the server's thread, which brings them, and the one task that reads them.
///
/// What the reader has not taken is bounded: when there is enough of it the connection is not read any more, and the kernel
/// holds the client back. It goes on when the reader has taken what there is.
final class BodyStream: Sendable {
    typealias Reader = CheckedContinuation<Result<[UInt8]?, HTTPBodyError>, Never>

    private struct State {
        var buffer: [UInt8] = []
        /// Whether all of the body has come, or why it does not.
        var end: Result<Void, HTTPBodyError>?
        var reader: Reader?
        /// Whether the connection waits for room.
        var isHeldBack = false
    }

    /// Octets that wait for the reader before the connection is held back. One piece comes on top, of at most what is read
    /// at once.
    static let window = 64 * 1024

    private let client: ClientConnection
    private let thread: DaemonThread
    private let state = Mutex(State())

    init(of client: ClientConnection, on thread: DaemonThread) {
        self.client = client
        self.thread = thread
    }

    // MARK: On the server's thread

    /// Takes a piece if there is room for it. Otherwise the connection goes on when there is, and the piece is to be offered
    /// again.
    ///
    /// - Returns: whether it was taken.
    func offer(_ piece: UnsafeRawBufferPointer) -> Bool {
        let (isTaken, reader, octets) = state.withLock { state -> (Bool, Reader?, [UInt8]) in
            // Nobody wants the rest of a body that has been given up.
            guard state.end == nil else { return (true, nil, []) }
            if let reader = state.reader {
                state.reader = nil
                return unsafe (true, reader, Array(piece))
            }
            guard state.buffer.count < Self.window else {
                state.isHeldBack = true
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
        let (result, goesOn) = state.withLock { state -> (Result<[UInt8]?, HTTPBodyError>?, Bool) in
            guard !state.buffer.isEmpty else {
                switch state.end {
                case .success?: return (.success(nil), false)
                case .failure(let error)?: return (.failure(error), false)
                case nil:
                    state.reader = reader
                    return (nil, false)
                }
            }
            let octets = state.buffer
            state.buffer = []
            defer { state.isHeldBack = false }
            return (.success(octets), state.isHeldBack)
        }
        if goesOn { thread.goOn(client) }
        if let result { reader.resume(returning: result) }
    }

    private func end(_ end: Result<Void, HTTPBodyError>) {
        let (reader, goesOn) = state.withLock { state -> (Reader?, Bool) in
            guard state.end == nil else { return (nil, false) }
            // What came of a body that is not whole is of no use.
            if case .failure = end { state.buffer = [] }
            state.end = end
            defer {
                state.reader = nil
                state.isHeldBack = false
            }
            return (state.reader, state.isHeldBack)
        }
        if goesOn { thread.goOn(client) }
        reader?.resume(returning: end.map { nil })
    }
}
