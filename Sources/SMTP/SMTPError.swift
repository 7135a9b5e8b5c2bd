/// A failure of a session or of a transaction: what the server answered, at which stage, and what became of the message.
public struct SMTPError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of a failure. More may be added.
    public struct Reason: Hashable, Sendable, CustomStringConvertible {
        /// A short label without values in it, fit for a metric.
        public let description: String

        /// The server answered with a negative reply; `code` is present.
        public static let refused = Reason(description: "refused")
        /// No connection could be made.
        public static let unreachable = Reason(description: "unreachable")
        /// A deadline passed while the server was silent.
        public static let timedOut = Reason(description: "timed_out")
        /// The server, or something on the way, ended the connection.
        public static let connectionLost = Reason(description: "connection_lost")
        /// The server sent what the protocol does not allow.
        public static let protocolViolation = Reason(description: "protocol_violation")
        /// TLS could not be had: handshake, certificate, or not offered where it is required.
        public static let tls = Reason(description: "tls")
        /// AUTH could not be done with what the server offers.
        public static let authenticationUnavailable = Reason(description: "authentication_unavailable")
        /// The source of access tokens has none for now.
        public static let noAccessToken = Reason(description: "no_access_token")
        /// The source of access tokens will have none until somebody changes something.
        public static let accessTokenRefused = Reason(description: "access_token_refused")
        /// The message is larger than the server takes; nothing was sent.
        public static let messageTooLarge = Reason(description: "message_too_large")
        /// The message needs an extension that the server does not offer; nothing was sent.
        public static let unsupported = Reason(description: "unsupported")
        /// No session of the pool became free in time.
        public static let queueTimedOut = Reason(description: "queue_timed_out")
        /// The queue of the pool is full.
        public static let queueFull = Reason(description: "queue_full")
        /// The session or the pool was shut down, or the task was cancelled.
        public static let shutDown = Reason(description: "shut_down")
        /// The call does not fit the session's state or its arguments are not valid.
        public static let invalidUse = Reason(description: "invalid_use")
    }

    private final class Storage: Sendable, Hashable {
        let reason: Reason
        let stage: SMTPStage
        let outcome: SMTPOutcome
        let reply: Reply?
        let detail: String
        let rejected: [RejectedRecipient]
        let tlsFailure: TLSFailure?

        init(
            reason: Reason, stage: SMTPStage, outcome: SMTPOutcome, reply: Reply?, detail: String,
            rejected: [RejectedRecipient], tlsFailure: TLSFailure?
        ) {
            self.reason = reason
            self.stage = stage
            self.outcome = outcome
            self.reply = reply
            self.detail = detail
            self.rejected = rejected
            self.tlsFailure = tlsFailure
        }

        static func == (left: Storage, right: Storage) -> Bool {
            left.reason == right.reason && left.stage == right.stage && left.outcome == right.outcome
                && left.reply == right.reply && left.detail == right.detail && left.rejected == right.rejected
                && left.tlsFailure == right.tlsFailure
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(reason)
            hasher.combine(stage)
            hasher.combine(reply)
        }
    }

    // One reference, so that a result that holds an error is no larger than one that holds none.
    private let storage: Storage

    /// What kind of failure it is.
    public var reason: Reason { storage.reason }
    /// How far the session or the transaction had come.
    public var stage: SMTPStage { storage.stage }
    /// What is known about the message.
    public var outcome: SMTPOutcome { storage.outcome }
    /// The reply that refused, or nil if there was none.
    public var reply: Reply? { storage.reply }
    /// The reply's code, or nil if there was no reply.
    public var code: Int? { reply?.code }
    /// The reply's enhanced status code, or nil if there was none.
    public var enhancedCode: EnhancedStatusCode? { reply?.enhancedCode }
    /// The reply's text without codes, or nil if there was no reply.
    public var text: String? { reply?.text }
    /// What happened and what to do, for a person to read. It holds no secret.
    public var detail: String { storage.detail }
    /// The recipients that were refused before the transaction failed, each with its reply.
    public var rejected: [RejectedRecipient] { storage.rejected }

    /// What went wrong in TLS where the reason is `tls`, and otherwise nil.
    public var tlsFailure: TLSFailure? { storage.tlsFailure }

    /// Whether the same call may succeed later. Never where the outcome is unknown: the message could arrive twice.
    public var isTransient: Bool {
        if outcome == .unknown { return false }
        switch reason {
        case .refused: return reply?.isTransientNegative ?? false
        case .unreachable, .timedOut, .connectionLost, .queueTimedOut, .queueFull, .shutDown, .noAccessToken:
            return true
        default: return false
        }
    }

    /// Whether the message was refused by its session before anything of it was sent.
    var isRefusedLocally: Bool { reason == .messageTooLarge || reason == .unsupported }

    /// Stage and detail in one line.
    public var description: String { "\(stage.rawValue): \(detail)" }

    init(
        _ reason: Reason, stage: SMTPStage, outcome: SMTPOutcome = .notSent, reply: Reply? = nil, detail: String,
        rejected: [RejectedRecipient] = [], tlsFailure: TLSFailure? = nil
    ) {
        storage = Storage(
            reason: reason, stage: stage, outcome: outcome, reply: reply, detail: detail, rejected: rejected,
            tlsFailure: tlsFailure)
    }

    /// The same failure with recipients that were refused before, in an earlier transaction of the same message.
    public func after(refusing earlier: [RejectedRecipient]) -> SMTPError {
        guard !earlier.isEmpty else { return self }
        return SMTPError(
            reason, stage: stage, outcome: outcome, reply: reply, detail: detail, rejected: earlier + rejected,
            tlsFailure: tlsFailure)
    }

    /// The refusal that a negative reply is.
    static func refused(_ reply: Reply, at stage: SMTPStage, rejected: [RejectedRecipient] = []) -> SMTPError {
        SMTPError(
            .refused, stage: stage, reply: reply, detail: "the server answered \(reply)", rejected: rejected)
    }
}
