internal import InternetMessage
internal import MailAddress
internal import SMTP

/// A message that was read and checked, and is not yet composed.
enum Draft {
    /// One that is made of its fields.
    case fields(Submission)
    /// One that was written elsewhere. Indirect, so that a draft stays one pointer wide.
    indirect case raw(RawMessage, body: ArraySlice<UInt8>)

    /// The envelope that the client wrote, or wrote the addresses of.
    var envelope: Envelope {
        switch self {
        case .fields(let submission): submission.envelope
        case .raw(let message, _): message.envelope
        }
    }

    /// The same message as the one mailbox that its relay takes.
    ///
    /// - Throws: a ``Problem`` if that would break the message.
    func sent(as sender: AddrSpec) throws(Problem) -> Draft {
        switch self {
        case .fields(let submission): return .fields(Submission(submission, as: sender))
        case .raw(var message, let body):
            try message.send(as: sender)
            return .raw(message, body: body)
        }
    }

    /// The same message with the trace of its request, unless it names one itself. A message that was written elsewhere stays
    /// as it is.
    ///
    /// - Parameter parent: the field `traceparent` (W3C Trace Context, section 3.2).
    func traced(_ parent: String) -> Draft {
        switch self {
        case .fields(let submission): .fields(Submission(submission, traceParent: parent))
        case .raw: self
        }
    }

    /// The message in the form in which it is sent, signed if there is a key for its author's domain.
    ///
    /// - Parameter seed: what the identifier is made of, in place of random bits. That of a raw message stands already.
    /// - Throws: a ``Problem`` if the fields cannot stand together.
    func composed(seed: MessageSeed?, signer: DKIMSigner?) throws(Problem) -> Composition {
        switch self {
        case .fields(let submission):
            try Composition(seed.map { Submission(submission, seed: $0) } ?? submission, signer: signer)
        case .raw(let message, let body): message.composed(with: body)
        }
    }
}
