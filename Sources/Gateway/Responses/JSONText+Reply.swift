internal import MailAddress
internal import SMTP

/// Values of a reply.
extension JSONText {
    mutating func member(_ name: Name, _ code: EnhancedStatusCode?) {
        self.name(name)
        guard let code else { return value(String?.none) }
        value(code)
    }

    /// A refused recipient with the reply to it.
    ///
    /// - Parameter text: the reply's text; nil for all of it.
    mutating func rejected(_ recipient: RejectedRecipient, text: String? = nil) {
        object { json in
            json.member("address", recipient.address.description)
            json.member(.code, recipient.reply.code)
            json.member(.enhancedCode, recipient.reply.enhancedCode)
            json.member(.text, text ?? recipient.reply.text)
            json.member("retryable", recipient.reply.isTransientNegative)
        }
    }

    /// A recipient whose own transaction failed: one of those that the relay did not take together with the others.
    mutating func rejected(_ address: AddrSpec, _ error: SMTPError) {
        object { json in
            json.member("address", address.description)
            json.member(.code, error.code)
            json.member(.enhancedCode, error.enhancedCode)
            json.member(.text, error.text ?? "\(error.stage.rawValue): \(error.detail)")
            json.member("retryable", error.isTransient)
            json.member("outcome", error.outcome.rawValue)
        }
    }
}
