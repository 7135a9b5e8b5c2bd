import Foundation
import TestSupport
import Testing

@testable import Gateway

/// What is read beside the decoder has to be what the decoder would have read.
struct DocumentOutlineTests {
    private static let filler = String(repeating: "x", count: JSONSyntax.minimumTextOctets)

    /// A document with a long text, which is given as it stands between its quotes.
    private static func body(_ text: String, name: String = "text") -> [UInt8] {
        Array(#"{ "from" : "a@b.example", "\#(name)":"\#(text)\#(filler)" , "to":["c@d.example"]}"#.utf8)
    }

    private static func outline(_ body: [UInt8]) -> DocumentOutline? {
        (try? JSONSyntax(body)).flatMap { DocumentOutline(body, $0) }
    }

    private static func decoded(_ body: [UInt8], _ name: String = "text") -> String? {
        let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        return object?[name] as? String
    }

    @Test(arguments: [
        "", "plain", #"a\nb\r\n\tc"#, #"\"\\\/\b\f"#, #"\u0041\u00e9\u20AC\u0000\uFFFF"#, #"\ud83d\ude00\uDBFF\uDFFF"#,
        "é €😀 ع", #"\\u0041\\"#, "]}],{[\\\"",
    ])
    func aLongTextIsWhatTheDecoderReads(text: String) throws {
        for name in ["text", "html"] {
            let body = Self.body(text, name: name)
            let outline = try #require(Self.outline(body))
            #expect(outline.text(name) == Self.decoded(body, name))
            #expect(outline.names.map(\.stringValue) == ["from", name, "to"])
            #expect(Self.decoded(outline.document, name) == "")
            #expect(Self.decoded(outline.document, "from") == "a@b.example")
        }
    }

    @Test(arguments: [
        #"\x"#, #"\u12"#, #"\u12G4"#, #"\uD800"#, #"\uD800\u0041"#, #"\uDC00"#, #"\uD800\n"#, "a\nb", "a\u{1}b",
    ])
    func aTextThatIsNotRightIsLeftToTheDecoder(text: String) {
        #expect(Self.outline(Self.body(text)) == nil)
    }

    @Test func octetsThatAreNoUTF8AreLeftToTheDecoder() throws {
        let body = Self.body("AA")
        let place = try #require(body.firstRange(of: Array("AA".utf8)))
        for octets: [UInt8] in [[0xC3, 0x28], [0xFF, 0x41], [0xC0, 0x80], [0xED, 0xA0]] {
            var broken = body
            broken.replaceSubrange(place, with: octets)
            #expect(Self.outline(broken) == nil)
        }
    }

    @Test(arguments: [
        "", "[]", "1", #"[{"a":1}]"#, #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, #"{"a":{"b":1,"b":2}}"#, #"{"a":1,}"#,
    ])
    func whatIsNotRegularIsLeftToTheDecoder(json: String) {
        #expect(Self.outline(Array(json.utf8)) == nil)
    }

    @Test func valuesOfAnyKindArePassedOver() throws {
        let json = #"{"a":-1.5e3,"b":[1,{"c":"}]\"","d":[]},null],"e":true,"f":{},"g":"","h" : null }"#
        let outline = try #require(Self.outline(Array(json.utf8)))
        #expect(outline.names.map(\.stringValue) == ["a", "b", "e", "f", "g", "h"])
        #expect(outline.texts.isEmpty)
        #expect(outline.document == Array(json.utf8))
    }

    /// A text inside another value, or one that is short, stays where it is.
    @Test func onlyLongTextsOfTheDocumentAreTaken() throws {
        let json = #"{"text":"short","headers":{"html":"\#(Self.filler)"},"subject":"\#(Self.filler)"}"#
        let outline = try #require(Self.outline(Array(json.utf8)))
        #expect(outline.texts.isEmpty)
        #expect(outline.document == Array(json.utf8))
    }

    /// Texts of random pieces, read in both ways.
    @Test func randomTexts() throws {
        var random = SeededGenerator(seed: 20)
        let pieces = [
            #"\n"#, #"\""#, #"\\"#, #"\u0000"#, #"\u20ac"#, #"\ud83d\ude00"#, #"\uD83D"#, #"\q"#, "a", "é", "😀", " ",
            "\u{7F}",
            "{", "]", ",", ":",
        ]
        var taken = 0
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 0..<12, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }
            .joined()
            let body = Self.body(text)
            // The decoder takes half of a surrogate pair in places.
            let decoded = (try? JSONSyntax(body)) == nil ? nil : Self.decoded(body)
            let outline = Self.outline(body)
            #expect(outline?.text("text") == decoded, "\(text)")
            taken += outline == nil ? 0 : 1
        }
        #expect(taken > 200)
    }
}
