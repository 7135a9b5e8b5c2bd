import Dispatch
import Foundation
import Logging
import Synchronization

@testable import HTTPServer

/// Answers by the path: what a test needs of a handler.
final class TestHandler: HTTPHandler {
    let held = Mutex<[HTTPResponder]>([])
    let admitted = Mutex(0)
    let handled = Mutex(0)
    /// For each request that was given up when the server stopped: whether it had been handled.
    let stopped = Mutex<[Bool]>([])

    /// The statuses of all responses.
    let answered = Mutex<[Int]>([])

    func answered(_ head: HTTPRequestHead?, status: Int, thread: Int) {
        answered.withLock { $0.append(status) }
    }

    let givenUp = Mutex(0)
    let clients = Mutex<[String]>([])

    func gaveUp(connections: Int) {
        givenUp.withLock { $0 += connections }
    }

    func admit(_ head: HTTPRequestHead) -> HTTPAdmission {
        admitted.withLock { $0 += 1 }
        return head.path == "/refused"
            ? .refuse(HTTPResponse(status: 403, headers: [], body: Array("no".utf8)))
            : .whole(maximumBodyBytes: 1000) { self.handle($0, responder: $1) }
    }

    func handle(_ request: HTTPRequest, responder: HTTPResponder) {
        handled.withLock { $0 += 1 }
        clients.withLock { $0.append(request.head.client.description) }
        let text = "\(request.head.method) \(request.head.path) \(request.head.query["q"] ?? "-") \(request.body.count)"
        let response = HTTPResponse(
            status: 200, headers: [("X-Sound", "a"), ("X-Split", "a\r\nX-Injected: b")], body: Array(text.utf8))
        switch request.head.path {
        case "/later": DispatchQueue.global().async { responder.respond(response) }
        case "/held": held.withLock { $0.append(responder) }
        case "/dropped": break
        case "/twice":
            responder.respond(response)
            responder.respond(HTTPResponse(status: 500, headers: [], body: []))
        default: responder.respond(response)
        }
    }

    func stopping(_ head: HTTPRequestHead, isHandled: Bool) -> HTTPResponse {
        stopped.withLock { $0.append(isHandled) }
        return .plain(503, "stopping")
    }

    func release() {
        let responders = held.withLock { held in
            let all = held
            held = []
            return all
        }
        for responder in responders { responder.respond(HTTPResponse(status: 200, headers: [], body: [])) }
    }

    func wait(for count: Int) async throws {
        while held.withLock({ $0.count }) < count { try await Task.sleep(for: .milliseconds(1)) }
    }
}

func startServer(_ handler: any HTTPHandler) throws -> HTTPServer {
    try HTTPServer.start(
        HTTPServerConfiguration(host: "127.0.0.1", port: 0), handler: handler, logger: Logger(label: "test"))
}
