internal import Foundation
internal import InternetMessage
internal import JSON
internal import MailAddress
internal import SMTP

/// A checked message: what may be composed and sent.
///
/// It is an object because it goes through several hands, and a copy of all that a message holds costs more than the look
/// at it.
final class Submission: Sendable {
    /// Most recipients of one message: as many as Postfix takes in a transaction by default.
    static let maximumRecipients = 1000

    let envelope: Envelope
    let message: Message
    /// Whether the identifier is made of the seed in the form of a UUID.
    private let hasUUID: Bool

    /// Decodes and checks a JSON document.
    ///
    /// - Parameters:
    ///   - query: what the query says of the envelope; nil if it says nothing.
    ///   - defaultAuthor: the author if the document names none.
    /// - Throws: a ``Problem`` that names every bad member.
    convenience init(
        json body: [UInt8], _ query: QueryEnvelope? = nil, defaultAuthor: Mailbox? = nil
    ) throws(Problem) {
        let json = try JSONDocument(body: body)
        let document: MessageDocument
        do {
            document = try DocumentCursor.decode(MessageDocument.self, from: json)
        } catch {
            throw .invalid([
                FieldError(
                    "",
                    json.values[0].kind == .list
                        ? "the body is a JSON array; send several messages to POST /messages/batch, and one as an object"
                        : "the body has to be a JSON object")
            ])
        }
        try self.init(document, query, json.repeatedErrors, defaultAuthor: defaultAuthor)
    }

    /// - Parameters:
    ///   - query: what the query says of the envelope; what the document says goes before it.
    ///   - others: what else is wrong with the document.
    ///   - defaultAuthor: the author if the document names none.
    init(
        _ document: MessageDocument, _ query: QueryEnvelope? = nil, _ others: FieldErrors = FieldErrors(),
        defaultAuthor: Mailbox? = nil
    ) throws(Problem) {
        var errors = others
        if let query { errors.add(FieldErrors(query.errors)) }
        let author = document.isWithoutAuthor ? defaultAuthor : document.from
        if document.isWithoutAuthor, author == nil {
            errors.add(FieldError("/from", "the sender's address is needed"))
        }
        errors.add(document.errors)
        var fields: [HeaderField] = []
        for (name, value) in document.headers {
            do throws(HeaderError) {
                fields.append(try HeaderField(name: name, value: value))
            } catch {
                errors.add(FieldError("/headers/" + FieldError.escaped(name), error.description))
            }
        }
        var recipients = document.envelope?.recipients ?? query?.givenRecipients ?? document.recipients
        if recipients.isEmpty,
            !errors.listed.contains(where: { $0.pointer.hasPrefix("/to") || $0.pointer.hasPrefix("/envelope") })
        {
            errors.add(FieldError("/to", "at least one recipient is needed in to, cc, bcc or envelope"))
        }
        // Named twice, in to and cc perhaps, a recipient gets the message once.
        if recipients.count > 1 {
            var seen = Set<AddrSpec>()
            recipients.removeAll { !seen.insert($0).inserted }
        }
        if recipients.count > Self.maximumRecipients {
            errors.add(
                FieldError(
                    document.envelope?.recipients == nil ? "/to" : "/envelope/to",
                    "\(recipients.count) recipients are too many; \(Self.maximumRecipients) is the most"))
        }
        let message = Self.message(document, from: author, fields)
        for problem in message.problems where problem.field != "from" || author != nil {
            errors.add(
                FieldError(
                    Self.pointer(to: problem.field, in: message, places: document.places), problem.description))
        }
        guard errors.isEmpty, let from = author else { throw .invalid(errors) }
        do throws(SMTPError) {
            var envelope = try Envelope(
                from: document.envelope?.reversePath ?? query?.reversePath ?? from.address, to: recipients)
            envelope.recipientPolicy = document.recipientPolicy ?? query?.recipientPolicy ?? .any
            let requiresTLS = document.requiresTLS ?? query?.requiresTLS ?? false
            if requiresTLS || document.notification != nil {
                var extensions = MailExtensions()
                extensions.requiresTLS = requiresTLS
                extensions.notification = document.notification
                envelope.extensions = extensions
            }
            self.envelope = envelope
        } catch {
            throw .invalid([FieldError("/to", error.detail)])
        }
        hasUUID = document.hasUUID && message.messageID != nil
        self.message = message
    }

    /// The same message with another seed.
    init(_ submission: Submission, seed: MessageSeed) {
        envelope = submission.envelope
        hasUUID = submission.hasUUID
        var message = submission.message
        message.seed = seed
        if hasUUID { message.messageID = MessageID(uuid: seed, domain: message.from[0].address.domain) }
        self.message = message
    }

    /// The same message as the one mailbox that its relay takes: that becomes the author and the reverse-path, the display
    /// name stays, and answers go to the author that was given. The null reverse-path stays, as it names nobody.
    init(_ submission: Submission, as sender: AddrSpec) {
        var message = submission.message
        let author = message.from[0]
        if author.address != sender {
            let answersAreDirected =
                !message.replyTo.isEmpty || message.headers.contains { $0.name.lowercased() == "reply-to" }
            if !answersAreDirected { message.replyTo = [author] }
            // A name fits whatever the address.
            message.from = [(try? Mailbox(name: author.name, address: sender)) ?? author]
        }
        message.sender = nil
        message.headers.removeAll { $0.name.lowercased() == "sender" }
        self.message = message
        envelope = submission.envelope.reversePath == nil ? submission.envelope : submission.envelope.from(sender)
        hasUUID = submission.hasUUID
    }

    /// The same message with a field `traceparent`, unless it has one.
    init(_ submission: Submission, traceParent: String) {
        envelope = submission.envelope
        hasUUID = submission.hasUUID
        var message = submission.message
        if !message.headers.contains(where: { $0.name.lowercased() == "traceparent" }),
            let field = try? HeaderField(name: "traceparent", value: traceParent)
        {
            message.headers.append(field)
        }
        self.message = message
    }

    /// The message with the time of now and an unguessable id to come.
    private static func message(
        _ document: MessageDocument, from author: Mailbox?, _ fields: [HeaderField]
    ) -> Message {
        // Beside HTML an empty text would be another form of the same content, and the one that some readers show.
        let text = document.html != nil && document.text?.isEmpty == true ? nil : document.text
        let seed = MessageSeeds.shared.next()
        let messageID: MessageID? =
            if document.hasUUID, let author, !fields.contains(where: { $0.name.lowercased() == "message-id" }) {
                MessageID(uuid: seed, domain: author.address.domain)
            } else {
                nil
            }
        return Message(
            from: author.map { [$0] } ?? [], replyTo: document.replyTo, to: document.to, cc: document.cc,
            subject: document.subject, text: text, html: document.html, alternatives: document.alternatives,
            attachments: document.attachments, headers: fields,
            date: MessageDate(seconds: Int64(Date().timeIntervalSince1970)), messageID: messageID, seed: seed)
    }

    /// Where a property of a message stands in the JSON document.
    ///
    /// - Parameter places: the indexes in the document of what is in a list of the message, if these differ.
    static func pointer(to property: String, in message: Message, places: [String: [Int]] = [:]) -> String {
        var path = property.split(separator: "/").map(String.init)
        if path.count == 2, path[0] == "headers", let index = Int(path[1]), index < message.headers.count {
            return "/headers/" + FieldError.escaped(message.headers[index].name)
        }
        if path.count > 1, let places = places[path[0]], let index = Int(path[1]), index < places.count {
            path[1] = String(places[index])
        }
        let names = ["replyTo": "reply_to", "contentType": "content_type", "contentID": "content_id"]
        return path.map { "/" + (names[$0] ?? $0) }.joined()
    }
}
