internal import HTTPServer
internal import NIOCore
internal import Records
internal import SMTP
internal import Synchronization

/// Takes composed messages from the HTTP server's threads to the loops on which the sessions live, and responds with what
/// becomes of them.
final class MessageSender: Sendable {
    private let once: SendingOnce
    private let inboxes: [LoopInbox]
    private let log: MessageLog
    private let room: Room
    /// The domain of an identifier if nobody who sends the message has one.
    private let hostDomain: String
    private let nextLoop = Atomic<Int>(0)
    private let isEnding = Atomic<Bool>(false)

    /// - Parameters:
    ///   - deliveries: one for each loop.
    ///   - hostDomain: the domain of an identifier if nobody who sends the message has one.
    init(
        _ deliveries: [Delivery], records store: any RecordStore, _ room: Room, hostDomain: String,
        log: MessageLog
    ) {
        once = SendingOnce(store: store, logger: log.logger)
        self.room = room
        self.log = log
        self.hostDomain = hostDomain
        inboxes = deliveries.map { LoopInbox($0) }
    }

    /// Runs batches and pages, on the first loop.
    var executor: HTTPTaskExecutor { inboxes[0].executor }

    // MARK: Requests

    /// Sends a message and responds to its request.
    func send(_ composed: Composition, _ context: MessageContext, _ responder: HTTPResponder) {
        begin(composed, gate: nil, context, responder)
    }

    /// Sends a message, unless that was done under its key, and responds to its request.
    func send(
        _ composed: Composition, once key: IdempotencyKey, _ fingerprint: MessageFingerprint,
        _ context: MessageContext, _ responder: HTTPResponder
    ) {
        begin(composed, gate: once.gate(key, fingerprint), context, responder)
    }

    /// Sends a raw message while it arrives, and responds to its request.
    func send(_ request: HTTPStreamedRequest, _ context: MessageContext, _ responder: HTTPResponder) {
        room.enter()
        let inbox = nextInbox()
        inbox.add(
            .task {
                Task.immediate(executorPreference: inbox.executor) {
                    let response = await self.response(to: request, context, from: inbox.delivery)
                    self.respond(responder, response, context, from: inbox)
                }
            })
    }

    /// Sends several messages, or what of them has not been sent under their key, and responds to its request.
    func send(
        _ messages: [Result<Composition, Problem>], _ policy: BatchPolicy,
        once key: (IdempotencyKey, MessageFingerprint)?, _ context: MessageContext,
        _ responder: HTTPResponder
    ) {
        let batch = Batch(messages: messages, policy: policy)
        Task(executorPreference: executor) {
            guard let (key, fingerprint) = key else {
                let response = await batch.send(context) { await self.send($0, context.at($1)) }
                responder.respond(context.answered(with: response.response))
                return
            }
            // Whether there is room is decided once, for all messages together. What was sent under the key before needs none, and
            // does not count against the caller's rate again.
            let room = Result { () throws(Problem) in try context.admitted.checkRoom(isCounted: false) }
            let isDue = { @Sendable () throws(Problem) in
                try room.get()
                try context.admitted.takeMessages(1)
            }
            // The batch as a whole sends nothing: its messages have keys of their own, and pass the gate each.
            let response = await self.once.response(under: key, fingerprint, id: nil, context, if: {}) { _ in
                await batch.send(context) { composed, index in
                    await self.once.response(
                        under: key.at(index), fingerprint, id: composed.id, context.at(index), if: isDue
                    ) { await self.send(composed, context.at(index), gate: $0) }
                }
            }
            responder.respond(context.answered(with: response.response))
        }
    }

    /// Hands over what one turn of the HTTP server brought.
    func handOver() {
        for inbox in inboxes { inbox.handOver() }
    }

    // MARK: The configuration and the end

    /// The counters of all relays begin at 0.
    func countFromZero(_ relays: RelaySet) {
        for inbox in inboxes { inbox.delivery.countFromZero(relays.relays) }
    }

    /// The sessions with the relays end: what waits for a relay's turn does not wait any longer.
    func shutdown() {
        isEnding.store(true, ordering: .relaxed)
        for inbox in inboxes { inbox.delivery.shutdown() }
    }

    // MARK: One message

    /// Takes a message to one of the loops.
    private func begin(
        _ composed: Composition, gate: RecordGate?, _ context: MessageContext, _ responder: HTTPResponder
    ) {
        room.enter()
        let inbox = nextInbox()
        inbox.add(
            .message(
                OutgoingMessage(
                    composed, by: relays(for: composed, context), context, responder, gate: gate, sender: self,
                    inbox: inbox)))
    }

    /// Begins to send a message, unless that was done under its key. On its loop.
    func begin(_ message: OutgoingMessage) {
        guard let gate = message.gate else {
            sendAtOnce(message)
            return
        }
        let claimed = gate.claim { [self] result in
            message.inbox.handOverNow(.task { self.claimed(message, gate, result) })
        }
        if let claimed { self.claimed(message, gate, claimed) }
    }

    /// Sends a message if its key is claimed for it now, or else says what is known under the key.
    private func claimed(
        _ message: OutgoingMessage, _ gate: RecordGate, _ claimed: Result<RecordDecision, RecordStoreError>
    ) {
        let context = message.context
        if let known = once.response(to: claimed, id: message.id, context) {
            respond(message, known)
            return
        }
        do throws(Problem) {
            try checkMayBegin(context)
            sendAtOnce(message)
        } catch {
            respond(message, context.response(to: .failed(error)), ending: gate, as: .free)
        }
    }

    /// Checks whether a message may be sent, if nothing is known under its key.
    private func checkMayBegin(_ context: MessageContext) throws(Problem) {
        try context.admitted.checkRoom(isCounted: true)
        try context.admitted.takeMessages(1)
    }

    /// Sends a message without a task as long as it meets no trouble, which nearly all do.
    private func sendAtOnce(_ message: OutgoingMessage) {
        // The span of the exchange with a relay begins and ends in a task.
        if message.context.isTraced || !message.inbox.delivery.sendAtOnce(message) { sendOn(message, after: nil) }
    }

    /// Responds for a message whose first transaction is over, or sends it on.
    func completed(_ message: OutgoingMessage, _ first: FirstTransaction) {
        guard let receipt = message.inbox.delivery.receipt(of: message, first) else {
            sendOn(message, after: first)
            return
        }
        storeAndRespond(message, accepted(message, receipt))
    }

    /// Sends a message by a task, which can wait.
    @inline(never)
    private func sendOn(_ message: OutgoingMessage, after first: FirstTransaction?) {
        Task.immediate(executorPreference: message.inbox.executor) {
            let response: MessageResponse
            do throws(DeliveryFailure) {
                let receipt = try await message.inbox.delivery.send(
                    message.content, to: message.envelope, by: message.relays, gate: message.gate,
                    trace: message.context.trace(of: message.id), after: first)
                response = self.accepted(message, receipt)
            } catch {
                response = self.failed(message.id, message.envelope, error, message.context)
            }
            self.storeAndRespond(message, response)
        }
    }

    /// Stores what became of a message under its Idempotency-Key, if it has one, and responds to its request.
    private func storeAndRespond(_ message: OutgoingMessage, _ response: MessageResponse) {
        guard let gate = message.gate else {
            respond(message, response)
            return
        }
        respond(message, response, ending: gate, as: RecordEnd(response))
    }

    private func respond(
        _ message: OutgoingMessage, _ response: MessageResponse, ending gate: RecordGate, as end: RecordEnd
    ) {
        let hasEnded = gate.end(as: end) { [self] in
            message.inbox.handOverNow(.task { self.respond(message, response) })
        }
        if hasEnded { respond(message, response) }
    }

    private func respond(_ message: OutgoingMessage, _ response: MessageResponse) {
        respond(message.responder, response, message.context, from: message.inbox)
    }

    private func accepted(_ message: OutgoingMessage, _ receipt: Receipt) -> MessageResponse {
        log.accepted(message.id, message.envelope, octets: message.content.count, receipt, message.context)
        return message.context.response(to: .accepted(id: message.id, receipt))
    }

    private func respond(
        _ responder: HTTPResponder, _ response: MessageResponse, _ context: MessageContext, from inbox: LoopInbox
    ) {
        inbox.respond(responder, context.answered(with: response.response))
        room.leave()
    }

    /// The relays that a message was made for, or else those that the routes of its request's time say.
    private func relays(for composed: Composition, _ context: MessageContext) -> [Relay] {
        composed.relays ?? context.admitted.relays(for: composed.envelope)
    }

    /// Sends a message of a batch on one of the loops.
    private func send(
        _ composed: Composition, _ context: MessageContext, gate: RecordGate? = nil
    ) async -> MessageResponse {
        room.enter()
        defer { room.leave() }
        let inbox = nextInbox()
        return await withTaskExecutorPreference(inbox.executor) {
            await self.response(to: composed, gate: gate, context, from: inbox.delivery)
        }
    }

    private func nextInbox() -> LoopInbox {
        let turn = nextLoop.wrappingAdd(1, ordering: .relaxed).oldValue
        return inboxes[Int(UInt(bitPattern: turn) % UInt(inboxes.count))]
    }

    private func response(
        to composed: Composition, gate: RecordGate? = nil, _ context: MessageContext, from delivery: Delivery
    ) async -> MessageResponse {
        do throws(DeliveryFailure) {
            let receipt = try await delivery.send(
                composed.content, to: composed.envelope.prepared(for: composed.content),
                by: relays(for: composed, context), gate: gate, trace: context.trace(of: composed.id))
            log.accepted(composed.id, composed.envelope, octets: composed.content.count, receipt, context)
            return context.response(to: .accepted(id: composed.id, receipt))
        } catch {
            return failed(composed.id, composed.envelope, error, context)
        }
    }

    /// Not inlined: what it keeps while it waits is not to be kept for other messages.
    @inline(never)
    private func response(
        to request: HTTPStreamedRequest, _ context: MessageContext, from delivery: Delivery
    ) async -> MessageResponse {
        var upload: RawUpload
        let relays: [Relay]
        do throws(Problem) {
            upload = try await RawUpload(request, domain: hostDomain)
            try context.admitted.access.check(upload.message.authors, upload.message.envelope, of: context.caller)
            if let sender = context.admitted.sender(for: upload.message.envelope) {
                try upload.send(as: sender.address)
                relays = sender.relays
            } else {
                relays = context.admitted.relays(for: upload.message.envelope)
            }
        } catch {
            log.invalid(error, context)
            return context.response(to: .failed(error))
        }
        let message = upload.message
        do throws(RawUpload.Failure) {
            let (receipt, octets) = try await upload.send(
                from: delivery, by: relays, trace: context.trace(of: message.id))
            log.accepted(message.id, message.envelope, octets: octets, receipt, context)
            return context.response(to: .accepted(id: message.id, receipt))
        } catch {
            switch error {
            case .relay(let failure): return failed(message.id, message.envelope, failure, context)
            case .upload(let problem):
                log.abandoned(message.id, problem, context)
                return context.response(to: .failed(problem))
            }
        }
    }

    private func failed(
        _ id: String, _ envelope: Envelope, _ failure: DeliveryFailure, _ context: MessageContext
    ) -> MessageResponse {
        let problem = problem(failure)
        log.failed(id, envelope, problem, failure, context)
        return context.response(to: .failed(problem))
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
}
