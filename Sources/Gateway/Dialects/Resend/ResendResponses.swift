internal import Foundation
internal import HTTPServer

/// The responses in the form of Resend's API.
protocol ResendResponses: VendorDialect {}

extension ResendResponses {
    func response(to outcome: MessageOutcome, of notes: ReadingNotes, at index: Int?) -> HTTPResponse {
        switch outcome {
        case .accepted(let messageID, _): accepted(messageID, fields(outcome, notes))
        case .composed(let composed): accepted(composed.id, fields(outcome, notes))
        case .failed(let problem):
            response(
                ResendError(problem, text(of: problem, at: index)), fields(outcome, notes))
        }
    }

    func response(to problem: Problem) -> HTTPResponse {
        response(ResendError(problem, text(of: problem)), fields(problem))
    }

    func response(_ error: ResendError, _ fields: [(name: String, value: String)]) -> HTTPResponse {
        var json = JSONText()
        json.object { json in
            json.member("statusCode", error.statusCode)
            json.member("name", error.name)
            json.member("message", error.message)
        }
        return HTTPResponse.json(error.statusCode, json.bytes, headers: fields)
    }

    private func accepted(_ messageID: String, _ fields: [(name: String, value: String)]) -> HTTPResponse {
        var json = JSONText()
        json.object { $0.member("id", identifier(messageID)) }
        return HTTPResponse.json(200, json.bytes, headers: fields)
    }
}
