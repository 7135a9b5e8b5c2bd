import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import HTTPServer

/// What clients may hold, and for how long.
@Suite(.timeLimit(.minutes(1))) struct ConnectionTests {
    private func start(
        _ handler: TestHandler = TestHandler(), _ change: (inout HTTPServerConfiguration) -> Void
    ) throws -> HTTPServer {
        var configuration = HTTPServerConfiguration(host: "127.0.0.1", port: 0)
        change(&configuration)
        return try HTTPServer.start(configuration, handler: handler, logger: Logger(label: "test"))
    }

    private func stop(_ server: HTTPServer) async {
        await server.drain(grace: .seconds(5))
        await server.stop()
    }

    /// An octet every few milliseconds is not idle, and yet the connection ends: in the request line, in the header
    /// section, in the body, in the header section of a further request.
    @Test(arguments: [
        "", "GET / HT", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n",
    ]) func trickle(_ beginning: String) async throws {
        let handler = TestHandler()
        let server = try start(handler) { $0.requestTimeout = .milliseconds(200) }
        let connection = try RawConnection(port: server.port)
        try connection.send(beginning)
        var octets = 0
        while octets < 5000, (try? connection.send("x")) != nil {
            octets += 1
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(octets < 5000)
        #expect(handler.handled.withLock { $0 } == 0)
        #expect(handler.givenUp.withLock { $0 } == 1)
        await stop(server)
    }

    @Test func trickleOnAKeptConnection() async throws {
        let handler = TestHandler()
        let server = try start(handler) {
            $0.requestTimeout = .milliseconds(200)
            $0.idleTimeout = .seconds(1)
        }
        let connection = try RawConnection(port: server.port)
        try connection.send("GET /now HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(await connection.readAnswer()?.status == 200)
        var octets = 0
        while octets < 5000, (try? connection.send("x")) != nil {
            octets += 1
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(octets < 5000)
        await stop(server)
    }

    /// The time in which the handler works is not the client's: a request that waits outlives others' deadlines.
    @Test func theHandlersTimeDoesNotCount() async throws {
        let handler = TestHandler()
        let server = try start(handler) { $0.requestTimeout = .milliseconds(100) }
        let waiting = try RawConnection(port: server.port)
        try waiting.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n")
        try await handler.wait(for: 1)
        for _ in 0..<3 {
            let silent = try RawConnection(port: server.port)
            #expect(await silent.read().isEmpty)
        }
        handler.release()
        #expect(await waiting.readAnswer()?.status == 200)
        await stop(server)
    }

    @Test func connectionsOfOneAddress() async throws {
        let server = try start { $0.connectionsPerAddress = 2 }
        let first = try RawConnection(port: server.port)
        let second = try RawConnection(port: server.port)
        for connection in [first, second] {
            try connection.send("GET /now HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await connection.readAnswer()?.status == 200)
        }
        let third = try RawConnection(port: server.port)
        #expect(await third.read().isEmpty)
        first.close()
        // The end of a connection is noticed a little later.
        var status: Int?
        while status == nil {
            let next = try RawConnection(port: server.port)
            try? next.send("GET /now HTTP/1.1\r\nHost: x\r\n\r\n")
            status = await next.readAnswer()?.status
        }
        #expect(status == 200)
        await stop(server)
    }

    @Test func manyIdleAndSlowConnectionsLeaveRoom() async throws {
        let server = try start { _ in }
        var held: [RawConnection] = []
        for number in 0..<400 {
            let connection = try RawConnection(port: server.port)
            if number.isMultiple(of: 2) {
                try connection.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx")
            }
            held.append(connection)
        }
        let connection = try RawConnection(port: server.port)
        try connection.send("GET /now HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(await connection.readAnswer()?.status == 200)
        #expect(held.count == 400)
        held = []
        await stop(server)
    }

    @Test func addresses() {
        #expect(HTTPClientAddress(127, 0, 0, 1).description == "127.0.0.1")
        #expect(HTTPClientAddress(192, 0, 2, 255).network.description == "192.0.2.255")
        let address = HTTPClientAddress(high: 0x2001_0DB8_0000_0001, low: 0x10)
        #expect(address.description == "2001:db8:0:1:0:0:0:10")
        #expect(address.network.description == "2001:db8:0:1:0:0:0:0")
    }

    @Test func theClientsAddress() async throws {
        let handler = TestHandler()
        let server = try start(handler) { _ in }
        let connection = try RawConnection(port: server.port)
        try connection.send("GET /now HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = await connection.readAnswer()
        #expect(handler.clients.withLock { $0 } == ["127.0.0.1"])
        await stop(server)
    }

    /// What libmicrohttpd says about a certificate reaches whoever starts the server.
    @Test func aCertificateThatIsNone() {
        #expect {
            try start { $0.tls = HTTPServerConfiguration.TLS(certificate: Array("x".utf8), key: Array("y".utf8)) }
        } throws: { error in
            "\(error)".contains("certificate")
        }
    }
}
