internal import HTTPServer

/// A message as a JSON document: `POST /messages` with `application/json`.
struct JSONDialect: PosternDialect {
    let name = "json"
    let mediaTypes = ["application/json"]
    let intake = BodyIntake.whole

    func read(_ request: MessageRequest) throws(Problem) -> Reading {
        let submission = try Submission(
            json: request.octets, .beside(request.head.query), defaultAuthor: request.defaultAuthor)
        return Reading(.one(.fields(submission)), isDryRun: request.head.query.isSet("dry_run"))
    }
}
