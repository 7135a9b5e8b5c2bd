internal import HTTPServer
internal import NIOCore
internal import SMTP
internal import Synchronization

/// Takes composed messages from the HTTP server's threads to the loops on which the sessions live, and makes an answer
/// of what becomes of them.
final class Dispatch: Sendable {
    private let once: SendingOnce
    private let inboxes: [LoopInbox]
    private let log: MessageLog
    /// The domain of an identifier if nobody who sends the message has one.
    let domain: String
    private let nextLoop = Atomic<Int>(0)
    private let messages = Atomic<Int>(0)
    private let isEnding = Atomic<Bool>(false)

    /// - Parameters:
    ///   - deliveries: one for each loop.
    ///   - domain: that of an identifier if nobody who sends the message has one.
    init(_ deliveries: [Delivery], idempotency store: any IdempotencyStore, domain: String, log: MessageLog) {
        once = SendingOnce(store: store, logger: log.logger)
        self.log = log
        self.domain = domain
        inboxes = deliveries.map { LoopInbox($0) }
    }

    /// Messages that are under way.
    var inFlight: Int { messages.load(ordering: .relaxed) }

    /// Runs tasks that belong to no message.
    var executor: HTTPTaskExecutor { inboxes[0].executor }

    /// Sends a message and answers its request.
    func send(_ composed: Composition, _ context: RequestContext, _ responder: HTTPResponder) {
        let inbox = begin()
        inbox.add {
            Task.immediate(executorPreference: inbox.executor) {
                let answer = await self.answer(composed, context, from: inbox.delivery)
                inbox.answer(responder, context.answered(with: answer.response))
                self.end()
            }
        }
    }

    /// Sends a raw message while it arrives, and answers its request.
    ///
    /// - Parameter isAllowed: whether the caller may send it; throws the problem with it where not.
    func send(
        _ request: HTTPStreamedRequest, _ context: RequestContext, _ responder: HTTPResponder,
        isAllowed: @escaping @Sendable (RawMessage) throws(Problem) -> Void
    ) {
        let inbox = begin()
        inbox.add {
            Task.immediate(executorPreference: inbox.executor) {
                let answer = await self.answer(request, context, from: inbox.delivery, isAllowed)
                inbox.answer(responder, context.answered(with: answer))
                self.end()
            }
        }
    }

    /// Sends a message, unless that was done under its key, and answers its request.
    ///
    /// - Parameter hasRoom: whether the message may be sent now; asked only if nothing is known under the key.
    func send(
        _ composed: Composition, once key: IdempotencyKey, _ fingerprint: MessageFingerprint,
        _ context: RequestContext, _ responder: HTTPResponder,
        hasRoom: @escaping @Sendable () throws(Problem) -> Void
    ) {
        let inbox = begin()
        inbox.add {
            Task.immediate(executorPreference: inbox.executor) {
                let answer = await self.once.answer(under: key, fingerprint, context, if: hasRoom) {
                    await self.answer(composed, context, from: inbox.delivery)
                }
                inbox.answer(responder, context.answered(with: answer.response))
                self.end()
            }
        }
    }

    /// Sends a batch, or what of it has not been sent under its key, and answers its request.
    ///
    /// - Parameters:
    ///   - hasRoom: whether the batch may be sent now; asked only if nothing is known under its key.
    ///   - isDue: whether the caller may send one more message; asked for each that was not sent under the key.
    func send(
        _ batch: Batch, once key: (IdempotencyKey, MessageFingerprint)?, _ context: RequestContext,
        _ responder: HTTPResponder, hasRoom: @escaping @Sendable () throws(Problem) -> Void,
        isDue: @escaping @Sendable () throws(Problem) -> Void
    ) {
        Task(executorPreference: executor) {
            guard let (key, fingerprint) = key else {
                let answer = await batch.send { await self.send($0, context.at($1)) }
                responder.respond(context.answered(with: answer.response))
                return
            }
            let answer = await self.once.answer(under: key, fingerprint, context, if: hasRoom) {
                await batch.send { composed, index in
                    await self.once.answer(under: key.at(index), fingerprint, context.at(index), if: isDue) {
                        await self.send(composed, context.at(index))
                    }
                }
            }
            responder.respond(context.answered(with: answer.response))
        }
    }

    /// Sends a message on one of the loops.
    private func send(_ composed: Composition, _ context: RequestContext) async -> MessageAnswer {
        let inbox = begin()
        defer { end() }
        return await withTaskExecutorPreference(inbox.executor) {
            await self.answer(composed, context, from: inbox.delivery)
        }
    }

    /// Hands over what one turn of the HTTP server brought.
    func handOver() {
        for inbox in inboxes { inbox.handOver() }
    }

    private func begin() -> LoopInbox {
        messages.wrappingAdd(1, ordering: .relaxed)
        let turn = nextLoop.wrappingAdd(1, ordering: .relaxed).oldValue
        return inboxes[Int(UInt(bitPattern: turn) % UInt(inboxes.count))]
    }

    private func end() {
        messages.wrappingSubtract(1, ordering: .relaxed)
    }

    private func answer(
        _ composed: Composition, _ context: RequestContext, from delivery: Delivery
    ) async -> MessageAnswer {
        do throws(DeliveryFailure) {
            let receipt = try await delivery.send(
                composed.content, to: composed.envelope, key: context.caller.name, trace: context.trace(of: composed.id)
            )
            log.accepted(composed.id, composed.envelope, octets: composed.content.count, receipt, context)
            return MessageAnswer(Answer.accepted(id: composed.id, receipt), isFinal: true)
        } catch {
            let problem = problem(error)
            log.failed(composed.id, composed.envelope, problem, error, context)
            return MessageAnswer(problem)
        }
    }

    /// What the client is told of a failure. A message that the shutdown kept from being sent may go to another instance.
    private func problem(_ failure: DeliveryFailure) -> Problem {
        let problem = Problem(failure)
        guard problem.outcome == .notSent, problem.reply == nil, isEnding.load(ordering: .relaxed) else {
            return problem
        }
        var cutShort = Problem.draining
        cutShort.stage = problem.stage
        return cutShort
    }

    private func answer(
        _ request: HTTPStreamedRequest, _ context: RequestContext, from delivery: Delivery,
        _ isAllowed: @Sendable (RawMessage) throws(Problem) -> Void
    ) async -> HTTPResponse {
        var message: RawMessage?
        do throws(RawUpload.Failure) {
            let upload = try await RawUpload(request, domain: domain)
            do throws(Problem) {
                try isAllowed(upload.message)
            } catch {
                throw .message(error)
            }
            message = upload.message
            let (receipt, octets) = try await upload.send(
                by: delivery, key: context.caller.name, trace: context.trace(of: upload.message.id))
            log.accepted(upload.message.id, upload.message.envelope, octets: octets, receipt, context)
            return Answer.accepted(id: upload.message.id, receipt)
        } catch {
            switch (error, message) {
            case (.relay(let error), let message?):
                let problem = problem(error)
                log.failed(message.id, message.envelope, problem, error, context)
                return problem.response
            case (.relay(let error), nil): return problem(error).response
            case (.message(let problem), nil):
                log.invalid(problem, context)
                return problem.response
            case (.message(let problem), let message?):
                log.abandoned(message.id, problem, context)
                return problem.response
            case (.body(let error), let message):
                let problem = Problem(error)
                log.abandoned(message?.id, problem, context)
                return problem.response
            }
        }
    }

    /// The sessions with the relays end: what waits for a relay's turn does not wait any longer.
    func shutdown() {
        isEnding.store(true, ordering: .relaxed)
        for inbox in inboxes { inbox.delivery.shutdown() }
    }

    /// From the next message on other relays are used.
    func use(_ relays: RelaySet) {
        for inbox in inboxes { inbox.delivery.use(relays) }
    }
}
