import NIOCore
import Synchronization

@testable import OTLP

/// A collector without a network.
final class ScriptedCollector: OTLPTransport {
    typealias Answer = Result<OTLPResponse, OTLPTransportError>

    private struct State {
        var requests: [DecodedRequest] = []
        var isHeld = false
        var held: [CheckedContinuation<Void, Never>] = []
        var open = 0
        var mostOpen = 0
        var shutdowns = 0
    }

    private let state = Mutex(State())
    private let answer: @Sendable (_ number: Int) -> Answer

    /// - Parameter answer: gives the answer to a request by its number, from 1.
    init(_ answer: @escaping @Sendable (_ number: Int) -> Answer = { _ in .success(OTLPResponse(status: 200)) }) {
        self.answer = answer
    }

    /// The requests that came.
    var requests: [DecodedRequest] { state.withLock { $0.requests } }
    /// The names of the spans of each request.
    var names: [[String]] { requests.map { $0.spans.map(\.name) } }
    /// The most requests that were open at once.
    var mostOpen: Int { state.withLock { $0.mostOpen } }
    var shutdowns: Int { state.withLock { $0.shutdowns } }

    /// Leaves requests without an answer from now on.
    func hold() { state.withLock { $0.isHeld = true } }

    /// Answers what waits, and what comes.
    func release() {
        let held = state.withLock { state in
            state.isHeld = false
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    func post(_ body: ByteBuffer) async throws(OTLPTransportError) -> OTLPResponse {
        guard let request = try? DecodedRequest(Array(body.readableBytesView)) else { throw .unreachable("no JSON") }
        let number = state.withLock { state in
            state.requests.append(request)
            state.open += 1
            state.mostOpen = max(state.mostOpen, state.open)
            return state.requests.count
        }
        defer { state.withLock { $0.open -= 1 } }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    if state.isHeld, !Task.isCancelled { state.held.append(continuation) }
                    return state.isHeld && !Task.isCancelled
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            release()
        }
        if Task.isCancelled { throw .cancelled }
        return try answer(number).get()
    }

    func shutdown() async { state.withLock { $0.shutdowns += 1 } }
}
