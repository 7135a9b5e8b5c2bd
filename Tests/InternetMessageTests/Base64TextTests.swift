import Foundation
import InternetMessage
import Testing

@Suite struct Base64TextTests {
    /// What an attachment of that content becomes.
    private func written(_ text: Base64Text) throws -> String {
        let composed = try Samples.composed { $0.attachments = [Attachment(filename: nil, content: .base64(text))] }
        return try #require(try ParsedEntity(Array(composed.utf8)).parts.first).content
    }

    private func expected(_ octets: [UInt8]) -> String {
        Data(octets).base64EncodedString(options: [
            .lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed,
        ])
    }

    @Test func everyLengthIsCutIntoTheSameLines() throws {
        for count in Array(0...240) + [570, 571, 572, 4_559, 4_560, 4_561] {
            let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 3) }
            let plain = Data(octets).base64EncodedString()
            let bare = try Base64Text(plain)
            #expect(bare.decodedCount == count)
            #expect(bare.decoded() == octets)
            #expect(try written(bare) == expected(octets))
            let lines = try Base64Text(Data(octets).base64EncodedString(options: .lineLength64Characters))
            #expect(lines.decoded() == octets)
            #expect(try written(lines) == expected(octets))
            let escaped = plain.replacing("/", with: "\\/").replacing("A", with: "A\\r\\n")
            let read = try Base64Text(Array(escaped.utf8)[...], notation: .escaped)
            #expect(read.decoded() == octets)
            #expect(try written(read) == expected(octets))
        }
    }

    @Test func everyOctetIsDecoded() throws {
        let octets = (0...255).map { UInt8($0) }
        #expect(try Base64Text(Data(octets).base64EncodedString()).decoded() == octets)
    }

    @Test func bitsThatStandForNothingAreZeroWhenWritten() throws {
        #expect(try written(Base64Text("QR==")) == "QQ==")
        #expect(try written(Base64Text("QUJ=")) == "QUI=")
    }

    @Test(arguments: [
        ("Q", 1, "middle of a group"), ("QQ", 2, "middle of a group"), ("QQ=", 3, "middle of a group"),
        ("QQ==QQ==", 4, "letters, digits"), ("Q===", 1, "padding"), ("=", 0, "padding"), ("QUJD=", 4, "padding"),
        ("QQ===", 4, "padding"), ("a-b_", 1, "alphabet for URLs"), ("QUI-", 3, "alphabet for URLs"),
        ("QU I=", 2, "letters, digits"), ("é===", 0, "letters, digits"), ("QUJD\u{0}", 4, "letters, digits"),
        ("QUJ\\/", 3, "letters, digits"),
    ])
    func anythingElseIsRefused(text: String, offset: Int, reason: String) {
        let error = #expect(throws: Base64Error.self) { try Base64Text(text) }
        #expect(error?.offset == offset)
        #expect(error?.description.contains(reason) == true)
    }

    @Test func readingStopsWhereThereIsNoBase64() throws {
        let text = Array(#""QUJD\nQQ==","x""#.utf8)
        let (read, end) = try Base64Text.read(text[1...], notation: .escaped)
        #expect(read.decoded() == Array("ABCA".utf8))
        #expect(text[end...].starts(with: Array(#"",""#.utf8)))
        #expect(throws: Base64Error.self) { try Base64Text.read(Array(#"QUJ","#.utf8)[...], notation: .escaped) }
    }

    @Test func textIsDecodedForTheRightEncoding() throws {
        let csv = Attachment(
            filename: nil, content: .base64(try Base64Text("YSxiDQoxLDINCg==")), contentType: try MediaType("text/csv"))
        let part = try ParsedEntity(Array(Samples.composed { $0.attachments = [csv] }.utf8)).parts[0]
        #expect(part.raw("Content-Transfer-Encoding") == "Content-Transfer-Encoding: 7bit")
        #expect(part.content == "a,b\r\n1,2\r\n")
    }
}
