internal import HTTPServer
internal import MailAddress

/// The API of Mailgun: `POST /v3/{domain}/messages`.
struct MailgunDialect: MailgunResponses {
    let name = "mailgun"
    let holdsOneMessage = false

    func read(_ request: MessageRequest) throws(Problem) -> Reading {
        let form = MailgunForm(request.parts, isWhole: false)
        if !form.errors.isEmpty { throw .invalid(form.errors) }
        try checkDomain(request, of: form.message.document.from.map { [$0.address] } ?? [])
        var drafts: [Result<Draft, Problem>] = []
        for message in form.messages { drafts.append(.success(try message.draft())) }
        return Reading(
            .several(drafts, .allValid), isDryRun: form.isTest,
            notes: ReadingNotes(ignored: form.message.ignored))
    }
}
