/// A mail transaction under way (RFC 5321, section 3.3): the envelope, and what its recipients want to happen.
struct Transaction: Equatable {
    let reversePath: String
    let parameters: [SandboxParameter]
    private(set) var recipients: [String] = []
    private(set) var recipientParameters: [[SandboxParameter]] = []
    /// How the content is answered; nil for the usual reply with the message's ID.
    private(set) var contentReply: SandboxReply?
    /// The connection ends without a final reply.
    private(set) var isDropped = false
    /// How long the final reply is held back.
    private(set) var delaySeconds = 0
    /// A chunk has come, so that neither RCPT nor DATA can (RFC 3030, section 2).
    var hasChunks = false

    init(reversePath: String, parameters: [SandboxParameter]) {
        self.reversePath = reversePath
        self.parameters = parameters
    }

    /// Whether MAIL announced addresses that are not ASCII (RFC 6531).
    var allowsUTF8: Bool { parameters.contains { $0.keyword == "SMTPUTF8" } }

    /// Adds a recipient as far as its rule lets it.
    mutating func add(_ forwardPath: String, _ parameters: [SandboxParameter]) -> SandboxReply {
        var reply = SandboxReply.recipientOk
        switch SandboxRules.rule(for: forwardPath) {
        case .accept: break
        case .answer(let asked):
            guard asked.isAcceptance else { return asked }
            reply = asked
        case .answerContent(let asked):
            // A refusal stays, whoever comes after it.
            if contentReply?.isAcceptance ?? true { contentReply = asked }
        case .drop: isDropped = true
        case .delay(let seconds): delaySeconds = max(delaySeconds, seconds)
        }
        recipients.append(forwardPath)
        recipientParameters.append(parameters)
        return reply
    }
}
