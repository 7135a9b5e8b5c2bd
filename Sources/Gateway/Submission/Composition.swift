internal import InternetMessage
internal import MailAddress
internal import SMTP

/// A checked message in the form in which it is sent.
struct Composition {
    /// The message's id, with its angle brackets.
    let id: String
    let envelope: Envelope
    let content: [UInt8]
    /// The relays that it was made for, if these take one sender only; nil if the envelope says which they are.
    var relays: [Relay]?

    /// A message that was written down already.
    init(id: String, envelope: Envelope, content: [UInt8]) {
        self.id = id
        self.envelope = envelope
        self.content = content
    }

    /// Composes the message, and signs it if there is a key for its author's domain.
    ///
    /// - Throws: a ``Problem`` where the fields cannot stand together.
    init(_ submission: Submission, signer: DKIMSigner? = nil) throws(Problem) {
        var composed: ComposedMessage
        do throws(CompositionError) {
            composed = try Composer.compose(submission.message, spareOctets: signer?.spareOctets ?? 0)
        } catch {
            throw .invalid([FieldError(Submission.pointer(to: error.field, in: submission.message), error.description)])
        }
        if let signer {
            do throws(DKIMError) {
                try signer.sign(&composed, from: submission.message.from[0].address, at: submission.message.date)
            } catch {
                throw .signing(error.description)
            }
        }
        var envelope = submission.envelope
        envelope.needsSMTPUTF8 = composed.needsSMTPUTF8
        if composed.isEightBit {
            // An attached message that holds octets above 127, and may not be encoded.
            var extensions = envelope.extensions ?? MailExtensions()
            extensions.body = .eightBitMIME
            envelope.extensions = extensions
        }
        id = composed.messageID.description
        content = composed.octets
        self.envelope = envelope
    }
}
