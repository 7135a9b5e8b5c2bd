internal import Foundation
internal import HTTPServer
internal import InternetMessage

/// The checked messages of a batch, in their order; in place of one that is not valid, the problem with it.
struct Batch: Sendable {
    /// One for all batches: it keeps nothing from one call to the next.
    private static let decoder = JSONDecoder()

    let messages: [Result<Composition, Problem>]
    /// Whether nothing more is sent once a message was not accepted.
    let stopsOnError: Bool

    /// Decodes, checks, composes, and signs where there is a signer.
    ///
    /// - Parameter isAllowed: whether the caller may send a message; throws the problem with it where not.
    /// - Throws: a ``Problem`` where the document is no list of 1 to 100 elements.
    init(
        json body: [UInt8], stopsOnError: Bool, signer: DKIMSigner?, isAllowed: (Submission) throws(Problem) -> Void
    ) throws(Problem) {
        let repeated = try Submission.syntax(of: body).repeated
        if !repeated.isEmpty { throw .invalid(repeated) }
        let document: BatchDocument
        do {
            document = try Self.decoder.decode(BatchDocument.self, from: Data(body))
        } catch {
            throw .invalid([FieldError("", "the body has to be a JSON array of messages")])
        }
        let most = BatchDocument.maximumMessages
        if document.isTooLong {
            throw .invalid([FieldError("", "there are more than \(most) messages; send them in batches of \(most)")])
        }
        if document.messages.isEmpty { throw .invalid([FieldError("", "there is no message in the batch")]) }
        messages = document.messages.map { message in
            do throws(Problem) {
                guard let message else {
                    throw .invalid([FieldError("", "a message has to be a JSON object")])
                }
                let submission = try Submission(message)
                try isAllowed(submission)
                return .success(try Composition(submission, signer: signer))
            } catch {
                return .failure(error)
            }
        }
        self.stopsOnError = stopsOnError
    }

    /// Sends the messages, side by side, or one after another where the batch stops on an error.
    ///
    /// - Parameter send: sends one message; its place in the batch comes with it.
    func send(_ send: @escaping @Sendable (Composition, Int) async -> MessageAnswer) async -> MessageAnswer {
        let answers = stopsOnError ? await inOrder(send) : await sideBySide(send)
        // A problem of a message itself is there again when the same batch is sent again.
        let isFinal = zip(messages, answers).allSatisfy { message, answer in
            if case .failure = message { true } else { answer.isFinal }
        }
        return MessageAnswer(Answer.batch(answers), isFinal: isFinal)
    }

    /// What would have been sent.
    func dryRun() -> HTTPResponse {
        Answer.batch(
            messages.map { message in
                switch message {
                case .success(let composed): MessageAnswer(Answer.dryRun(composed), isFinal: true)
                case .failure(let problem): MessageAnswer(problem)
                }
            })
    }

    private func sideBySide(
        _ send: @escaping @Sendable (Composition, Int) async -> MessageAnswer
    ) async -> [MessageAnswer] {
        await withTaskGroup(of: (Int, MessageAnswer).self) { group in
            for (index, message) in messages.enumerated() {
                group.addTask { (index, await Self.answer(message, index, send)) }
            }
            var answers = [MessageAnswer?](repeating: nil, count: messages.count)
            for await (index, answer) in group { answers[index] = answer }
            return answers.compactMap { $0 }
        }
    }

    private func inOrder(
        _ send: @Sendable (Composition, Int) async -> MessageAnswer
    ) async -> [MessageAnswer] {
        var answers: [MessageAnswer] = []
        var failed: Int?
        for (index, message) in messages.enumerated() {
            if let failed {
                answers.append(MessageAnswer(.batchStopped(at: failed)))
                continue
            }
            let answer = await Self.answer(message, index, send)
            answers.append(answer)
            if answer.response.status != 200 { failed = index }
        }
        return answers
    }

    private static func answer(
        _ message: Result<Composition, Problem>, _ index: Int,
        _ send: (Composition, Int) async -> MessageAnswer
    ) async -> MessageAnswer {
        switch message {
        case .success(let composed): await send(composed, index)
        case .failure(let problem): MessageAnswer(problem)
        }
    }
}
