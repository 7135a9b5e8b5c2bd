internal import PrometheusMetrics
internal import SMTP

/// What is counted of the messages to one relay on one event loop, which alone counts here.
final class MessageMetrics: Sendable {
    private let accepted: Counter
    private let partiallyAccepted: Counter
    private let refused: Counter
    private let deferred: Counter
    private let notSent: Counter
    private let unknown: Counter
    private let bytes: Counter
    private let fallbacks: Counter
    private let queue: Histogram
    private let envelope: Histogram
    private let content: Histogram
    /// By stage, and the code's first digit from 2 to 5.
    private let replies: [SMTPStage: [Counter]]
    /// The reply that nearly all messages get.
    private let taken: Counter

    init(_ name: String, _ registry: MetricRegistry) {
        let relay = [(name: "relay", value: name)]
        func counter(_ family: CounterFamily, _ labels: [(name: String, value: String)] = []) -> Counter {
            registry.counter(family, MetricLabels(relay + labels))
        }
        accepted = counter(.messages, [("outcome", "accepted")])
        partiallyAccepted = counter(.messages, [("outcome", "partially_accepted")])
        refused = counter(.messages, [("outcome", "refused")])
        deferred = counter(.messages, [("outcome", "deferred")])
        notSent = counter(.messages, [("outcome", "not_sent")])
        unknown = counter(.messages, [("outcome", "unknown")])
        bytes = counter(.bytes)
        fallbacks = counter(.fallbacks)
        queue = registry.histogram(.queueTime, MetricLabels(relay))
        envelope = registry.histogram(.envelopeTime, MetricLabels(relay))
        content = registry.histogram(.contentTime, MetricLabels(relay))
        replies = Dictionary(
            uniqueKeysWithValues: SMTPStage.allCases.map { stage in
                (
                    stage,
                    ["2xx", "3xx", "4xx", "5xx"].map {
                        counter(.replies, [("stage", stage.rawValue), ("class", $0)])
                    }
                )
            })
        taken = replies[.content]?[0] ?? counter(.replies)
    }

    /// The relay took responsibility for a message.
    func sent(_ receipt: Receipt, bytes count: Int) {
        (receipt.rejected.isEmpty && receipt.failed.isEmpty ? accepted : partiallyAccepted).increment()
        bytes.increment(by: count)
        taken.increment()
        queue.record(nanoseconds: receipt.times.queue.nanoseconds)
        envelope.record(nanoseconds: receipt.times.envelope.nanoseconds)
        content.record(nanoseconds: receipt.times.content.nanoseconds)
    }

    /// A message was not sent to the relay, and is not going to be.
    func failed(_ failure: DeliveryFailure) {
        guard let error = failure.error else {
            notSent.increment()
            return
        }
        counter(of: error).increment()
        count(reply: error)
    }

    /// A message goes on to the next relay.
    func fellBack(_ failure: DeliveryFailure) {
        fallbacks.increment()
        if let error = failure.error { count(reply: error) }
    }

    private func counter(of error: SMTPError) -> Counter {
        switch error.messageOutcome {
        case .refused: refused
        case .deferred: deferred
        case .notSent: notSent
        case .unknown: unknown
        }
    }

    private func count(reply error: SMTPError) {
        guard let code = error.code, (200..<600).contains(code) else { return }
        replies[error.stage]?[code / 100 - 2].increment()
    }
}
