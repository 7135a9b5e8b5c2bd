internal import InternetMessage
internal import MailAddress
internal import NIOCore
internal import Records
internal import SMTP

/// Sends composed messages from one event loop: to the relay that the routes say, and to the next one as long as it is
/// certain that the message was not sent.
final class Delivery: Sendable {
    /// What the loop alone touches.
    private struct State {
        var relays: RelaySet
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

    init(_ relays: RelaySet, _ registry: MetricRegistry, on loop: any EventLoop) {
        self.loop = loop
        self.registry = registry
        state = NIOLoopBoundBox.makeBoxSendingValue(State(relays: relays), eventLoop: loop)
        loop.execute { self.countFromZero() }
    }

    /// The counters of all relays begin at 0: an alert sees the first message that fails, too.
    private func countFromZero() {
        for relay in state.value.relays.relays { _ = metrics(of: relay) }
    }

    /// From the next message on other relays are used; those under way keep theirs.
    func replaceRelays(by relays: RelaySet) {
        loop.execute {
            self.state.value.relays = relays
            self.countFromZero()
        }
    }

    /// Opens, writes and closes one message. Recipients that the relay does not take in one transaction get it in
    /// further ones; the first reply is the receipt's. To be called on the loop.
    ///
    /// - Parameters:
    ///   - relays: the relays that the message was made for; nil if the routes say which they are.
    ///   - key: the name of the API key that the request carried, for the routes.
    ///   - gate: what has to be passed before the end of the content goes out; nil for a message without an Idempotency-Key.
    ///   - trace: the span of the request, or nil where nobody traces.
    func send(
        _ content: [UInt8], to envelope: Envelope, by relays: [Relay]?, key: String?, gate: RecordGate? = nil,
        trace: MessageTrace?
    ) async throws(DeliveryFailure) -> Receipt {
        var envelope = envelope
        // The last line is ended on the wire where it is open, and that counts (RFC 1870, section 4).
        envelope.size = content.count + (content.last == UInt8(ascii: "\n") ? 0 : 2)
        envelope.maySplit = envelope.recipientPolicy == .any && envelope.recipients.count > 1
        let (receipt, metrics) = try await firstUsable(of: relays, for: envelope, key: key) {
            relay, wait throws(AttemptFailure) in
            let exchange = trace?.exchange(with: relay)
            do throws(AttemptFailure) {
                let receipt = try await self.transact(content, envelope, gate, with: relay, waited: wait)
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
        _ envelope: Envelope, by relays: [Relay]?, key: String?, trace: MessageTrace?
    ) async throws(DeliveryFailure) -> OpenMessage {
        var envelope = envelope
        envelope.maySplit = envelope.recipientPolicy == .any && envelope.recipients.count > 1
        let whole = envelope
        return try await firstUsable(of: relays, for: envelope, key: key) { relay, wait throws(AttemptFailure) in
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
    /// - Parameter attempt: sends to a relay; the wait for its turn comes with it.
    private func firstUsable<Value: ~Copyable>(
        of relays: [Relay]?, for envelope: Envelope, key: String?,
        _ attempt: (Relay, Duration) async throws(AttemptFailure) -> Value
    ) async throws(DeliveryFailure) -> Value {
        let relays = relays ?? state.value.relays.relays(for: envelope, key: key)
        var failure = DeliveryFailure.noRelay
        for (index, relay) in relays.enumerated() {
            do throws(DeliveryFailure) {
                return try await admitted(to: relay, attempt)
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
        to relay: Relay, _ attempt: (Relay, Duration) async throws(AttemptFailure) -> Value
    ) async throws(DeliveryFailure) -> Value {
        let admission = if let admission = relay.admit() { admission } else { await relay.sharedTurn() }
        switch admission {
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
        _ content: [UInt8], _ envelope: Envelope, _ gate: RecordGate?, with relay: Relay, waited: Duration
    ) async throws(AttemptFailure) -> Receipt {
        var part = envelope
        var refused: [RejectedRecipient] = []
        while true {
            do throws(AttemptFailure) {
                var receipt = try await transactOnce(content, part, gate, with: relay, waited: waited)
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
        _ content: [UInt8], _ envelope: Envelope, _ gate: RecordGate?, with relay: Relay, waited: Duration
    ) async throws(AttemptFailure) -> Receipt {
        let begun = ContinuousClock.now
        var message: SMTPMessageWriter
        do throws(SMTPError) {
            message = try await relay.pool.open(envelope, generatesFields: false, on: loop)
        } catch {
            throw .relay(error)
        }
        let opened = ContinuousClock.now
        let queue = message.waited
        let first: SMTPReceipt
        do throws(SMTPError) { try await message.write(content) } catch { throw .relay(error) }
        if let gate {
            // The writer has kept the end of the content. If the gate does not open, that never goes out.
            do throws(RecordStoreError) { try await gate.pass() } catch { throw .record(error) }
        }
        do throws(SMTPError) { first = try await message.finish() } catch { throw .relay(error) }
        let times = Receipt.Times(
            queue: waited + queue, envelope: max(.zero, opened - begun - queue), content: .now - opened)
        var receipt = Receipt(
            relay: relay.name, reply: first.reply, accepted: first.accepted, rejected: first.rejected, times: times)
        if !first.remaining.isEmpty { await sendOn(content, envelope, first.remaining, with: relay, &receipt) }
        return receipt
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
