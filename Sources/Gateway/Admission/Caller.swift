/// Who makes a request, as far as its key says, and what that key may do.
final class Caller: Sendable {
    /// The key's name; nil without a key.
    let name: String?
    /// The senders that are allowed; nil for any.
    let senders: [AddressPattern]?
    /// The recipients that are allowed; nil for any.
    let recipients: [AddressPattern]?
    /// Whether it may read metrics, and nothing else.
    let isForMetrics: Bool
    /// Counts messages; nil for as many as it likes.
    let limiter: RateLimiter?

    /// Who has a vendor's test key. Nothing is sent for it. No key of the settings can have this name.
    static let test = Caller(name: ":test", rules: KeyRules())

    init(name: String?, rules: KeyRules) {
        self.name = name
        senders = rules.senders
        recipients = rules.recipients
        isForMetrics = rules.isForMetrics
        limiter = rules.rate.map { RateLimiter($0) }
    }
}
