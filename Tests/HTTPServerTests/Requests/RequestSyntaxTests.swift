import Foundation
import Synchronization
import TestSupport
import Testing

@testable import HTTPServer

/// What RFC 9112 has a server accept and reject, request by request.
@Suite(.timeLimit(.minutes(2))) struct RequestSyntaxTests {
    /// A legal request is handled, and the connection is kept for the next.
    @Test(arguments: RequestCase.legal) func aLegalRequestIsHandled(_ request: RequestCase) async throws {
        let handler = TestHandler()
        let server = try startServer(handler)
        let connection = try RawConnection(port: server.port)
        try connection.send(request.octets)
        var answer = await connection.readAnswer()
        if answer?.status == 100 { answer = await connection.readAnswer() }
        #expect(answer?.status == 200)
        try connection.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(await connection.readAnswer()?.text == "GET /next - 0")
        #expect(handler.handled.withLock { $0 } == 2)
        await server.drain(grace: .seconds(5))
        await server.stop()
    }

    /// What is refused gets one response with an id, reaches no handler, and ends the connection: what follows on it is
    /// not taken for a request.
    @Test(arguments: RequestCase.refused) func aRefusedRequestEndsTheConnection(_ request: RequestCase) async throws {
        let handler = TestHandler()
        let server = try startServer(handler)
        let connection = try RawConnection(port: server.port)
        try? connection.send(request.octets + Array("GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        let text = await connection.readToEnd()
        let answer = try #require(HTTPAnswer(Array(text.utf8)))
        #expect(request.statuses.contains(answer.status), "\(text)")
        #expect(answer.field("x-request-id") != nil)
        #expect(answer.field("connection") == "close")
        #expect(text.components(separatedBy: "\r\nConnection: close\r\n").count == 2)
        #expect(handler.handled.withLock { $0 } == 0)
        #expect(handler.answered.withLock { $0 } == [answer.status])
        await server.drain(grace: .seconds(5))
        await server.stop()
    }

    @Test func theSuiteIsLarge() {
        #expect(RequestCase.legal.count + RequestCase.refused.count >= 150)
    }

    // MARK: The reader alone

    /// What a reader makes of octets that arrive in pieces: the sections, the bodies, and why it refuses.
    private static func read(_ octets: [UInt8], in pieces: [Range<Int>]) -> [String] {
        var reader = RequestReader(limit: 32 * 1024)
        var found: [String] = []
        var body = ""
        do throws(HTTPRequestError) {
            for piece in pieces {
                let span = octets.span.extracting(piece)
                var index = 0
                while true {
                    switch try reader.next(span, from: &index) {
                    case .section(let section):
                        found.append("\(section.method) \(section.path) \(section.headers.fields)")
                    case .announcement: continue
                    case .body(let range):
                        body += String(
                            decoding: octets[piece][(piece.lowerBound + range.lowerBound)...].prefix(range.count),
                            as: UTF8.self)
                        index = range.upperBound
                        _ = reader.consume(range.count)
                    case .end, nil: break
                    }
                    guard index < span.count || reader.isComplete else { break }
                    if reader.isComplete {
                        found.append("body \(body)")
                        body = ""
                        reader.begin()
                    }
                }
            }
        } catch {
            found.append("\(error.status) \(error)")
        }
        return found
    }

    /// Where the pieces of a request are cut makes no difference.
    @Test(arguments: (RequestCase.legal + RequestCase.refused).filter { $0.octets.count < 400 })
    func aRequestIsReadAlikeAtEverySplit(_ request: RequestCase) {
        let octets = request.octets + Array("GET /next HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
        let whole = Self.read(octets, in: [0..<octets.count])
        for place in 0...octets.count {
            #expect(Self.read(octets, in: [0..<place, place..<octets.count]) == whole, "split at \(place)")
        }
        #expect(Self.read(octets, in: octets.indices.map { $0..<($0 + 1) }) == whole)
    }

    /// Requests in which octets were changed, left out, doubled and joined: cut anywhere, they are read alike, and no octet
    /// makes the reader trap.
    @Test func mutatedRequestsAreReadAlike() {
        var generator = SeededGenerator(seed: 9112)
        let cases = (RequestCase.legal + RequestCase.refused).map(\.octets).filter { $0.count < 400 }
        let special: [UInt8] = Array("\r\n\t :;,/?#%0123456789abcdefXGET".utf8) + [0x00, 0x7F, 0x80, 0xFF]
        for _ in 0..<3000 {
            var octets = cases.randomElement(using: &generator) ?? []
            if Bool.random(using: &generator) { octets += cases.randomElement(using: &generator) ?? [] }
            for _ in 0..<Int.random(in: 0...4, using: &generator) where !octets.isEmpty {
                let place = Int.random(in: 0..<octets.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: octets[place] = special.randomElement(using: &generator) ?? 0
                case 1: octets.insert(special.randomElement(using: &generator) ?? 0, at: place)
                case 2: octets.remove(at: place)
                default: octets[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                }
            }
            let whole = Self.read(octets, in: [0..<octets.count])
            let cuts = (0..<5).map { _ in Int.random(in: 0...octets.count, using: &generator) }.sorted()
            let pieces = zip([0] + cuts, cuts + [octets.count]).map { $0..<$1 }
            #expect(Self.read(octets, in: pieces) == whole, "\(String(decoding: octets, as: UTF8.self)) at \(cuts)")
        }
    }

    /// An absolute target names the host, whatever the Host field says (RFC 9112, section 3.2.2).
    @Test func anAbsoluteTargetBeatsTheHostField() throws {
        let text = "GET http://a.example:81/now HTTP/1.1\r\nHost: b.example\r\n\r\n"
        let section = try RequestSection(Array(text.utf8).span)
        #expect(section.headers.values("host") == ["a.example:81"])
        #expect(section.path == "/now")
    }

    @Test func anEncodedSlashSeparatesNothing() throws {
        let section = try RequestSection(Array("GET /messages%2Fbatch%2f HTTP/1.1\r\nHost: x\r\n\r\n".utf8).span)
        #expect(section.path == "/messages%2Fbatch%2F")
    }

    @Test func aThousandParametersAreRead() throws {
        let query = (0..<1000).map { "to=b\($0)@example.net" }.joined(separator: "&")
        let section = try RequestSection(Array("GET /?\(query) HTTP/1.1\r\nHost: x\r\n\r\n".utf8).span)
        #expect(section.query.parameters.count == 1000)
        #expect(section.query.parameters.last?.value == "b999@example.net")
    }
}
