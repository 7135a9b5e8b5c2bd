internal import HTTPServer
internal import Logging

/// Sends a message with an Idempotency-Key once, however often its request is repeated.
struct SendingOnce: Sendable {
    let store: any IdempotencyStore
    let logger: Logger

    /// The response to a first request, or what is said to a further one.
    ///
    /// - Parameter mayBegin: whether the message may be sent now; asked only if nothing is known under the key, and the key
    ///   stays free if not.
    func response(
        under key: IdempotencyKey, _ message: MessageFingerprint, _ context: MessageContext,
        if mayBegin: () throws(Problem) -> Void, _ send: () async -> MessageResponse
    ) async -> MessageResponse {
        let decision: IdempotencyDecision
        do {
            decision = try await store.begin(key, for: message)
        } catch {
            logger.error(
                "the store of Idempotency-Keys does not answer",
                metadata: ["request_id": "\(context.id)", "error": "\(error)"])
            return context.response(to: .failed(.idempotencyStoreUnavailable))
        }
        switch decision {
        case .begun:
            do throws(Problem) {
                try mayBegin()
            } catch {
                return await ended(context.response(to: .failed(error)), key, context)
            }
            return await ended(await send(), key, context)
        case .inFlight: return context.response(to: .failed(.idempotencyKeyInFlight))
        case .otherMessage: return context.response(to: .failed(.idempotencyKeyReused))
        case .replay(let answer):
            logger.info("answered again under an Idempotency-Key", metadata: ["request_id": "\(context.id)"])
            return MessageResponse(replaying: answer)
        }
    }

    private func ended(
        _ response: MessageResponse, _ key: IdempotencyKey, _ context: MessageContext
    ) async -> MessageResponse {
        do {
            try await store.end(key, keeping: response.isFinal ? KeptAnswer(response.response) : nil)
        } catch {
            logger.error(
                "an answer could not be kept under its Idempotency-Key: a further request may send the message again",
                metadata: ["request_id": "\(context.id)", "error": "\(error)"])
        }
        return response
    }
}
