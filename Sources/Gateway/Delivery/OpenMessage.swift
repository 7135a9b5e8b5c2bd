internal import MailAddress
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
    /// The recipients that the relay refused in transactions before this one.
    private let refused: [RejectedRecipient]
    /// Sends the content to the recipients that the relay did not take in this transaction; nil if there are none.
    private let sendOn: SendOn?
    /// The content, kept only if it has to be sent once more.
    private var kept: [UInt8] = []

    /// Sends a content to recipients in further transactions, and adds what became of them to a receipt.
    typealias SendOn = @Sendable ([UInt8], [AddrSpec], Receipt) async -> Receipt

    /// - Parameters:
    ///   - refused: the recipients that the relay refused in transactions before.
    ///   - waited: how long the message waited for the relay's turn.
    ///   - begun: when a session was asked for.
    ///   - sendOn: what sends the content to recipients that are left over.
    init(
        _ writer: consuming SMTPMessageWriter, refused: [RejectedRecipient], to relay: Relay, waited: Duration,
        since begun: ContinuousClock.Instant, metrics: MessageMetrics, exchange: ExchangeSpan?,
        sendOn: @escaping SendOn
    ) {
        self.refused = refused
        self.sendOn = writer.remaining.isEmpty ? nil : sendOn
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
        if sendOn != nil { kept += octets }
        do throws(SMTPError) {
            try await writer.write(octets)
        } catch {
            throw Self.failure(error, relay, metrics, exchange)
        }
    }

    /// Ends the message.
    ///
    /// - Parameter octets: how many were written.
    consuming func finish(octets: Int) async throws(DeliveryFailure) -> Receipt {
        let (relay, metrics, queue, envelope, opened, exchange) = (relay, metrics, queue, envelope, opened, exchange)
        let (sendOn, kept, refused) = (sendOn, kept, refused)
        do throws(SMTPError) {
            let receipt = try await writer.finish()
            let times = TransactionTimes(queue: queue, envelope: envelope, content: .now - opened)
            var finished = Receipt(relay: relay.name, receipt, times)
            finished.rejected = refused + receipt.rejected
            if let sendOn { finished = await sendOn(kept, receipt.remaining, finished) }
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
