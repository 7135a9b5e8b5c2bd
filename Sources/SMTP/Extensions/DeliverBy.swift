/// By when a message has to be delivered (RFC 2852).
public struct DeliverBy: Hashable, Sendable {
    /// What happens when the time is over (RFC 2852, section 4).
    public enum Mode: String, Hashable, Sendable {
        /// The message comes back.
        case `return` = "R"
        /// The sender is told, and the message stays on its way.
        case notify = "N"
    }

    /// The longest time in seconds that the RFC can express: nine digits.
    public static let maximumSeconds = 999_999_999

    /// The seconds that are left. For ``Mode/return`` at least 1; for ``Mode/notify`` they may be used up.
    public let seconds: Int
    /// What happens then.
    public let mode: Mode
    /// Whether each server on the way tells the sender that it passed the message on.
    public let traces: Bool

    /// A time for delivery.
    ///
    /// - Throws: ``SMTPError`` with the reason `invalidUse` where the seconds are out of range.
    public init(within seconds: Int, mode: Mode, traces: Bool = false) throws(SMTPError) {
        let least = mode == .return ? 1 : -Self.maximumSeconds
        guard (least...Self.maximumSeconds).contains(seconds) else {
            throw SMTPError(
                .invalidUse, stage: .mail,
                detail: "the time for delivery is \(seconds) s; it has to be from \(least) to \(Self.maximumSeconds)")
        }
        self.seconds = seconds
        self.mode = mode
        self.traces = traces
    }

    func problem(with capabilities: Capabilities) -> String? {
        guard let least = capabilities.deliverBy else {
            return "a time for delivery is asked for and the server does not offer DELIVERBY; leave it out"
        }
        return mode == .return && seconds < least
            ? "the time for delivery is \(seconds) s and the server takes \(least) s at least" : nil
    }

    /// The value of BY.
    var value: String { "\(seconds);\(mode.rawValue)\(traces ? "T" : "")" }
}
