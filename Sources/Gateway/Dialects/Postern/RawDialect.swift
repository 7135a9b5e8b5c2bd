internal import HTTPServer

/// A message that was written elsewhere: `POST /messages` with `message/rfc822`. Where nothing asks for all of it first, it
/// is sent while it arrives, by ``RawUpload``.
struct RawDialect: PosternDialect {
    let name = "raw"
    let mediaTypes = ["message/rfc822"]
    let intake = BodyIntake.stream

    func read(_ request: MessageRequest) throws(Problem) -> Reading {
        let (message, body) = try RawMessage.read(
            request.octets, QueryEnvelope(request.head.query), domain: request.hostDomain, seed: request.seed)
        return Reading(.one(.raw(message, body: body)), isDryRun: request.head.query.isSet("dry_run"))
    }
}
