import InternetMessage
import NIOSSL
import SMTP
import TestSupport
import Testing

@testable import Sandbox

/// Real connections. What is said in them is tested without any.
@Suite(.timeLimit(.minutes(1))) struct SandboxServerTests {
    private static let start = "EHLO client\r\nMAIL FROM:<a@example.org>\r\n"

    /// What is answered to a session that ends by itself, greeting and reply to EHLO left out.
    private func replies(_ server: SandboxServer, _ session: String) async throws -> [String] {
        let connection = try RawConnection(port: server.port)
        try connection.send(Self.start + session)
        let lines = await connection.readToEnd().split(separator: "\r\n").map(String.init)
        #expect(lines.first == "220 localhost ESMTP Postern sandbox")
        return Array(lines.drop { $0 != "250 CHUNKING" }.dropFirst(2))
    }

    @Test func catchesMessages() async throws {
        let server = try await SandboxServer.start()
        let one = "RCPT TO:<b@example.net>\r\nDATA\r\nSubject: 1\r\n\r\n..dot\r\n.\r\n"
        let answers = try await replies(server, one + "MAIL FROM:<>\r\n" + one + "QUIT\r\n")
        let messages = server.inbox.all()
        #expect(messages.count == 2)
        #expect(
            answers == [
                "250 2.1.5 Ok", "354 End data with <CR><LF>.<CR><LF>",
                "250 2.0.0 Ok: queued as \(messages.last?.id ?? "")", "250 2.1.0 Ok", "250 2.1.5 Ok",
                "354 End data with <CR><LF>.<CR><LF>", "250 2.0.0 Ok: queued as \(messages.first?.id ?? "")",
                "221 2.0.0 Bye",
            ])
        let oldest = try #require(messages.last)
        #expect(oldest.reversePath == "a@example.org")
        #expect(oldest.recipients == ["b@example.net"])
        #expect(oldest.helloName == "client")
        #expect(oldest.receivedAt > 0)
        #expect(oldest.raw == Array("Subject: 1\r\n\r\n.dot\r\n".utf8))
        #expect(oldest.content.subject == "1")
        #expect(server.inbox.message(id: oldest.id)?.raw == oldest.raw)
        #expect(server.inbox.number(of: oldest.id) == 1)
        await server.shutdown()
        #expect(server.inbox.count == 2)
    }

    @Test(arguments: [
        ("reject", ["550 5.1.1", "554 5.5.1", "221 2.0.0"]), ("defer", ["451 4.3.0", "554 5.5.1", "221 2.0.0"]),
        ("full", ["250 2.1.5", "354 End", "552 5.2.2", "221 2.0.0"]),
        ("slow+1", ["250 2.1.5", "354 End", "250 2.0.0", "221 2.0.0"]), ("drop", ["250 2.1.5", "354 End"]),
    ])
    func failuresToTry(_ localPart: String, _ codes: [String]) async throws {
        let server = try await SandboxServer.start()
        let content = ["reject", "defer"].contains(localPart) ? "" : "x\r\n.\r\n"
        let answers = try await replies(server, "RCPT TO:<\(localPart)@example.net>\r\nDATA\r\n\(content)QUIT\r\n")
        #expect(answers.map { $0.split(separator: " ").prefix(2).joined(separator: " ") } == codes)
        #expect(server.inbox.count == (localPart == "slow+1" ? 1 : 0))
        await server.shutdown()
    }

    /// More than one read and one write take.
    @Test func aLargeMessage() async throws {
        let server = try await SandboxServer.start()
        let content = String(repeating: String(repeating: "x", count: 76) + "\r\n", count: 50_000)
        let answers = try await replies(server, "RCPT TO:<b@x>\r\nDATA\r\n\(content).\r\nQUIT\r\n")
        #expect(answers.count == 4)
        #expect(server.inbox.all().first?.raw == Array(content.utf8))
        await server.shutdown()
    }

    @Test func manyMessagesInOneGo() async throws {
        let server = try await SandboxServer.start()
        let next = "RCPT TO:<b@x>\r\nDATA\r\nx\r\n.\r\nMAIL FROM:<>\r\n"
        let answers = try await replies(server, String(repeating: next, count: 500) + "QUIT\r\n")
        let ids = answers.filter { $0.hasPrefix("250 2.0.0 Ok: queued as ") }
        #expect(Set(ids).count == 500)
        #expect(server.inbox.count == SandboxConfiguration().maximumMessages)
        #expect(ids.last == "250 2.0.0 Ok: queued as \(server.inbox.all().first?.id ?? "")")
        await server.shutdown()
    }

    @Test func connectionsAreBounded() async throws {
        var configuration = SandboxConfiguration()
        configuration.maximumConnections = 1
        let server = try await SandboxServer.start(configuration: configuration)
        let first = try RawConnection(port: server.port)
        #expect(await first.read() != [])
        let second = try RawConnection(port: server.port)
        #expect(await second.readToEnd() == "421 4.3.2 Too many connections\r\n")
        try first.send("NOOP\r\n")
        #expect(String(decoding: await first.read(), as: UTF8.self) == "250 2.0.0 Ok\r\n")
        try first.send("QUIT\r\n")
        _ = await first.readToEnd()
        // Its place is free as soon as the server has seen the end.
        var greeting = ""
        while !greeting.hasPrefix("220") {
            greeting = String(decoding: try await RawConnection(port: server.port).read(), as: UTF8.self)
        }
        await server.shutdown()
    }

    @Test func aSilentClientIsGivenUp() async throws {
        var configuration = SandboxConfiguration()
        configuration.idleTimeout = .milliseconds(50)
        let server = try await SandboxServer.start(configuration: configuration)
        let connection = try RawConnection(port: server.port)
        #expect(await connection.readToEnd().hasSuffix("\r\n421 4.4.2 Idle for too long, closing\r\n"))
        await server.shutdown()
    }

    @Test func shutdownClosesConnections() async throws {
        let server = try await SandboxServer.start()
        let connection = try RawConnection(port: server.port)
        #expect(await connection.read() != [])
        await server.shutdown()
        #expect(await connection.readToEnd() == "")
        // Refused, or ended without a greeting: a test beside that starts a program holds the socket a little longer.
        let next = try? RawConnection(port: server.port)
        #expect(await next?.readToEnd() ?? "" == "")
        await server.shutdown()
    }

    @Test func aPortThatIsTaken() async throws {
        let server = try await SandboxServer.start()
        do {
            _ = try await SandboxServer.start(port: server.port)
            Issue.record("two servers on one port")
        } catch {
            #expect(error.description.hasPrefix("the sandbox cannot listen on 127.0.0.1 port \(server.port): "))
        }
        await server.shutdown()
    }

    /// A client that insists on TLS and authentication.
    @Test func aSessionWithTLSAndAUTH() async throws {
        let server = try await SandboxServer.start()
        var tls = SMTPSecurity.standardTLS
        tls.certificateVerification = .none
        let session = try await SMTPSession.connect(
            SMTPConfiguration(
                host: "127.0.0.1", port: server.port, identity: .loopback, security: try .required(tls),
                credentials: SMTPCredentials(username: "anybody", password: "anything")))
        var message = try await session.open(from: "a@example.org", to: "b@example.net")
        try await message.write("Subject: secret\r\n\r\nHi\r\n")
        _ = try await message.close()
        try await session.disconnect()
        #expect(server.inbox.all().first?.content.subject == "secret")
        await server.shutdown()
    }

    /// It verifies against itself, and is for the name that the greeting gives.
    @Test func theCertificateIsSound() throws {
        let certificate = try SelfSignedCertificate(name: "localhost").certificate()
        #expect(certificate._subjectAlternativeNames().count == 1)
    }
}
