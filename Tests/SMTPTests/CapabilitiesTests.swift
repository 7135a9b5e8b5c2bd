import NIOCore
import TestSupport
import Testing

@testable import SMTP

struct EHLOCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Expectation: Decodable, Sendable {
        let pipelining: Bool?
        let size: Int?
        let eight_bit_mime: Bool?
        let smtputf8: Bool?
        let enhanced_status_codes: Bool?
        let dsn: Bool?
        let starttls: Bool?
        let chunking: Bool?
        let binary_mime: Bool?
        let require_tls: Bool?
        let deliver_by: Int?
        let mt_priority: String?
        let auth: [String]?
        let limits: [String: Int]?
    }

    let id: String
    let source: String
    let reply: String
    let expect: Expectation

    var testDescription: String { "\(id) (\(source))" }

    static let all: [EHLOCase] = SharedCases.rows("ehlo.json")
}

@Suite struct CapabilitiesTests {
    @Test func casesArePresent() {
        #expect(EHLOCase.all.count >= 20)
    }

    /// What a case does not name is not offered.
    @Test(arguments: EHLOCase.all) func offered(_ row: EHLOCase) throws {
        var parser = ReplyParser()
        parser.append(ByteBuffer(string: row.reply))
        let capabilities = Capabilities(try #require(try parser.next()))
        #expect(capabilities.pipelining == row.expect.pipelining ?? false)
        #expect(capabilities.size == row.expect.size)
        #expect(capabilities.eightBitMIME == row.expect.eight_bit_mime ?? false)
        #expect(capabilities.smtpUTF8 == row.expect.smtputf8 ?? false)
        #expect(capabilities.enhancedStatusCodes == row.expect.enhanced_status_codes ?? false)
        #expect(capabilities.dsn == row.expect.dsn ?? false)
        #expect(capabilities.startTLS == row.expect.starttls ?? false)
        #expect(capabilities.chunking == row.expect.chunking ?? false)
        #expect(capabilities.binaryMIME == row.expect.binary_mime ?? false)
        #expect(capabilities.requireTLS == row.expect.require_tls ?? false)
        #expect(capabilities.deliverBy == row.expect.deliver_by)
        #expect(capabilities.messageTransferPriority == row.expect.mt_priority)
        #expect(capabilities.authentication == row.expect.auth ?? [])
        #expect(capabilities.limits.mailMaximum == row.expect.limits?["MAILMAX"])
        #expect(capabilities.limits.recipientMaximum == row.expect.limits?["RCPTMAX"])
        #expect(capabilities.limits.recipientDomainMaximum == row.expect.limits?["RCPTDOMAINMAX"])
    }
}
