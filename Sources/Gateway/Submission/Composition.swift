internal import InternetMessage
internal import SMTP

/// A checked message in the form in which it is sent.
struct Composition {
    /// The message's id, with its angle brackets.
    let id: String
    let envelope: Envelope
    let content: [UInt8]

    /// A message that has been written already.
    init(id: String, envelope: Envelope, content: [UInt8]) {
        self.id = id
        self.envelope = envelope
        self.content = content
    }

    /// Composes the message.
    ///
    /// - Throws: a ``Problem`` where the fields cannot stand together.
    init(_ submission: Submission) throws(Problem) {
        let composed: ComposedMessage
        do throws(CompositionError) {
            composed = try Composer.compose(submission.message)
        } catch {
            throw .invalid([FieldError(Submission.pointer(to: error.field, in: submission.message), error.description)])
        }
        var envelope = submission.envelope
        envelope.needsSMTPUTF8 = envelope.needsSMTPUTF8 || composed.needsSMTPUTF8
        id = composed.messageID.description
        content = composed.octets
        self.envelope = envelope
    }
}
