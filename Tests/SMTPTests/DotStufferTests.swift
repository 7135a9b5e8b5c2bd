import NIOCore
import TestSupport
import Testing

@testable import SMTP

struct StuffingCase: Decodable, Sendable, CustomTestStringConvertible {
    let id: String
    let source: String
    let written: String
    let wire: String

    var testDescription: String { "\(id) (\(source))" }

    static let all: [StuffingCase] = SharedCases.rows("dot_stuffing.json")
}

@Suite struct DotStufferTests {
    @Test func casesArePresent() {
        #expect(StuffingCase.all.count >= 25)
    }

    @Test(arguments: StuffingCase.all) func inOnePiece(_ row: StuffingCase) {
        #expect(Self.wire([Array(row.written.utf8)]) == row.wire)
    }

    @Test(arguments: StuffingCase.all) func atEverySplit(_ row: StuffingCase) {
        let bytes = Array(row.written.utf8)
        for split in 0...bytes.count {
            #expect(Self.wire([Array(bytes[..<split]), Array(bytes[split...])]) == row.wire, "split at \(split)")
        }
        #expect(Self.wire(bytes.map { [$0] }) == row.wire, "one by one")
    }

    private static func wire(_ pieces: [[UInt8]]) -> String {
        var stuffer = DotStuffer()
        var output = ByteBuffer()
        for piece in pieces { stuffer.write(piece, in: 0..<piece.count, into: &output) }
        stuffer.finish(into: &output)
        return String(buffer: output)
    }
}
