internal import HTTPServer
internal import Logging
internal import Records

/// Sends a message with an Idempotency-Key once, however often its request is repeated.
struct SendingOnce: Sendable {
    let store: any RecordStore
    let logger: Logger

    /// The response to a first request, or what is said to a further one.
    ///
    /// - Parameters:
    ///   - id: the message's Message-ID; nil for a batch as a whole.
    ///   - mayBegin: whether the message may be sent now; asked only if nothing is known under the key, and the key
    ///     stays free if not.
    ///   - send: sends the message, which has to pass the gate before its end goes out.
    func response(
        under key: IdempotencyKey, _ message: MessageFingerprint, id: String?, _ context: MessageContext,
        if mayBegin: () throws(Problem) -> Void, _ send: (RecordGate) async -> MessageResponse
    ) async -> MessageResponse {
        let gate = gate(key, message)
        let claimed: Result<RecordDecision, RecordStoreError>
        do throws(RecordStoreError) {
            claimed = .success(try await store.claim(gate.key, for: message))
        } catch {
            claimed = .failure(error)
        }
        if let known = response(to: claimed, id: id, context) { return known }
        do throws(Problem) {
            try mayBegin()
        } catch {
            await store.end(gate.key, as: .free)
            return context.response(to: .failed(error))
        }
        let response = await send(gate)
        await store.end(gate.key, as: RecordEnd(response))
        return response
    }

    /// What a message under a key has to pass.
    func gate(_ key: IdempotencyKey, _ message: MessageFingerprint) -> RecordGate {
        RecordGate(store: store, key: key.record, message: message)
    }

    /// What a request gets whose message is not to be sent now; nil if it is.
    ///
    /// - Parameters:
    ///   - claimed: what the store said to the request.
    ///   - id: the message's Message-ID; nil for a batch as a whole.
    func response(
        to claimed: Result<RecordDecision, RecordStoreError>, id: String?, _ context: MessageContext
    ) -> MessageResponse? {
        let decision: RecordDecision
        do throws(RecordStoreError) { decision = try claimed.get() } catch {
            return context.response(to: .failed(Problem(error)))
        }
        switch decision {
        case .begun: return nil
        case .inFlight: return context.response(to: .failed(.idempotencyKeyInFlight))
        case .otherMessage: return context.response(to: .failed(.idempotencyKeyReused))
        case .replay(let kept):
            logger.info(
                "replayed the stored response for an Idempotency-Key", metadata: ["request_id": "\(context.id)"])
            return MessageResponse(replaying: HTTPResponse(kept))
        case .unknown:
            logger.warning(
                "a repeated request got the outcome unknown: the instance that sent the message stopped before it stored the result",
                metadata: ["request_id": "\(context.id)", "messaging.message.id": "\(id ?? "")"])
            return MessageResponse(replaying: context.response(to: .failed(.outcomeLost(id))).response)
        }
    }
}

extension RecordEnd {
    /// The end of an attempt that was made, by what its request gets.
    init(_ response: MessageResponse) {
        self = response.isFinal ? .done(KeptResponse(response.response)) : .open
    }
}
