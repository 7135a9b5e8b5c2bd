import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import HTTPServer

/// How connections end, and that a response is seen whatever the client does at that moment.
@Suite(.timeLimit(.minutes(2))) struct ConnectionEndTests {
    private func start(
        _ handler: TestHandler = TestHandler(), _ change: (inout HTTPServerConfiguration) -> Void = { _ in }
    ) throws -> HTTPServer {
        var configuration = HTTPServerConfiguration(host: "127.0.0.1", port: 0)
        change(&configuration)
        return try HTTPServer.start(configuration, handler: handler, logger: Logger(label: "test"))
    }

    private func stop(_ server: HTTPServer) async {
        await server.drain(grace: .seconds(5))
        await server.stop()
    }

    /// A client that ends its side right behind the request gets its response, whether it comes at once or later.
    @Test(arguments: ["/now", "/later", "/held"]) func aHalfClosedConnectionGetsItsResponse(_ path: String) async throws
    {
        let handler = TestHandler()
        let server = try start(handler)
        for _ in 0..<20 {
            let connection = try RawConnection(port: server.port)
            try connection.send("POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
            connection.endWriting()
            if path == "/held" {
                try await handler.wait(for: 1)
                handler.release()
            }
            let text = await connection.readToEnd()
            #expect(text.hasPrefix("HTTP/1.1 200 "), "\(text)")
        }
        await stop(server)
    }

    /// Half a request and the end of the connection is answered at once, and not after a timeout.
    @Test(arguments: [
        "GET", "GET / HTTP/1.1\r\nHost: x\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ]) func halfARequestAndTheEndIsRefused(_ request: String) async throws {
        let server = try start { $0.requestTimeout = .seconds(600) }
        let connection = try RawConnection(port: server.port)
        try connection.send(request)
        connection.endWriting()
        #expect(await connection.readToEnd().hasPrefix("HTTP/1.1 400 "))
        await stop(server)
    }

    @Test func nothingAndTheEndIsNotAnswered() async throws {
        let server = try start { $0.requestTimeout = .seconds(600) }
        let connection = try RawConnection(port: server.port)
        connection.endWriting()
        #expect(await connection.readToEnd().isEmpty)
        await stop(server)
    }

    /// The client is told that it was too slow, in each part of a request.
    @Test(arguments: [
        "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nab",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
    ]) func aSlowRequestIsRefused(_ request: String) async throws {
        let handler = TestHandler()
        let server = try start(handler) { $0.requestTimeout = .milliseconds(100) }
        let connection = try RawConnection(port: server.port)
        try connection.send(request)
        let text = await connection.readToEnd()
        #expect(text.hasPrefix("HTTP/1.1 408 "), "\(text)")
        #expect(handler.answered.withLock { $0 } == [408])
        await stop(server)
    }

    /// A client that sends all of a large body before it reads still gets the response, with a length and without.
    @Test(arguments: ["/refused", "/"], ["Content-Length: 12000000", "Transfer-Encoding: chunked"])
    func anEarlyResponseIsSeenByClientsThatWriteFirst(_ path: String, _ field: String) async throws {
        let server = try start()
        let connection = try RawConnection(port: server.port)
        try connection.send("POST \(path) HTTP/1.1\r\nHost: x\r\n\(field)\r\n\r\n")
        let piece = String(repeating: "x", count: 0x10000)
        for _ in 0..<183 {
            try await connection.sendAll(
                Array((field.hasPrefix("T") ? "10000\r\n\(piece)\r\n" : piece).utf8))
        }
        let text = await connection.readToEnd()
        #expect(text.hasPrefix("HTTP/1.1 \(path == "/" ? 413 : 403) "), "\(text)")
        await stop(server)
    }

    /// If all of the request is there, a refusal leaves the connection as it is.
    @Test func aRefusalAfterTheWholeRequestKeepsTheConnection() async throws {
        let server = try start()
        let connection = try RawConnection(port: server.port)
        for _ in 0..<3 {
            try connection.send("POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
            #expect(await connection.readAnswer()?.status == 403)
        }
        await stop(server)
    }

    /// Requests that are sent together are answered one after the other, each once.
    @Test(arguments: ["/now", "/later"]) func pipelinedRequestsAreAnsweredInTheirOrder(_ path: String) async throws {
        let server = try start()
        let connection = try RawConnection(port: server.port)
        let count = 50
        let requests = (0..<count).map {
            "POST \(path)?q=\($0) HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
        }
        try connection.send(requests.joined() + "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        let text = await connection.readToEnd()
        var rest = text[...]
        for number in 0..<count {
            let found = try #require(rest.firstRange(of: "POST \(path) \(number) 3"))
            rest = rest[found.upperBound...]
        }
        #expect(rest.contains("GET \(path) - 0"))
        #expect(text.components(separatedBy: "HTTP/1.1 200").count == count + 2)
        await stop(server)
    }

    /// What comes behind a request that closes the connection is not answered.
    @Test func nothingIsAnsweredBehindClose() async throws {
        let handler = TestHandler()
        let server = try start(handler)
        let connection = try RawConnection(port: server.port)
        try connection.send(
            "GET /now HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\nGET /next HTTP/1.1\r\nHost: x\r\n\r\n")
        let text = await connection.readToEnd()
        #expect(text.contains("GET /now"))
        #expect(!text.contains("GET /next"))
        #expect(handler.handled.withLock { $0 } == 1)
        await stop(server)
    }

    @Test func http10EndsTheConnectionUnlessItIsAskedToKeepIt() async throws {
        let server = try start()
        let connection = try RawConnection(port: server.port)
        try connection.send("GET /now HTTP/1.0\r\n\r\n")
        #expect(await connection.readToEnd().contains("GET /now"))
        await stop(server)
    }

    @Test func headHasNoBody() async throws {
        let server = try start()
        let connection = try RawConnection(port: server.port)
        try connection.send("HEAD /now HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        let text = await connection.readToEnd()
        #expect(text.hasSuffix("\r\n\r\n"))
        #expect(text.contains("Content-Length: 13"))
        await stop(server)
    }

    /// An interim response comes when the body has to be sent, and only then (RFC 9110, section 10.1.1).
    @Test func anExpectationIsMet() async throws {
        let server = try start()
        let connection = try RawConnection(port: server.port)
        try connection.send("POST /now HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        #expect(await connection.readAnswer()?.status == 100)
        try connection.send("abc")
        #expect(await connection.readAnswer()?.text == "POST /now - 3")
        try connection.send("POST /now HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")
        #expect(await connection.readAnswer()?.text == "POST /now - 3")
        await stop(server)
    }

    // MARK: TLS

    /// The same over TLS, with curl, openssl and Python as clients.
    @Test func tls() async throws {
        let certificates = try await TestCertificates.made.value
        let server = try start {
            $0.tls = HTTPServerConfiguration.TLS(
                certificate: Array(certificates.server.certificatePEM.utf8), key: Array(certificates.server.keyPEM.utf8)
            )
            $0.requestTimeout = .seconds(2)
        }
        let script = """
            import socket, ssl, sys
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            def connect():
                return context.wrap_socket(socket.create_connection(("127.0.0.1", \(server.port)), timeout=15))
            def read(connection):
                text = b""
                while True:
                    try:
                        piece = connection.recv(65536)
                    except ssl.SSLEOFError:
                        piece = b""
                    if not piece:
                        return text
                    text += piece
            one = b"POST /later HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 3\\r\\n\\r\\nabc"
            last = b"GET /now HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n"
            connection = connect()
            connection.sendall(one * 20 + last)
            text = read(connection)
            assert text.count(b"HTTP/1.1 200 ") == 21, text
            connection = connect()
            connection.sendall(b"GET /now HTTP/1.1\\r\\nX : y\\r\\n\\r\\n")
            text = read(connection)
            assert text.startswith(b"HTTP/1.1 400 "), text
            connection = connect()
            connection.sendall(b"POST / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 3\\r\\n\\r\\nab")
            text = read(connection)
            assert text.startswith(b"HTTP/1.1 408 "), text
            connection = connect()
            connection.sendall(b"POST /now HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 900\\r\\n\\r\\n" + b"x" * 900 + last)
            text = read(connection)
            assert text.count(b"HTTP/1.1 200 ") == 2, text
            """
        let result = try await Program.run("/usr/bin/env", ["python3", "-c", script])
        #expect(result.status == 0, "\(result.errors)")
        await stop(server)
    }
}
