import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import HTTPServer

/// Admits every body as a stream, and hands it to the test.
private final class StreamingHandler: HTTPHandler {
    struct Call: Sendable {
        let head: HTTPRequestHead
        let body: HTTPRequestBody
        let responder: HTTPResponder
    }

    static let limit = 300 * 1024 * 1024
    private let calls: AsyncStream<Call>
    private let continuation: AsyncStream<Call>.Continuation
    let handled = Mutex(0)

    init() {
        (calls, continuation) = AsyncStream.makeStream()
    }

    func admit(_ head: HTTPRequestHead) -> HTTPAdmission {
        switch head.path {
        case "/small": .stream(maximumBodyBytes: 100_000) { self.handle($0, responder: $1) }
        case "/tiny": .stream(maximumBodyBytes: 100) { self.handle($0, responder: $1) }
        case "/whole":
            .whole(maximumBodyBytes: 1000) { request, responder in
                responder.respond(.plain(200, "whole \(request.body.count)"))
            }
        default: .stream(maximumBodyBytes: Self.limit) { self.handle($0, responder: $1) }
        }
    }

    func handle(_ request: HTTPStreamedRequest, responder: HTTPResponder) {
        handled.withLock { $0 += 1 }
        if request.head.path == "/refused" {
            responder.respond(.plain(422, "no"))
        } else {
            continuation.yield(Call(head: request.head, body: request.body, responder: responder))
        }
    }

    /// The next request.
    func next() async throws -> Call {
        for await call in calls { return call }
        throw CancellationError()
    }
}

extension HTTPRequestBody {
    /// All of the body.
    fileprivate func all() async throws(HTTPBodyError) -> [UInt8] {
        var all: [UInt8] = []
        while let piece = try await next() {
            #expect(!piece.isEmpty)
            all += piece
        }
        return all
    }

    fileprivate func error() async -> HTTPBodyError? {
        do throws(HTTPBodyError) {
            _ = try await all()
            return nil
        } catch {
            return error
        }
    }
}

/// Octets of which none looks like those around it.
private func octets(_ count: Int, seed: Int = 0) -> [UInt8] {
    var word = UInt32(truncatingIfNeeded: seed) | 1
    return (0..<count).map { _ in
        word = word &* 1_664_525 &+ 1_013_904_223
        return UInt8(word >> 24)
    }
}

private let post = "POST / HTTP/1.1\r\nHost: x\r\n"

@Suite(.timeLimit(.minutes(2))) struct StreamingTests {
    private static func start(
        _ handler: StreamingHandler, _ change: (inout HTTPServerConfiguration) -> Void = { _ in }
    ) throws -> HTTPServer {
        var configuration = HTTPServerConfiguration(host: "127.0.0.1", port: 0)
        change(&configuration)
        return try HTTPServer.start(configuration, handler: handler, logger: Logger(label: "test"))
    }

    private static func stop(_ server: HTTPServer) async {
        await server.drain(grace: .seconds(5))
        await server.stop()
    }

    @Test(arguments: [0, 1, 1000, 65_536, 1_000_000]) func arrivesAsItWasSent(_ size: Int) async throws {
        let handler = StreamingHandler()
        let server = try Self.start(handler)
        let connection = try RawConnection(port: server.port)
        let content = octets(size)
        // Twice on one connection: with a length, and in chunks.
        try connection.send(post + "Content-Length: \(size)\r\n\r\n")
        async let sent: Void = connection.sendAll(content)
        let first = try await handler.next()
        #expect(first.head.contentLength == size)
        #expect(try await first.body.all() == content)
        try await sent
        first.responder.respond(.plain(200, "first"))
        #expect(await connection.readAnswer()?.text == "first")
        try connection.send(post + "Transfer-Encoding: chunked\r\n\r\n")
        async let chunks: Void = onThread {
            for start in stride(from: 0, to: size, by: 7001) {
                let chunk = content[start..<min(start + 7001, size)]
                try connection.send("\(String(chunk.count, radix: 16))\r\n")
                try connection.send(Array(chunk) + Array("\r\n".utf8))
            }
            try connection.send("0\r\n\r\n")
        }
        let second = try await handler.next()
        #expect(second.head.contentLength == nil)
        #expect(try await second.body.all() == content)
        try await chunks
        second.responder.respond(.plain(200, "second"))
        #expect(await connection.readAnswer()?.text == "second")
        await Self.stop(server)
    }

    /// While nobody reads, the client is held back; nothing of what it sent is lost.
    @Test func aClientIsMadeToWait() async throws {
        let handler = StreamingHandler()
        let server = try Self.start(handler)
        let connection = try RawConnection(port: server.port)
        try connection.send(post + "Content-Length: \(StreamingHandler.limit)\r\n\r\n")
        let call = try await handler.next()
        let content = octets(1024 * 1024)
        let sent = try await connection.sendUntilHeldBack(content, atMost: StreamingHandler.limit)
        // The kernel's buffers take some megabytes.
        #expect(sent < StreamingHandler.limit / 2)
        var received = 0
        while received < sent, let piece = try await call.body.next() {
            let expected = (0..<piece.count).map { content[(received + $0) % content.count] }
            #expect(piece == expected)
            received += piece.count
        }
        #expect(received == sent)
        connection.close()
        #expect(await call.body.error() == .clientGone)
        await Self.stop(server)
    }

    @Test func clientsThatGo() async throws {
        let handler = StreamingHandler()
        let server = try Self.start(handler)
        // One while the reader waits, one with octets not yet read, one with more than fits, one before the first octet.
        for size in [3, 50_000, 1_000_000, 0] {
            let connection = try RawConnection(port: server.port)
            try connection.send(post + "Content-Length: 2000000\r\n\r\n")
            let call = try await handler.next()
            let content = octets(size)
            async let sent: Void = connection.sendAll(content)
            if size == 3 {
                #expect(try await call.body.next() == content)
                try await sent
                async let error = call.body.error()
                connection.close()
                #expect(await error == .clientGone)
            } else if size > BodyStream.window {
                // What is left in the kernel is read before the end of the connection is seen.
                async let error = call.body.error()
                try await sent
                connection.close()
                #expect(await error == .clientGone)
            } else {
                try await sent
                connection.close()
                #expect(await call.body.error() == .clientGone)
            }
            call.responder.respond(.plain(200, "nobody"))
        }
        await Self.stop(server)
    }

    /// A body that has come is whole, whatever the client does afterwards.
    @Test(arguments: [10, 60_000, 1_000_000]) func aClientThatGoesAfterTheBody(_ size: Int) async throws {
        let handler = StreamingHandler()
        let server = try Self.start(handler)
        let connection = try RawConnection(port: server.port)
        let content = octets(size)
        try connection.send(post + "Content-Length: \(size)\r\n\r\n")
        let call = try await handler.next()
        var all: [UInt8] = []
        async let sent: Void = onThread {
            try connection.send(content)
            connection.close()
        }
        if size <= BodyStream.window { try await sent }
        while let piece = try await call.body.next() { all += piece }
        try await sent
        #expect(all == content)
        await Self.stop(server)
    }

    /// A body above the limit that comes together with the header section is refused like any other.
    @Test func aBodyAboveTheLimitThatIsThereAtOnceIsRefused() async throws {
        let handler = StreamingHandler()
        let server = try Self.start(handler)
        let client = try RawConnection(port: server.port)
        let body = String(repeating: "x", count: 101)
        try client.send("POST /tiny HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n" + body)
        #expect(await client.readAnswer()?.status == 413)
        #expect(handler.handled.withLock { $0 } == 0)
        await server.drain(grace: .seconds(5))
        await server.stop()
    }

    @Test func limits() async throws {
        let handler = StreamingHandler()
        let server = try Self.start(handler)
        let told = try RawConnection(port: server.port)
        try told.send("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\n\r\n")
        #expect(await told.readToEnd().hasPrefix("HTTP/1.1 413 "))
        #expect(handler.handled.withLock { $0 } == 0)
        let untold = try RawConnection(port: server.port)
        try untold.send("POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        async let sent: Void = onThread {
            for _ in 0..<11 { try untold.send("2710\r\n" + String(repeating: "x", count: 10_000) + "\r\n") }
            try untold.send("0\r\n\r\n")
        }
        let call = try await handler.next()
        #expect(await call.body.error() == .tooLarge(limit: 100_000))
        call.responder.respond(.plain(413, "too large"))
        try await sent
        #expect(await untold.readAnswer()?.status == 413)
        await Self.stop(server)
    }

    /// The size of a chunk says that the body is too large: its data is not waited for.
    @Test(arguments: ["186a1", "100000001", "fffffffffffffff"]) func aChunkBeyondTheLimitIsNotWaitedFor(
        _ size: String
    ) async throws {
        let handler = StreamingHandler()
        let server = try Self.start(handler)
        let connection = try RawConnection(port: server.port)
        try connection.send(
            "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n\(size)\r\n")
        let call = try await handler.next()
        #expect(await call.body.error() == .tooLarge(limit: 100_000))
        call.responder.respond(.plain(413, "too large"))
        #expect(await connection.readToEnd().hasPrefix("HTTP/1.1 413 "))
        await Self.stop(server)
    }

    /// An answer before the end of the body reaches the client, and the connection can be used again.
    @Test func earlyAnswers() async throws {
        let handler = StreamingHandler()
        let server = try Self.start(handler)
        let connection = try RawConnection(port: server.port)
        let content = octets(5_000_000)
        try connection.send("POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: \(content.count)\r\n\r\n")
        try await connection.sendAll(content)
        #expect(await connection.readAnswer()?.status == 422)
        try connection.send("POST /whole HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
        #expect(await connection.readAnswer()?.text == "whole 3")
        await Self.stop(server)
    }

    /// What nobody reads any more is passed over, and holds nobody up.
    @Test func abandonedBodies() async throws {
        let handler = StreamingHandler()
        let server = try Self.start(handler)
        let connection = try RawConnection(port: server.port)
        let content = octets(5_000_000)
        try connection.send(post + "Content-Length: \(content.count)\r\n\r\n")
        async let sent: Void = connection.sendAll(content)
        let responder = try await {
            let call = try await handler.next()
            #expect(try await call.body.next()?.isEmpty == false)
            return call.responder
        }()
        try await sent
        responder.respond(.plain(200, "enough"))
        #expect(await connection.readAnswer()?.text == "enough")
        await Self.stop(server)
    }

    @Test(arguments: ["/", "/whole"]) func tricklingBodies(_ path: String) async throws {
        let handler = StreamingHandler()
        let server = try Self.start(handler) {
            $0.bodyGrace = 0
            $0.minimumBodyRate = 1_000_000_000
        }
        let connection = try RawConnection(port: server.port)
        try connection.send("POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        if path == "/" {
            let call = try await handler.next()
            try connection.send("a")
            #expect(try await call.body.next() == Array("a".utf8))
            try connection.send("b")
            #expect(await call.body.error() == .tooSlow)
            call.responder.respond(.plain(408, "too slow"))
        } else {
            // The server may read several of them together, and then it does so again.
            for _ in 0..<500 where (try? connection.send("a")) != nil { try await Task.sleep(for: .milliseconds(1)) }
        }
        #expect(await connection.readToEnd().hasPrefix("HTTP/1.1 408 "))
        await Self.stop(server)
    }

    @Test func silentBodies() async throws {
        let handler = StreamingHandler()
        let server = try Self.start(handler) { $0.idleTimeout = .seconds(1) }
        let connection = try RawConnection(port: server.port)
        try connection.send(post + "Content-Length: 1000\r\n\r\nabc")
        let call = try await handler.next()
        #expect(await call.body.error() == .tooSlow)
        await Self.stop(server)
    }

    /// Readers that wait, connections that are suspended because nobody reads, and bodies that nobody has asked for.
    @Test func stopEndsBodies() async throws {
        let handler = StreamingHandler()
        let server = try Self.start(handler)
        var calls: [StreamingHandler.Call] = []
        var connections: [RawConnection] = []
        for size in [0, 10, 1_000_000] {
            let connection = try RawConnection(port: server.port)
            try connection.send(post + "Content-Length: 2000000\r\n\r\n")
            calls.append(try await handler.next())
            _ = try await connection.sendUntilHeldBack(octets(1000), atMost: size)
            connections.append(connection)
        }
        let waiting = calls
        async let error = waiting[0].body.error()
        await server.drain(grace: .zero)
        await server.stop()
        #expect(await error == .stopped)
        for call in waiting.dropFirst() { #expect(await call.body.error() == .stopped) }
        #expect(connections.count == 3)
    }

    /// Many at once, read with and without delay, some given up by either side.
    @Test func manyAtOnce() async throws {
        let handler = StreamingHandler()
        let server = try Self.start(handler)
        let count = 40
        let size = 400_000
        let clients = Task {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<count {
                    group.addTask {
                        let connection = try RawConnection(port: server.port)
                        try connection.send("POST /\(number) HTTP/1.1\r\nHost: x\r\nContent-Length: \(size)\r\n\r\n")
                        let goes = number % 5 == 4
                        let content = octets(size, seed: number)
                        try await connection.sendAll(goes ? Array(content[..<(size / 2)]) : content)
                        if goes {
                            connection.close()
                        } else {
                            #expect(await connection.readAnswer()?.text == "\(number)")
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<count {
                let call = try await handler.next()
                group.addTask {
                    let number = try #require(Int(call.head.path.dropFirst()))
                    if number % 5 == 4 {
                        #expect(await call.body.error() == .clientGone)
                    } else if number % 5 == 3 {
                        // Given up after the first piece.
                        _ = try await call.body.next()
                    } else {
                        #expect(try await call.body.all() == octets(size, seed: number))
                    }
                    call.responder.respond(.plain(200, "\(number)"))
                }
            }
            try await group.waitForAll()
        }
        try await clients.value
        await Self.stop(server)
    }
}
