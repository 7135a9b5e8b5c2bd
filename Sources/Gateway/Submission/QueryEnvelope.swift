internal import HTTPServer
internal import InternetMessage
internal import MailAddress
internal import SMTP

/// What a query says of a message's envelope. What it does not say is taken from the header section of a raw message, and from
/// the document of another, whose own envelope goes before the query's.
struct QueryEnvelope {
    /// The reverse-path: `.some(nil)` is the null reverse-path, nil if none was given.
    private(set) var reversePath: AddrSpec??
    private(set) var recipients: [AddrSpec] = []
    private(set) var recipientPolicy: Envelope.RecipientPolicy?
    private(set) var requiresTLS: Bool?
    private(set) var errors: [FieldError] = []

    /// The recipients, or nil if none was given.
    var givenRecipients: [AddrSpec]? { recipients.isEmpty ? nil : recipients }

    /// What the query of a JSON document or a form says; nil if that is nothing, as it nearly always is.
    static func beside(_ query: HTTPQuery) -> QueryEnvelope? {
        query.parameters.isEmpty ? nil : QueryEnvelope(query)
    }

    /// Recipients that were given elsewhere than in a query.
    init(to recipients: [AddrSpec], requiresTLS: Bool?) {
        self.recipients = recipients
        self.requiresTLS = requiresTLS
    }

    init(_ query: HTTPQuery) {
        var index = 0
        for (name, value) in query.parameters {
            switch name {
            case "from": takeFrom(value)
            case "to":
                if let address = address(value, "/envelope/to/\(index)") { recipients.append(address) }
                index += 1
            case "recipient_policy":
                switch value {
                case "any": recipientPolicy = .any
                case "all": recipientPolicy = .all
                default: errors.append(FieldError("/recipient_policy", "this has to be any or all"))
                }
            case "require_tls":
                switch value {
                // By its name alone, too, as dry_run.
                case "true", "": requiresTLS = true
                case "false": requiresTLS = false
                default: errors.append(FieldError("/require_tls", "this has to be true or false"))
                }
            // The route has refused what is not known.
            default: continue
            }
        }
    }

    private mutating func takeFrom(_ value: String) {
        reversePath = .some(value.isEmpty ? nil : address(value, "/envelope/from"))
    }

    private mutating func address(_ text: String, _ pointer: String) -> AddrSpec? {
        do throws(AddressError) {
            return try Mailbox(parsing: text).address
        } catch {
            // In a query a plus sign is a space.
            let hint = text.contains(" ") ? "; a plus sign is written %2B in a query" : ""
            errors.append(FieldError(pointer, error.description + hint))
            return nil
        }
    }

    /// The envelope together with what the header section says.
    ///
    /// - Parameter errors: what is wrong with either is added.
    func envelope(_ section: HeaderSection, errors: inout [FieldError]) -> Envelope? {
        errors += self.errors
        var sender = reversePath
        if sender == nil {
            do throws(HeaderSectionError) {
                sender = .some(try section.sender())
            } catch {
                errors.append(FieldError(error))
            }
        }
        var recipients = recipients
        if recipients.isEmpty {
            do throws(HeaderSectionError) {
                recipients = try section.recipients()
                if recipients.isEmpty, self.errors.isEmpty {
                    let fields = section.isResent ? "Resent-To, Resent-Cc or Resent-Bcc" : "To, Cc or Bcc"
                    errors.append(
                        FieldError(
                            "/envelope/to",
                            "at least one recipient is needed: \(fields) in the message, or the query parameter to")
                    )
                }
            } catch {
                errors.append(FieldError(error))
            }
        }
        // Named twice, in To and Cc perhaps, a recipient gets the message once.
        var seen = Set<AddrSpec>()
        recipients.removeAll { !seen.insert($0).inserted }
        if recipients.count > Submission.maximumRecipients {
            errors.append(
                FieldError(
                    "/envelope/to",
                    "\(recipients.count) recipients are too many; \(Submission.maximumRecipients) is the most"))
        }
        guard errors.isEmpty, var envelope = try? Envelope(from: sender ?? nil, to: recipients) else { return nil }
        envelope.recipientPolicy = recipientPolicy ?? .any
        if requiresTLS == true {
            var extensions = MailExtensions()
            extensions.requiresTLS = true
            envelope.extensions = extensions
        }
        return envelope
    }
}

extension FieldError {
    /// What is wrong with a header section.
    init(_ error: HeaderSectionError) {
        self.init(error.field.map { "/headers/" + Self.escaped($0) } ?? "", error.description)
    }
}
