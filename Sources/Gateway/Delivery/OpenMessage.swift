internal import SMTP

/// A message that is open at a relay and takes its content piece by piece.
struct OpenMessage: ~Copyable {
    private let relay: Relay
    private let metrics: MessageMetrics
    private let queue: Duration
    private let envelope: Duration
    private let opened: ContinuousClock.Instant
    /// Nil where nobody traces. Where the message is dropped, it ends by itself.
    private let exchange: ExchangeSpan?
    private var writer: SMTPMessageWriter

    /// - Parameters:
    ///   - waited: how long the message waited for the relay's turn.
    ///   - begun: when a session was asked for.
    init(
        _ writer: consuming SMTPMessageWriter, to relay: Relay, waited: Duration,
        since begun: ContinuousClock.Instant, metrics: MessageMetrics, exchange: ExchangeSpan?
    ) {
        opened = .now
        queue = waited + writer.waited
        envelope = max(.zero, opened - begun - writer.waited)
        self.relay = relay
        self.metrics = metrics
        self.exchange = exchange
        self.writer = writer
    }

    /// Whether the relay takes content that is not ASCII.
    var takesEightBit: Bool {
        get async { await writer.takesEightBit }
    }

    mutating func write(_ octets: [UInt8]) async throws(DeliveryFailure) {
        do throws(SMTPError) {
            try await writer.write(octets)
        } catch {
            throw Self.failure(error, relay, metrics, exchange)
        }
    }

    /// Ends the message.
    ///
    /// - Parameter octets: how many were written.
    consuming func finish(octets: Int) async throws(DeliveryFailure) -> Delivery.Receipt {
        let (relay, metrics, queue, envelope, opened, exchange) = (relay, metrics, queue, envelope, opened, exchange)
        do throws(SMTPError) {
            let receipt = try await writer.finish()
            let times = Delivery.Times(queue: queue, envelope: envelope, content: .now - opened)
            let finished = Delivery.Receipt(
                relay: relay.name, reply: receipt.reply, accepted: receipt.accepted, rejected: receipt.rejected,
                times: times)
            metrics.sent(finished, bytes: octets)
            exchange?.end(with: finished)
            return finished
        } catch {
            throw Self.failure(error, relay, metrics, exchange)
        }
    }

    private static func failure(
        _ error: SMTPError, _ relay: Relay, _ metrics: MessageMetrics, _ exchange: ExchangeSpan?
    ) -> DeliveryFailure {
        relay.ended(with: error)
        exchange?.end(with: error)
        let failure = DeliveryFailure(relay.name, .smtp(error))
        metrics.failed(failure)
        return failure
    }
}
