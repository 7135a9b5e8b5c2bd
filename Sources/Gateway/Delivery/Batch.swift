internal import HTTPServer

/// The composed messages of a request that holds several, in their order; in place of one that is not valid, the problem
/// with it.
struct Batch: Sendable {
    let messages: [Result<Composition, Problem>]
    let policy: BatchPolicy

    /// Sends the messages, side by side, or one after another if the batch stops on an error.
    ///
    /// - Parameter send: sends one message; its place in the batch comes with it.
    func send(
        _ context: MessageContext, _ send: @escaping @Sendable (Composition, Int) async -> MessageResponse
    ) async -> MessageResponse {
        let responses = policy == .stopsOnError ? await inOrder(context, send) : await sideBySide(context, send)
        // A problem of a message itself is there again when the same batch is sent again.
        let isFinal = zip(messages, responses).allSatisfy { message, response in
            if case .failure = message { true } else { response.isFinal }
        }
        return MessageResponse(
            context.admitted.dialect.response(to: responses, of: context.notes), isFinal: isFinal)
    }

    private func sideBySide(
        _ context: MessageContext, _ send: @escaping @Sendable (Composition, Int) async -> MessageResponse
    ) async -> [MessageResponse] {
        await withTaskGroup(of: (Int, MessageResponse).self) { group in
            for (index, message) in messages.enumerated() {
                group.addTask { (index, await Self.response(to: message, index, context, send)) }
            }
            var responses = [MessageResponse?](repeating: nil, count: messages.count)
            for await (index, response) in group { responses[index] = response }
            return responses.compactMap { $0 }
        }
    }

    private func inOrder(
        _ context: MessageContext, _ send: @Sendable (Composition, Int) async -> MessageResponse
    ) async -> [MessageResponse] {
        var responses: [MessageResponse] = []
        var failed: Int?
        for (index, message) in messages.enumerated() {
            if let failed {
                responses.append(context.at(index).response(to: .failed(.batchStopped(at: failed))))
                continue
            }
            let response = await Self.response(to: message, index, context, send)
            responses.append(response)
            if !(200...299).contains(response.response.status) { failed = index }
        }
        return responses
    }

    private static func response(
        to message: Result<Composition, Problem>, _ index: Int, _ context: MessageContext,
        _ send: (Composition, Int) async -> MessageResponse
    ) async -> MessageResponse {
        switch message {
        case .success(let composed): await send(composed, index)
        case .failure(let problem): context.at(index).response(to: .failed(problem))
        }
    }
}
