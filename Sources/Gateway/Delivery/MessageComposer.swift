internal import InternetMessage
internal import Records
internal import SMTP

/// Composes messages that their caller may send.
struct MessageComposer: Sendable {
    /// Signs messages; nil if there is no key.
    private let signer: DKIMSigner?
    /// The most octets of all messages of one request, which may share an attachment.
    private let maximumOctets: Int
    /// Whether messages carry the trace of their request.
    private let tracesMessages: Bool
    private let records: any RecordStore
    /// The least such limit: the header sections of a thousand small messages fit.
    private static let leastMaximumOctets = 4 * 1024 * 1024

    /// - Parameter maximumMessageBytes: the most octets of a request's body.
    init(signer: DKIMSigner?, maximumMessageBytes: Int, tracesMessages: Bool, records: any RecordStore) {
        self.signer = signer
        self.tracesMessages = tracesMessages
        self.records = records
        maximumOctets = max(Self.leastMaximumOctets, 4 * maximumMessageBytes)
    }

    /// What the identifier of a message with an Idempotency-Key is made of: it is the same whenever, and on whichever
    /// instance, the message is composed. Nil if there is no key.
    ///
    /// - Throws: a ``Problem`` with 503 if the store has never been reached.
    func seed(_ key: IdempotencyKey?) throws(Problem) -> MessageSeed? {
        guard let key else { return nil }
        guard let secret = records.secret else { throw .idempotencyStoreUnavailable }
        let (high, low) = secret.seed(of: key.record)
        return MessageSeed(high: high, low: low)
    }

    /// Checks and composes a message.
    ///
    /// - Parameter seed: what ``seed(_:)`` returned for the request.
    /// - Throws: a ``Problem`` if the caller may not send it, or its fields conflict.
    func compose(
        _ draft: Draft, seed: MessageSeed?, _ context: MessageContext, isDryRun: Bool
    ) throws(Problem) -> Composition {
        let admitted = context.admitted
        try admitted.check(draft)
        // Most have counted at admission.
        if !admitted.dialect.holdsOneMessage, !isDryRun, admitted.idempotencyKey == nil {
            try admitted.takeMessages(1)
        }
        return try composed(draft, seed: seed, context)
    }

    /// Composes a message that its caller may send, as the one mailbox that its relay takes, if that takes one only.
    private func composed(
        _ draft: Draft, seed: MessageSeed?, _ context: MessageContext
    ) throws(Problem) -> Composition {
        let draft = if tracesMessages, let trace = context.trace?.text { draft.traced(trace) } else { draft }
        guard let (sender, relays) = context.admitted.sender(for: draft.envelope) else {
            return try draft.composed(seed: seed, signer: signer)
        }
        var composed = try draft.sent(as: sender).composed(seed: seed, signer: signer)
        composed.relays = relays
        return composed
    }

    /// Checks and composes several messages.
    ///
    /// - Throws: a ``Problem`` if they are larger together than one request may be, or if one keeps all from being sent.
    func compose(
        _ drafts: [Result<Draft, Problem>], _ policy: BatchPolicy, _ context: MessageContext, isDryRun: Bool
    ) throws(Problem) -> [Result<Composition, Problem>] {
        let admitted = context.admitted
        // Under a key only those count that have not been sent before.
        let counts = !isDryRun && admitted.idempotencyKey == nil
        var messages: [Result<Composition, Problem>] = []
        messages.reserveCapacity(drafts.count)
        var octets = 0
        for (index, draft) in drafts.enumerated() {
            let message = Result { () throws(Problem) in
                let draft = try draft.get()
                try admitted.check(draft)
                if counts, policy != .allValid { try admitted.takeMessages(1) }
                return try composed(draft, seed: seed(admitted.idempotencyKey?.at(index)), context)
            }
            switch message {
            case .success(let composed): octets += composed.content.count
            case .failure(let problem) where policy == .allValid: throw problem.under(String(index))
            case .failure: break
            }
            guard octets <= maximumOctets else { throw .tooManyOctets(limit: maximumOctets) }
            messages.append(message)
        }
        if counts, policy == .allValid { try admitted.takeMessages(messages.count) }
        return messages
    }
}
