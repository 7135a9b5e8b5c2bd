import Logging
import TestSupport
import Testing

@testable import HTTPServer

@Suite(.timeLimit(.minutes(1))) struct RequestIdentifierTests {
    @Test(arguments: [
        "a", "0f8fad5b-d9cb-469f-a165-70867728950e", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "Root=1-67891233:abc/d+e=@~_.",
        String(repeating: "x", count: 128),
    ]) func wellFormed(_ text: String) {
        #expect(RequestIdentifier.isWellFormed(text))
    }

    @Test(arguments: ["", "a b", "a\"b", "a,b", "ü", "a\u{0}", "a\r\nb", String(repeating: "x", count: 129)])
    func notWellFormed(_ text: String) {
        #expect(!RequestIdentifier.isWellFormed(text))
    }

    @Test func newOnesAreWellFormedAndDiffer() {
        let many = (0..<10_000).map { _ in RequestIdentifier.make() }
        #expect(many.allSatisfy(RequestIdentifier.isWellFormed))
        #expect(Set(many).count == many.count)
    }

    /// Each kind of answer: of the handler, at once and later, a refusal, a body that is too large.
    @Test(arguments: [
        "GET /now HTTP/1.1\r\nHost: x\r\n", "GET /later HTTP/1.1\r\nHost: x\r\n",
        "POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n",
        "POST /now HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n", "GET /dropped HTTP/1.1\r\nHost: x\r\n",
    ]) func everyAnswerHasOne(_ head: String) async throws {
        let server = try startServer(TestHandler())
        let given = try RawConnection(port: server.port)
        try given.send(head + "X-Request-ID: mine-7\r\n\r\n")
        #expect(try #require(await given.readAnswer()).head.contains("\r\nx-request-id: mine-7"))
        let bad = try RawConnection(port: server.port)
        try bad.send(head + "X-Request-Id: not mine\r\n\r\n")
        let answer = try #require(await bad.readAnswer())
        let made = try #require(answer.field("x-request-id"))
        #expect(RequestIdentifier.isWellFormed(made) && made != "not mine")
        await server.drain(grace: .seconds(5))
        await server.stop()
    }
}
