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
        (try? JSONSyntax(body)).flatMap { DocumentOutline(body, $0, place: MessageDocument.place(of:)) }
    }

    private static func decoded(_ body: [UInt8], _ name: String = "text") -> String? {
        let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
        return object?[name] as? String
    }

    /// All that a document says but its dictionary, of which no order is given.
    private static func facts(_ document: MessageDocument) -> [String] {
        Mirror(reflecting: document).children.filter { $0.label != "places" }.map { String(describing: $0) }
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
            #expect(outline.values.map(\.name) == ["from", "to"])
            #expect(outline.document == Array(#"[ "a@b.example",["c@d.example"]]"#.utf8))
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

    /// Whatever the order of the document, the values come in the order in which they are read. Null is as good as absent.
    @Test func valuesOfAnyKindArePassedOnInTheirOrder() throws {
        let json = #"""
            {"dsn":-1.5e3,"to":[1,{"c":"}]\"","d":[]},null],"x":1,"cc": null,"require_tls":true,"headers" :{},"from":""
            , "bcc":null ,"a/b":{"from":2}}
            """#
        let outline = try #require(Self.outline(Array(json.utf8)))
        #expect(outline.values.map(\.name) == ["from", "to", "headers", "require_tls", "dsn"])
        #expect(outline.values.map { String(UnicodeScalar($0.beginning)) } == ["\"", "[", "{", "t", "-"])
        #expect(outline.unknown == ["x", "a/b"])
        #expect(outline.texts.isEmpty)
        let list = #"["",[1,{"c":"}]\"","d":[]},null],{},true,-1.5e3]"#
        #expect(String(decoding: outline.document, as: UTF8.self).filter { !$0.isNewline } == list)
        #expect(try #require(Self.outline([0x7B, 0x7D])).document == [0x5B, 0x5D])
    }

    /// A text inside another value, or one that is short, stays where it is.
    @Test func onlyLongTextsOfTheDocumentAreTaken() throws {
        let json = #"{"text":"short","headers":{"html":"\#(Self.filler)"},"subject":"\#(Self.filler)"}"#
        let outline = try #require(Self.outline(Array(json.utf8)))
        #expect(outline.texts.isEmpty)
        #expect(outline.values.map(\.name) == ["subject", "text", "headers"])
    }

    /// Documents with members of the right and of wrong types, in any order, say the same with and without an outline.
    @Test func randomDocumentsReadTheSameInBothWays() throws {
        var random = SeededGenerator(seed: 21)
        let address = [#""a@b.example""#, #"{"name":"A","address":"a@b.example"}"#, #"["a@b.example"]"#, "1", #""@""#]
        let values = [
            "from": address, "to": address, "cc": address, "bcc": address, "reply_to": address,
            "subject": [#""s""#, #""\u00e9\n""#, "[]"], "text": [#""t""#, #""\#(Self.filler)\n""#, "{}"],
            "html": [#""<p>""#, #""\#(Self.filler)""#, "true"],
            "headers": [#"{"X-A":"b"}"#, #"{"X-A":1}"#, "[]"],
            "alternatives": [#"[{"content_type":"text/calendar","text":"x"}]"#, "[1]", "{}"],
            "attachments": [#"[{"filename":"a","content":"YQ=="},{"content":1}]"#, "[[]]", #""""#],
            "envelope": [#"{"from":"c@d.example"}"#, "1"], "recipient_policy": [#""all""#, #""some""#, "2"],
            "require_tls": ["true", #""true""#], "dsn": [#"{"return":"full"}"#, "false"], "more": ["1"],
        ]
        var refused = 0
        for _ in 0..<500 {
            let members = (values.keys.filter { $0 != "from" }.sorted().shuffled(using: &random).prefix(5) + ["from"])
                .shuffled(using: &random)
            let json = try members.map { name in
                // Most are the first, which is right: one that is not hides little of the others.
                let choices = (values[name] ?? []) + ["null"]
                let isFirst = Int.random(in: 0..<10, using: &random) < 8
                let value = try #require(isFirst ? choices.first : choices.randomElement(using: &random))
                return #""\#(name)": \#(value)"#
            }
            let body = Array("{\(json.joined(separator: " , "))}".utf8)
            let outline = try #require(Self.outline(body))
            let decoder = JSONDecoder()
            let whole = try decoder.decode(MessageDocument.self, from: Data(body))
            let parts = try decoder.decode(MessageDocument.self, from: Data(outline.document), configuration: outline)
            #expect(Self.facts(parts) == Self.facts(whole), "\(json)")
            #expect(parts.places == whole.places, "\(json)")
            refused += whole.errors.isEmpty ? 0 : 1
        }
        #expect((100..<450).contains(refused))
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
