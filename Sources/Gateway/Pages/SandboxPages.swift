internal import HTTPServer

/// What the sandbox's embedded relay has caught.
enum SandboxPages {
    static func list(_ messages: [CaughtMessage]) -> HTTPResponse {
        var json = JSONText()
        json.object { json in
            json.member("count", messages.count)
            json.name("messages")
            json.array(messages) { $0.message($1) }
        }
        return HTTPResponse.json(200, json.bytes)
    }

    static func one(_ message: CaughtMessage) -> HTTPResponse {
        var json = JSONText()
        json.message(message)
        return HTTPResponse.json(200, json.bytes)
    }
}

extension JSONText {
    fileprivate mutating func message(_ message: CaughtMessage) {
        object { json in
            json.member("id", message.id)
            json.member("received_at", message.receivedAt)
            json.name("envelope")
            json.object { json in
                json.member("from", message.from)
                json.name("to")
                json.array(message.to) { $0.value($1) }
            }
            json.name("headers")
            json.array(message.headers) { json, field in
                json.object {
                    $0.member("name", field.name)
                    $0.member("value", field.value)
                }
            }
            json.member("raw", String(decoding: message.raw, as: UTF8.self))
        }
    }
}
