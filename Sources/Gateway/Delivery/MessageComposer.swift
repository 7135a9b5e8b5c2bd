internal import InternetMessage
internal import SMTP

/// Composes messages that their caller may send.
struct MessageComposer: Sendable {
    /// Signs messages; nil if there is no key.
    private let signer: DKIMSigner?
    /// The most octets of all messages of one request, which may share an attachment.
    private let maximumOctets: Int
    /// The least such limit: the header sections of a thousand small messages fit.
    private static let leastMaximumOctets = 4 * 1024 * 1024

    /// - Parameter maximumMessageBytes: the most octets of a request's body.
    init(signer: DKIMSigner?, maximumMessageBytes: Int) {
        self.signer = signer
        maximumOctets = max(Self.leastMaximumOctets, 4 * maximumMessageBytes)
    }

    /// Checks and composes a message.
    ///
    /// - Throws: a ``Problem`` if the caller may not send it, or its fields conflict.
    func compose(_ draft: Draft, _ admitted: AdmittedRequest, isDryRun: Bool) throws(Problem) -> Composition {
        try admitted.check(draft)
        // Most have counted at admission.
        if !admitted.dialect.holdsOneMessage, !isDryRun, admitted.idempotencyKey == nil {
            try admitted.takeMessages(1)
        }
        return try draft.composed(signer: signer)
    }

    /// Checks and composes several messages.
    ///
    /// - Throws: a ``Problem`` if they are larger together than one request may be, or if one keeps all from being sent.
    func compose(
        _ drafts: [Result<Draft, Problem>], _ policy: BatchPolicy, _ admitted: AdmittedRequest, isDryRun: Bool
    ) throws(Problem) -> [Result<Composition, Problem>] {
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
                return try draft.composed(signer: signer)
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
