import Foundation
import RelayAccess
import Synchronization

/// A token endpoint without a network.
final class ScriptedEndpoint: TokenTransport {
    typealias Answer = Result<TokenResponse, TokenTransportError>

    private struct State {
        var forms: [[String: String]] = []
        var isHeld = false
        var held: [CheckedContinuation<Void, Never>] = []
        var open = 0
        var mostOpen = 0
        var shutdowns = 0
    }

    private let state = Mutex(State())
    private let answer: @Sendable (_ number: Int, _ form: [String: String]) -> Answer

    /// - Parameter answer: gives the answer to a request by its number, from 1, and its form.
    init(_ answer: @escaping @Sendable (_ number: Int, _ form: [String: String]) -> Answer) {
        self.answer = answer
    }

    /// The forms that came.
    var forms: [[String: String]] { state.withLock { $0.forms } }
    var count: Int { forms.count }
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

    func post(_ form: String, to url: TokenURL) async throws(TokenTransportError) -> TokenResponse {
        let fields = Self.fields(of: form)
        let number = state.withLock { state in
            state.forms.append(fields)
            state.open += 1
            state.mostOpen = max(state.mostOpen, state.open)
            return state.forms.count
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
        return try answer(number, fields).get()
    }

    func shutdown() async { state.withLock { $0.shutdowns += 1 } }

    static func fields(of form: String) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in form.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            fields[String(parts[0])] = String(parts[1]).removingPercentEncoding
        }
        return fields
    }
}

extension TokenResponse {
    /// An answer with a JSON body.
    static func json(_ body: String, status: Int = 200, retryAfter: String? = nil) -> TokenResponse {
        TokenResponse(status: status, retryAfter: retryAfter, body: Array(body.utf8))
    }

    /// A token in the form that Microsoft gives it.
    static func token(_ token: String, lifetime: Int = 3600, refreshToken: String? = nil) -> TokenResponse {
        let rest = refreshToken.map { #","refresh_token":"\#($0)""# } ?? ""
        return json(
            #"{"token_type":"Bearer","expires_in":\#(lifetime),"ext_expires_in":\#(lifetime),"access_token":"\#(token)"\#(rest)}"#
        )
    }
}

/// Waits until something holds that other tasks bring about.
///
/// - Returns: whether it came to hold.
func eventually(_ condition: () async throws -> Bool) async rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        await Task.yield()
    }
    return false
}
