internal import HTTPServer
internal import InternetMessage
internal import SMTP

/// Problems of bodies that are read while they arrive.
extension Problem {
    /// The body did not come to its end.
    init(_ error: HTTPBodyError) {
        switch error {
        case .tooLarge(let limit): self = .tooLarge(limit: limit)
        case .stopped: self = .draining
        case .clientGone, .tooSlow:
            let incomplete = Problem(
                "incomplete-body", "The body did not come to its end", status: 408, detail: error.description)
            self = incomplete.notSent(retryable: true)
        }
    }

    /// The header section of a raw message cannot be read.
    static func malformedMessage(_ error: HeaderSectionError) -> Problem {
        .malformedBody("the message is not well formed: \(error.description)").notSent(retryable: false)
    }

    /// A form cannot be read.
    static func malformedForm(_ error: HTTPFormError) -> Problem {
        .malformedBody(error.description).notSent(retryable: false)
    }

    static let nullInContent = Problem.malformedBody(
        "the message holds a NUL, which no mail may hold; encode that part of it with base64"
    ).notSent(retryable: false)

    static let eightBitUnsupported = {
        var problem = Problem(
            "relay-unsupported", "The relay cannot carry the message", status: 422,
            detail:
                "content: the message holds octets above 127 and the relay does not offer 8BITMIME; encode them as "
                + "quoted-printable or base64")
        problem.stage = .content
        return problem.notSent(retryable: false)
    }()
}
