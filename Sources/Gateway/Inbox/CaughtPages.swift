internal import Foundation
internal import HTTPServer
internal import InternetMessage

/// What the sandbox's embedded relay has caught, for the endpoints below `/sandbox/messages`.
///
/// Nothing of it may run on a thread of the HTTP server: the inbox may hold large messages.
final class CaughtPages: Sendable {
    private let inbox: any CaughtMessages
    private let waits = CaughtWaits()

    init(_ inbox: any CaughtMessages) {
        self.inbox = inbox
        inbox.observe { [waits] in waits.arrived($0) }
    }

    /// Lets the requests that wait be answered.
    func close() {
        waits.close()
    }

    // MARK: Several messages

    /// The messages that a query chooses; it may wait for the first one.
    func list(_ request: PageRequest) async throws(Problem) -> HTTPResponse {
        let query = try CaughtQuery(request.head.query, of: inbox)
        guard let time = query.wait else { return response(found(query), query) }
        guard let token = waits.begin() else { throw .tooManyWaits }
        let messages = found(query)
        guard messages.isEmpty else {
            waits.end(token)
            return response(messages, query)
        }
        let arrived = await waits.wait(token, for: query, upTo: time, kept: { found(query).first })
        let kept = found(query)
        // It may have been removed in the meantime, and was waited for all the same.
        return response(kept.isEmpty ? arrived.map { [$0] } ?? [] : kept, query)
    }

    private func found(_ query: CaughtQuery) -> [CaughtMessage] {
        inbox.all().filter(query.matches)
    }

    private func response(_ messages: [CaughtMessage], _ query: CaughtQuery) -> HTTPResponse {
        let listed = messages.prefix(query.limit ?? messages.count)
        var json = JSONText()
        json.object { json in
            json.member("total", messages.count)
            json.member("count", listed.count)
            json.name("messages")
            json.array(listed) { json, message in
                json.object { json in
                    json.summary(of: message)
                    json.member("attachments", message.content.attachments.count)
                }
            }
        }
        return .json(200, json.bytes)
    }

    /// Removes the messages that a query chooses.
    func remove(_ request: PageRequest) throws(Problem) -> HTTPResponse {
        let query = try CaughtQuery(request.head.query, of: inbox)
        if query.matchesAll { inbox.removeAll() } else { inbox.remove(Set(found(query).map(\.id))) }
        return .noContent
    }

    // MARK: One message

    private func message(_ request: PageRequest) throws(Problem) -> CaughtMessage {
        guard let id = request.values.first, let message = inbox.message(id: id) else {
            throw .noSuchMessage(request.values.first ?? "")
        }
        return message
    }

    /// A message with its header fields and texts.
    func one(_ request: PageRequest) throws(Problem) -> HTTPResponse {
        .json(200, try message(request).document)
    }

    /// Removes a message.
    func removeOne(_ request: PageRequest) throws(Problem) -> HTTPResponse {
        inbox.remove([try message(request).id])
        return .noContent
    }

    /// The octets of a message.
    func raw(_ request: PageRequest) throws(Problem) -> HTTPResponse {
        let message = try message(request)
        return .content(message.raw, type: "message/rfc822", filename: "\(message.id).eml")
    }

    /// A message's plain text.
    func text(_ request: PageRequest) throws(Problem) -> HTTPResponse {
        let message = try message(request)
        guard let part = message.content.text else { throw .noSuchPart("text", of: message.id) }
        return .content(part.content, type: part.safeType)
    }

    /// A message's HTML.
    func html(_ request: PageRequest) throws(Problem) -> HTTPResponse {
        let message = try message(request)
        guard let part = message.content.html else { throw .noSuchPart("HTML", of: message.id) }
        return .content(part.content, type: part.safeType)
    }

    /// The content of an attachment.
    func attachment(_ request: PageRequest) throws(Problem) -> HTTPResponse {
        let message = try message(request)
        let attachments = message.content.attachments
        guard let text = request.values.last, let index = Int(text), attachments.indices.contains(index) else {
            throw .noSuchAttachment(of: message.id, count: attachments.count)
        }
        let part = attachments[index]
        return .content(part.content, type: part.safeType, filename: part.filename ?? "attachment-\(index)")
    }
}
