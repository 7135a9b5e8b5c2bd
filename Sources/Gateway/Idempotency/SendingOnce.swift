internal import HTTPServer
internal import Logging

/// Sends what has a key once, however often it is asked for.
struct SendingOnce: Sendable {
    let store: any IdempotencyStore
    let logger: Logger

    /// The answer of a first request, or what is answered to a further one.
    ///
    /// - Parameter mayBegin: whether the message may be sent now; asked only if nothing is known under the key, and the key
    ///   stays free if not.
    func answer(
        under key: IdempotencyKey, _ message: MessageFingerprint, _ context: RequestContext,
        if mayBegin: () throws(Problem) -> Void, _ send: () async -> MessageAnswer
    ) async -> MessageAnswer {
        let decision: IdempotencyDecision
        do {
            decision = try await store.begin(key, for: message)
        } catch {
            logger.error(
                "the store of Idempotency-Keys does not answer",
                metadata: ["request_id": "\(context.id)", "error": "\(error)"])
            return MessageAnswer(.idempotencyStoreUnavailable)
        }
        switch decision {
        case .begun:
            do throws(Problem) {
                try mayBegin()
            } catch {
                return await ended(MessageAnswer(error), key, context)
            }
            return await ended(await send(), key, context)
        case .inFlight: return MessageAnswer(.idempotencyKeyInFlight)
        case .otherMessage: return MessageAnswer(.idempotencyKeyReused)
        case .replay(let answer):
            logger.info("answered again under an Idempotency-Key", metadata: ["request_id": "\(context.id)"])
            return MessageAnswer(replaying: answer)
        }
    }

    private func ended(_ answer: MessageAnswer, _ key: IdempotencyKey, _ context: RequestContext) async -> MessageAnswer
    {
        do {
            try await store.end(key, keeping: answer.isFinal ? KeptAnswer(answer.response) : nil)
        } catch {
            logger.error(
                "an answer could not be kept under its Idempotency-Key: a further request may send the message again",
                metadata: ["request_id": "\(context.id)", "error": "\(error)"])
        }
        return answer
    }
}
