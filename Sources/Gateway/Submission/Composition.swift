internal import Foundation
internal import InternetMessage
internal import SMTP

/// A checked message in the form in which it is sent.
struct Composition {
    /// The message's id, with its angle brackets.
    let id: String
    let envelope: Envelope
    let content: [UInt8]

    /// Composes with an unguessable id and the time of now.
    ///
    /// - Throws: a ``Problem`` where the message cannot be composed.
    init(_ submission: Submission) throws(Problem) {
        var message = submission.message
        message.date = Int(Date().timeIntervalSince1970)
        let composed: ComposedMessage
        do {
            var random = SystemRandomNumberGenerator()
            composed = try Composer.compose(message, using: &random)
        } catch {
            throw .invalid([FieldError("", String(describing: error))])
        }
        var envelope = submission.envelope
        envelope.needsSMTPUTF8 = envelope.needsSMTPUTF8 || composed.needsSMTPUTF8
        id = composed.messageID
        content = composed.bytes
        self.envelope = envelope
    }
}
