import Foundation
import MailAddress
import Testing

@testable import Gateway

/// What is written as JSON, read again by a decoder.
@Suite struct JSONTextTests {
    private static func written(_ text: String) -> [UInt8] {
        var json = JSONText()
        json.array(["", text, text + text]) { $0.value($1) }
        return json.bytes
    }

    @Test func everyOctetReadsAsItWas() throws {
        for octet in UInt8.min..<0x80 {
            let character = String(Unicode.Scalar(octet))
            for text in [
                character, "a" + character, character + "a", "line one\r\n\(character)\r\nline three é😀 \(character)",
            ] {
                let bytes = Self.written(text)
                #expect(bytes.allSatisfy { $0 >= 0x20 })
                #expect(try JSONDecoder().decode([String].self, from: Data(bytes)) == ["", text, text + text])
            }
        }
    }

    @Test(arguments: ["ann@example.org", #""a \"b\\ c"@example.org"#, #""a b"@example.org"#, "jürgen@example.org"])
    func addressesReadAsTheyWere(_ text: String) throws {
        var json = JSONText()
        let address = try AddrSpec(text)
        json.array([address, address]) { $0.value($1) }
        #expect(try JSONDecoder().decode([String].self, from: Data(json.bytes)) == [text, text])
    }

    @Test(arguments: [0, 1, 9, 10, 11, 99, 100, 101, 999, 1_000, 123_456_789, .max, -1, -10, -999, .min])
    func numbersReadAsTheyWere(_ number: Int) throws {
        var json = JSONText()
        json.array([number]) { $0.value($1) }
        #expect(String(decoding: json.bytes, as: UTF8.self) == "[\(number)]")
    }

    @Test(arguments: [
        (0, "0.000"), (1, "0.001"), (10, "0.010"), (999, "0.999"), (1_000, "1.000"), (1_234_567, "1234.567"),
        (-1, "-0.001"), (-1_500, "-1.500"),
    ])
    func thousandthsHaveThreePlaces(_ number: Int, _ text: String) {
        var json = JSONText()
        json.array([number]) { $0.value(thousandths: $1) }
        #expect(String(decoding: json.bytes, as: UTF8.self) == "[\(text)]")
    }
}
