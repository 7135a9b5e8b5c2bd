internal import HTTPServer
internal import SMTP

/// What became of a message, as its client is told.
struct MessageAnswer: Sendable {
    let response: HTTPResponse
    /// Whether to ask again would change nothing: the relay took the message, refused it for good, or the outcome is unknown.
    let isFinal: Bool
    /// Whether the message had been sent before, under the same key.
    var isReplay = false

    init(_ response: HTTPResponse, isFinal: Bool) {
        self.response = response
        self.isFinal = isFinal
    }

    init(_ problem: Problem) {
        response = problem.response
        isFinal = problem.outcome == .unknown || problem.status == 422 && problem.reply != nil
    }

    init(replaying answer: KeptAnswer) {
        response = answer.response
        isFinal = true
        isReplay = true
    }
}
