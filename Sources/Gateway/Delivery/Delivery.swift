internal import InternetMessage
internal import MailAddress
internal import NIOCore
internal import PrometheusMetrics
internal import Records
internal import SMTP

/// Sends composed messages from one event loop: to the relay that the routes say, and to the next one as long as it is
/// certain that the message was not sent.
final class Delivery: Sendable {
    /// What the loop alone touches.
    private struct State {
        /// By the relay's name, which may be the same over reloads.
        var metrics: [String: MessageMetrics] = [:]
        /// Messages that wait for a relay's turn, each with the task that ends its wait.
        var pauses: [Int: (task: Scheduled<Void>, continuation: CheckedContinuation<Bool, Never>)] = [:]
        var nextPause = 0
        var hasShutDown = false
    }

    /// The loop that the messages are sent on.
    let loop: any EventLoop
    private let registry: MetricRegistry
    private let state: NIOLoopBoundBox<State>

    init(_ registry: MetricRegistry, on loop: any EventLoop) {
        self.loop = loop
        self.registry = registry
        state = NIOLoopBoundBox.makeBoxSendingValue(State(), eventLoop: loop)
    }

    /// The counters of all relays begin at 0: an alert sees the first message that fails, too.
    func countFromZero(_ relays: [Relay]) {
        loop.execute {
            for relay in relays { _ = self.metrics(of: relay) }
        }
    }

    /// Sends a small message that meets no trouble without a task. To be called on the loop. The message is told what became
    /// of its first transaction, for ``receipt(of:_:)`` or ``send(_:to:by:gate:trace:after:)``.
    ///
    /// - Returns: whether it is on its way. If not, nothing has happened, and it has to be sent by a task.
    func sendAtOnce(_ message: OutgoingMessage) -> Bool {
        guard let relay = message.relays.first, relay.admitsAll,
            message.content.count <= SMTPSessionPool.mostOctetsAtOnce
        else { return false }
        relay.pool.send(message, on: loop)
        return true
    }

    /// Returns the receipt of a message whose first transaction was all that it needed, and counts it; nil if it is to be sent
    /// on, to other recipients or another relay.
    func receipt(of message: OutgoingMessage, _ first: FirstTransaction) -> Receipt? {
        guard case .success(let taken) = first.result, taken.remaining.isEmpty else { return nil }
        let relay = message.relays[0]
        relay.answered()
        let receipt = Receipt(relay: relay.name, taken, first.times)
        metrics(of: relay).sent(receipt, bytes: message.content.count)
        return receipt
    }

    /// Opens, writes and closes one message. Recipients that the relay does not take in one transaction get it in
    /// further ones; the first reply is the receipt's. To be called on the loop.
    ///
    /// - Parameters:
    ///   - envelope: as it was prepared for the content.
    ///   - relays: the relays that may be asked, the first choice first.
    ///   - gate: what has to be passed before the end of the content goes out; nil for a message without an Idempotency-Key.
    ///   - trace: the span of the request, or nil if nobody traces.
    ///   - first: what became of the message's first transaction, if it had one already.
    func send(
        _ content: [UInt8], to envelope: Envelope, by relays: [Relay], gate: RecordGate? = nil, trace: MessageTrace?,
        after first: FirstTransaction? = nil
    ) async throws(DeliveryFailure) -> Receipt {
        var first = first
        let (receipt, metrics) = try await firstUsable(of: relays, isAdmitted: first != nil) {
            relay, wait throws(AttemptFailure) in
            let exchange = trace?.exchange(with: relay)
            let done = first
            first = nil
            do throws(AttemptFailure) {
                let receipt = try await self.transact(
                    content, envelope, gate, with: relay, waited: wait, after: done)
                exchange?.end(with: receipt)
                return (receipt, self.metrics(of: relay))
            } catch {
                if case .relay(let error) = error { exchange?.end(with: error) }
                throw error
            }
        }
        metrics.sent(receipt, bytes: content.count)
        return receipt
    }

    /// Opens a message whose content is yet to come, and is not kept unless the relay does not take all recipients in one
    /// transaction: another relay is asked only as long as the content has not begun. To be called on the loop.
    func open(
        _ envelope: Envelope, by relays: [Relay], trace: MessageTrace?
    ) async throws(DeliveryFailure) -> OpenMessage {
        let whole = envelope.splittable
        return try await firstUsable(of: relays) { relay, wait throws(AttemptFailure) in
            let begun = ContinuousClock.now
            let exchange = trace?.exchange(with: relay)
            do throws(SMTPError) {
                return try await self.open(whole, with: relay, waited: wait, since: begun, exchange)
            } catch {
                exchange?.end(with: error)
                throw .relay(error)
            }
        }
    }

    /// Opens a message with a relay. If that refused all whom it was told in one transaction, the others are still asked.
    private func open(
        _ envelope: Envelope, with relay: Relay, waited: Duration, since begun: ContinuousClock.Instant,
        _ exchange: ExchangeSpan?
    ) async throws(SMTPError) -> OpenMessage {
        var part = envelope
        var refused: [RejectedRecipient] = []
        while true {
            do throws(SMTPError) {
                let writer = try await relay.pool.open(part, generatesFields: false, on: loop)
                return OpenMessage(
                    writer, refused: refused, to: relay, waited: waited, since: begun, metrics: metrics(of: relay),
                    exchange: exchange
                ) { content, remaining, receipt in
                    var receipt = receipt
                    await self.sendOn(content, envelope, remaining, with: relay, &receipt)
                    return receipt
                }
            } catch {
                let untold = Self.untold(part.recipients, after: error)
                guard part.maySplit, !untold.isEmpty else { throw error.after(refusing: refused) }
                refused += error.rejected
                part = try part.for(untold)
            }
        }
    }

    /// Tries a message's relays in their order, as long as it is certain that it was not sent.
    ///
    /// - Parameters:
    ///   - isAdmitted: whether the first relay has admitted the message already.
    ///   - attempt: sends to a relay; the wait for its turn comes with it.
    private func firstUsable<Value: ~Copyable>(
        of relays: [Relay], isAdmitted: Bool = false,
        _ attempt: (Relay, Duration) async throws(AttemptFailure) -> Value
    ) async throws(DeliveryFailure) -> Value {
        var failure = DeliveryFailure.noRelay
        for (index, relay) in relays.enumerated() {
            do throws(DeliveryFailure) {
                return try await admitted(to: relay, isAdmitted: isAdmitted && index == 0, attempt)
            } catch {
                failure = error
                guard error.allowsFallback, index + 1 < relays.count else {
                    metrics(of: relay).failed(error)
                    throw error
                }
                metrics(of: relay).fellBack(error)
            }
        }
        // The plan has a relay for every message.
        throw failure
    }

    private func admitted<Value: ~Copyable>(
        to relay: Relay, isAdmitted: Bool, _ attempt: (Relay, Duration) async throws(AttemptFailure) -> Value
    ) async throws(DeliveryFailure) -> Value {
        switch isAdmitted ? .pass(after: .zero) : await relay.turn() {
        case .pass(let wait):
            if wait > .zero, await !pause(wait) { throw DeliveryFailure(relay.name, .shutdown) }
            do throws(AttemptFailure) {
                let value = try await attempt(relay, wait)
                relay.answered()
                return value
            } catch {
                switch error {
                case .relay(let error):
                    relay.ended(with: error)
                    throw DeliveryFailure(relay.name, .smtp(error))
                case .record(let error):
                    // The relay was ready for the content.
                    relay.answered()
                    throw DeliveryFailure(relay.name, .record(error))
                }
            }
        case .broken(let error, let time): throw DeliveryFailure(relay.name, .leftAlone(error, retryAfter: time))
        case .throttled(let time): throw DeliveryFailure(relay.name, .throttled(retryAfter: time))
        }
    }

    /// Sends a message, in further transactions too where the relay does not take all recipients in one. Where it refused
    /// those that it was told, the others are still asked.
    private func transact(
        _ content: [UInt8], _ envelope: Envelope, _ gate: RecordGate?, with relay: Relay, waited: Duration,
        after first: FirstTransaction?
    ) async throws(AttemptFailure) -> Receipt {
        var first = first
        var part = envelope
        var refused: [RejectedRecipient] = []
        while true {
            do throws(AttemptFailure) {
                let done = first
                first = nil
                var receipt = try await transactOnce(content, part, gate, with: relay, waited: waited, after: done)
                if !refused.isEmpty { receipt.rejected = refused + receipt.rejected }
                return receipt
            } catch {
                guard case .relay(let error) = error else { throw error }
                let untold = Self.untold(part.recipients, after: error)
                guard part.maySplit, !untold.isEmpty else { throw .relay(error.after(refusing: refused)) }
                refused += error.rejected
                do throws(SMTPError) { part = try part.for(untold) } catch { throw .relay(error) }
            }
        }
    }

    /// The recipients that a transaction has not come to, because all whom it named were refused.
    private static func untold(_ recipients: [AddrSpec], after error: SMTPError) -> [AddrSpec] {
        guard error.reason == .refused, error.stage == .rcpt, !error.rejected.isEmpty else { return [] }
        let answered = Set(error.rejected.map(\.address))
        return recipients.filter { !answered.contains($0) }
    }

    private func transactOnce(
        _ content: [UInt8], _ envelope: Envelope, _ gate: RecordGate?, with relay: Relay, waited: Duration,
        after first: FirstTransaction?
    ) async throws(AttemptFailure) -> Receipt {
        let taken: SMTPReceipt
        var times: TransactionTimes
        if let first {
            taken = try first.result.get()
            times = first.times
        } else {
            (taken, times) = try await transaction(content, envelope, gate, with: relay)
        }
        times.queue += waited
        var receipt = Receipt(relay: relay.name, taken, times)
        if !taken.remaining.isEmpty { await sendOn(content, envelope, taken.remaining, with: relay, &receipt) }
        return receipt
    }

    /// Sends a message in one transaction: opens it, passes its gate, and closes it.
    private func transaction(
        _ content: [UInt8], _ envelope: Envelope, _ gate: RecordGate?, with relay: Relay
    ) async throws(AttemptFailure) -> (SMTPReceipt, TransactionTimes) {
        let begun = ContinuousClock.now
        var message: SMTPMessageWriter
        do throws(SMTPError) {
            message = try await relay.pool.open(envelope, generatesFields: false, on: loop)
        } catch {
            throw .relay(error)
        }
        let opened = ContinuousClock.now
        var times = TransactionTimes()
        times.queue = message.waited
        times.envelope = max(.zero, opened - begun - message.waited)
        do throws(SMTPError) { try await message.write(content) } catch { throw .relay(error) }
        if let gate {
            // The writer has kept the end of the content. If the gate does not open, that never goes out.
            do throws(RecordStoreError) { try await gate.pass() } catch { throw .record(error) }
        }
        do throws(SMTPError) {
            let taken = try await message.finish()
            times.content = .now - opened
            return (taken, times)
        } catch {
            throw .relay(error)
        }
    }

    /// Sends a message to the recipients that are left over. The relay has taken it for others: no other relay is asked.
    ///
    /// Not inlined, as few messages come here, and all would keep the memory for it while they wait.
    @inline(never)
    private func sendOn(
        _ content: [UInt8], _ envelope: Envelope, _ recipients: [AddrSpec], with relay: Relay, _ receipt: inout Receipt
    ) async {
        var remaining = recipients
        // Each round answers for one recipient at least, or ends.
        while !remaining.isEmpty {
            do throws(SMTPError) {
                var message = try await relay.pool.open(envelope.for(remaining), generatesFields: false, on: loop)
                try await message.write(content)
                let next = try await message.finish()
                receipt.accepted += next.accepted
                receipt.rejected += next.rejected
                remaining = next.remaining
            } catch {
                receipt.rejected += error.rejected
                let untold = Self.untold(remaining, after: error)
                guard untold.isEmpty else {
                    remaining = untold
                    continue
                }
                let answered = Set(error.rejected.map(\.address))
                receipt.failed = remaining.filter { !answered.contains($0) }.map { ($0, error) }
                return
            }
        }
    }

    /// Waits for a relay's turn, on the loop.
    ///
    /// - Returns: false if the shutdown ended the wait.
    @inline(never)
    private func pause(_ time: Duration) async -> Bool {
        guard !state.value.hasShutDown else { return false }
        let number = state.value.nextPause
        state.value.nextPause += 1
        return await withCheckedContinuation { continuation in
            let task = loop.scheduleTask(in: TimeAmount(time)) {
                let pause = self.state.value.pauses.removeValue(forKey: number)
                pause?.continuation.resume(returning: true)
            }
            state.value.pauses[number] = (task, continuation)
        }
    }

    /// Ends the waits for the relays' turns, from any thread; those messages are not sent.
    func shutdown() {
        loop.execute {
            let pauses = self.state.value.pauses
            self.state.value.pauses = [:]
            self.state.value.hasShutDown = true
            for (_, pause) in pauses {
                pause.task.cancel()
                pause.continuation.resume(returning: false)
            }
        }
    }

    private func metrics(of relay: Relay) -> MessageMetrics {
        if let known = state.value.metrics[relay.name] { return known }
        let new = MessageMetrics(relay.name, registry)
        state.value.metrics[relay.name] = new
        return new
    }
}
