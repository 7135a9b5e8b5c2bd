import Foundation
import Testing

@testable import JSON

/// Any JSON value, not looked at.
private struct Anything: Decodable {
    init(from decoder: any Decoder) {}
}

/// What is JSON and what is not (RFC 8259), and what is said of it.
@Suite(.timeLimit(.minutes(1))) struct JSONSyntaxTests {
    private static func octets(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static func deep(_ levels: Int) -> String {
        String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    }

    @Test(arguments: [
        "{}", "[]", "0", "-0", "-0.0e-0", "1E+30", "12.50", "\"\"", "null", "true", "false", " \t\r\n[ ] \n",
        "[[],{},[[]]]",
        #"{"a":{"a":[{"a":1},{"a":2}]},"b":null}"#, #"["\"\\\/\b\f\n\r\t\u00e4\uD83D\uDE00"]"#,
        "[\"ä€😀\u{7F}\u{2028}\"]",
        #"{"":0," ":0,"A":0,"a":0,"\u00e4":0,"ae":0}"#, "[1,2 , 3\n,4]", #"{"a" : 1 , "b":[ ]}"#, deep(512),
    ])
    func isJSON(_ text: String) throws {
        #expect(try JSONDocument(Self.octets(text)).repeatedCount == 0)
        // What is taken here can be decoded, too: nothing is left for the decoder to say.
        _ = try JSONDecoder().decode(Anything.self, from: Data(text.utf8))
        // Of a document that is null or a string nothing is left.
        let reduced = try JSONDocument(Self.octets(text)).reduced
        if text != "null", text != "\"\"" { _ = try JSONDecoder().decode(Anything.self, from: Data(reduced)) }
    }

    @Test(arguments: [
        // Commas, colons, brackets.
        (#"{"a":"b",}"#, "comma", 9), ("[1,]", "comma", 3), ("[1 ,\n ]", "comma", 6),
        ("{\"a\":[1,],\"b\":2}", "comma", 8),
        ("[,1]", "value", 1), ("[1,,2]", "value", 3), ("[,]", "value", 1), ("{,}", "name", 1),
        (#"{"a":1,,}"#, "name", 7),
        ("[1 2]", "separator", 3), (#"{"a":1 "b":2}"#, "separator", 7), (#"["a""b"]"#, "separator", 4),
        ("[1}", "separator", 2), (#"{"a":1]"#, "separator", 6), (#"{"a"}"#, "colon", 4), (#"{"a" 1}"#, "colon", 5),
        (#"{"a":}"#, "value", 5), ("{a:1}", "name", 1), ("{1:2}", "name", 1), ("{'a':1}", "name", 1),
        ("{[]:1}", "name", 1),
        ("['a']", "value", 1), ("// a\n{}", "value", 0), ("{/**/}", "name", 1), (deep(513), "depth", 512),
        // The end.
        ("", "end", 0), (" ", "end", 1), ("[", "end", 1), ("{", "end", 1), ("[1", "end", 2), ("[1,", "end", 3),
        (#"{"a""#, "end", 4), (#"{"a":"#, "end", 5), (#"{"a":1,"#, "end", 7), (#"["a"#, "end", 3), (#"["a\"#, "end", 4),
        ("{} {}", "trailing", 3), ("[]]", "trailing", 2), ("1 2", "trailing", 2), ("{}\0", "trailing", 2),
        ("{}\u{A0}", "trailing", 2), ("[] // a", "trailing", 3),
        // Numbers and words.
        ("[01]", "separator", 2), ("[-01]", "separator", 3), ("[-]", "number", 2), ("[--1]", "number", 2),
        ("[1.]", "number", 3), ("[.5]", "value", 1), ("[-.5]", "number", 2), ("[1e]", "number", 3),
        ("[1e+]", "number", 4),
        ("[+1]", "value", 1), ("[1.2.3]", "separator", 4), ("[1-2]", "separator", 2), ("[0x10]", "separator", 2),
        ("[NaN]", "value", 1), ("[Infinity]", "value", 1), ("[-Infinity]", "number", 2), ("[True]", "value", 1),
        ("[nul]", "value", 1), ("[nulll]", "separator", 5), ("[undefined]", "value", 1), ("-", "number", 1),
        // Strings.
        ("[\"a\tb\"]", "control", 3), ("[\"a\nb\"]", "control", 3), ("[\"\0\"]", "control", 2),
        ("{\"a\u{1F}\":1}", "control", 3), (#"["\x41"]"#, "escape", 2), (#"["\'"]"#, "escape", 2),
        (#"["\u12"]"#, "escape", 2), (#"["\u12G4"]"#, "escape", 2), (#"["\u+123"]"#, "escape", 2),
        (#"["\U0041"]"#, "escape", 2), (#"["\uD800"]"#, "escape", 2), (#"["\uDC00\uD800"]"#, "escape", 2),
        (#"["\uD800x"]"#, "escape", 2), (#"["\uD800\n"]"#, "escape", 2), (#"["\uD800\uD800"]"#, "escape", 2),
        // What stands in front.
        ("\u{FEFF}{}", "byteOrderMark", 0), ("\u{0B}{}", "value", 0), ("\u{A0}{}", "value", 0),
    ])
    func isNone(_ text: String, _ reason: String, _ offset: Int) {
        let error = #expect(throws: JSONSyntaxError.self) { try JSONDocument(Self.octets(text)) }
        #expect(error.map { "\($0.reason)" } == reason, "\(text.debugDescription)")
        #expect(error?.offset == offset, "\(text.debugDescription)")
    }

    @Test(
        arguments: [
            ([0xFF], 2), ([0xC0, 0x80], 2), ([0xED, 0xA0, 0x80], 2), ([0xF4, 0x90, 0x80, 0x80], 2), ([0xC3], 2),
            ([0x61, 0x80], 3),
        ] as [([UInt8], Int)])
    func isNotUTF8(_ content: [UInt8], _ offset: Int) {
        let error = #expect(throws: JSONSyntaxError.self) {
            try JSONDocument(Self.octets("[\"") + content + Self.octets("\"]"))
        }
        #expect(error?.reason == .notUTF8)
        #expect(error?.offset == offset)
    }

    @Test func objectsHaveABound() throws {
        func object(_ count: Int) -> [UInt8] {
            Self.octets("[{" + (0..<count).map { "\"m\($0)\":0" }.joined(separator: ",") + "}]")
        }
        #expect(try JSONDocument(object(2000)).repeatedCount == 0)
        let error = #expect(throws: JSONSyntaxError.self) { try JSONDocument(object(2001)) }
        #expect(error?.reason == .members)
        #expect(error?.description.contains("2000 are allowed") == true)
    }

    @Test func documentsHaveABound() throws {
        func document(_ count: Int) -> [UInt8] {
            Self.octets("[" + repeatElement("[]", count: count).joined(separator: ",") + "]")
        }
        #expect(try JSONDocument(document(JSONDocument.maximumValues - 1)).values.count == JSONDocument.maximumValues)
        let error = #expect(throws: JSONSyntaxError.self) { try JSONDocument(document(JSONDocument.maximumValues)) }
        #expect(error?.reason == .values)
        // Numbers in lists do not count.
        #expect(try JSONDocument(Self.octets("[" + String(repeating: "0,", count: 600_000) + "0]")).values.count == 1)
    }

    /// A hundred are listed, and very long paths are cut.
    @Test func whatStandsTwiceHasABound() throws {
        let twice = repeatElement(#""a":1"#, count: 1_999).joined(separator: ",")
        let name = String(repeating: "n", count: 100_000)
        let document = try JSONDocument(Self.octets(#"{"\#(name)":{"\#(name)":{\#(twice)}}}"#))
        #expect(document.repeatedCount == 1_998)
        #expect(document.repeated.count == JSONDocument.maximumRepeated)
        #expect(document.repeated.allSatisfy { $0.joined().utf8.count < 10_000 })
    }

    /// A long name is cut where it is listed: an escape at the cut is left out, wherever it is cut.
    @Test(arguments: [#"\n"#, #"\u00e9"#, #"\ud83d\ude00"#]) func anEscapeAtTheCutOfALongName(_ escape: String) throws {
        for length in 2_380...2_400 {
            let plain = String(repeating: "a", count: length)
            let name = plain + escape + "b"
            let document = try JSONDocument(Self.octets(#"{"\#(name)":1,"\#(name)":2}"#))
            let path = try #require(document.repeated.first?.first)
            #expect(document.repeatedCount == 1)
            #expect(path.hasPrefix(String(plain.prefix(2_380))))
            #expect(path.utf8.count <= 2_400)
        }
    }

    /// Names are compared as they are, in small objects and large ones: two that only look alike are two.
    @Test func namesThatLookAlikeAreTwo() throws {
        let alike = "\"\u{E9}\":1,\"e\u{301}\":2"
        for document in ["{\(alike)}", "{\(alike),\(Self.many)}", "{\(alike),\"\\u0061\":3}"] {
            #expect(try JSONDocument(Self.octets(document)).repeatedCount == 0)
        }
    }

    @Test func otherEncodingsAreNone() {
        for bigEndian in [false, true] {
            let units = #"{"a":1}"#.utf16.map { bigEndian ? $0.bigEndian : $0.littleEndian }
            let body = units.flatMap { unit in withUnsafeBytes(of: unit, Array.init) }
            #expect(throws: JSONSyntaxError.self) { try JSONDocument(body) }
        }
    }

    private static let many = (0..<1000).map { "\"m\($0)\":0" }.joined(separator: ",")

    /// Of two members of one name a decoder would keep one and lose the other without a word.
    @Test(arguments: [
        (#"{"to":1,"to":2}"#, [["to"]]), (#"{"to":1,"t\u006f":2}"#, [["to"]]),
        (#"{"a":1,"b":2,"a":3,"a":4}"#, [["a"], ["a"]]),
        (#"{"headers":{"X":"1","Y":"2","X":"3"}}"#, [["headers", "X"]]),
        (#"[{"a":1},{"attachments":[{},{"x":{"b/c":1,"b/c":2}}]}]"#, [["1", "attachments", "1", "x", "b/c"]]),
        (#"{"a":[0,[0,{"b":{},"c":{"d":1,"d":2}}]],"a":0}"#, [["a", "1", "1", "c", "d"], ["a"]]),
        ("{\(many),\"m7\":0}", [["m7"]]), ("{\(many)}", []), (#"{"":1,"":2}"#, [[""]]),
    ])
    func membersGivenTwice(_ text: String, _ paths: [[String]]) throws {
        #expect(try JSONDocument(Self.octets(text)).repeated == paths)
    }
}
