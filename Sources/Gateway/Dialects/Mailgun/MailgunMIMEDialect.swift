internal import HTTPServer
internal import MailAddress

/// The API of Mailgun: `POST /v3/{domain}/messages.mime`, a message that was written elsewhere.
struct MailgunMIMEDialect: MailgunResponses {
    let name = "mailgun-mime"
    let holdsOneMessage = false

    func read(_ request: MessageRequest) throws(Problem) -> Reading {
        let form = MailgunForm(request.parts, isWhole: true)
        let recipients = form.message.document.to.map(\.address)
        var errors = form.errors
        if recipients.isEmpty, errors.isEmpty { errors.add(FieldError("/to", "at least one recipient is needed")) }
        if !errors.isEmpty { throw .invalid(errors) }
        let envelope = QueryEnvelope(to: recipients, requiresTLS: form.message.document.requiresTLS)
        let (message, body) = try RawMessage.read(
            form.whole ?? [], envelope, domain: request.hostDomain, seed: request.seed)
        try checkDomain(request, of: message.authors ?? [])
        return Reading(
            .one(.raw(message, body: body)), isDryRun: form.isTest, notes: ReadingNotes(ignored: form.message.ignored))
    }
}
