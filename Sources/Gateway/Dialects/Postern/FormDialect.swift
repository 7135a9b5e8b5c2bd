internal import HTTPServer

/// A message as a form: `POST /messages` with `multipart/form-data` or `application/x-www-form-urlencoded`.
struct FormDialect: PosternDialect {
    let name = "form"
    let mediaTypes = ["multipart/form-data", "application/x-www-form-urlencoded"]
    let intake = BodyIntake.form

    func read(_ request: MessageRequest) throws(Problem) -> Reading {
        if let first = request.parts.first, first.filename == nil,
            ["{", "["].contains(first.name.first { !$0.isWhitespace }),
            request.head.headers["Content-Type"]?.lowercased().hasPrefix("multipart/") == false
        {
            throw .jsonAsForm
        }
        let document = try FormDocument.read(request.parts)
        let submission = try Submission(
            document, .beside(request.head.query), defaultAuthor: request.defaultAuthor)
        return Reading(.one(.fields(submission)), isDryRun: request.head.query.isSet("dry_run"))
    }
}
