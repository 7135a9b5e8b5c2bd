import Foundation
import TestSupport
import Testing

@testable import JSON

/// What is kept of a document, and what is left of it for a decoder.
struct JSONDocumentTests {
    private static func document(_ json: String) throws -> JSONDocument { try JSONDocument(Array(json.utf8)) }

    private static func reduced(_ json: String) throws -> String {
        String(decoding: try document(json).reduced, as: UTF8.self)
    }

    @Test(arguments: [
        ("{}", "[]"), ("[]", "[]"), ("7", "7"), (#""s""#, ""), ("[1, 2 ,{},[ ]]", "[1, 2,[],[]]"),
        (#"{ "a" : 1 , "b":[ 1, 2 ] , "c" : "x\n" }"#, "[1,[1, 2]]"),
        (#"{"a":null,"b":true,"c":null}"#, "[true]"),
        (#"{"a":{"b":{},"c":null},"d":false}"#, "[[[]],false]"),
        (#"[ {"a":1}, "x", {"b":[{"c":-1.5e3}, null]} ,[ ]]"#, "[[1],[[[-1.5e3],null]],[]]"),
        (#"{"a":[[{"b":1}],2],"c":3}"#, "[[[[1]],2],3]"),
        (#"{"a":"s","b":["s"],"c":{"d":"s","e":0}}"#, "[[],[0]]"),
        (#"["s",1,2,"s","s",null,{"a":"s"},3,"s"]"#, "[1,2,null,[],3]"),
        (#"{"a":"]}\",{","b":"é"}"#, "[]"),
    ])
    func objectsAreListsAndStringsAreLeftOut(json: String, reduced: String) throws {
        #expect(try Self.reduced(json) == reduced)
    }

    @Test func valuesStandWhereTheyAre() throws {
        let json = #"{"a":[1,{"b":"c"},[2],"d"],"\u0064":null,"e":"\u0065","f":{"g":0}}"#
        let document = try Self.document(json)
        let values = document.values
        #expect(values.map(document.name) == ["", "a", "", "b", "", "", "d", "e", "f", "g"])
        #expect(
            values.map(\.kind)
                == [.object, .list, .object, .string, .list, .string, .null, .string, .object, .number])
        #expect(values.map(\.end) == [10, 6, 4, 4, 5, 6, 7, 8, 10, 10])
        #expect(values.map(\.index) == [0, 0, 1, 0, 2, 3, 1, 2, 3, 0])
        #expect(values.map(\.count) == [4, 4, 1, 0, 1, 0, 0, 0, 1, 0])
        #expect(
            values.map { String(decoding: document.octets[$0.octets], as: UTF8.self) }[1] == #"[1,{"b":"c"},[2],"d"]"#)
        #expect([3, 5, 7, 9].map { document.text(of: values[$0]) } == ["c", "d", "e", "0"])
    }

    /// A string says what a decoder reads of it.
    @Test func randomTexts() throws {
        var random = SeededGenerator(seed: 20)
        let pieces = [
            #"\n"#, #"\r\t\b\f"#, #"\""#, #"\\"#, #"\/"#, #"\u0000"#, #"\u20ac"#, #"\uFFFF"#, #"\ud83d\ude00"#,
            #"\uDBFF\uDFFF"#,
            "a", "é", "😀", " ", "\u{7F}", "{", "]", ",", ":", "0123456789abcdef", #"\\u0041"#,
        ]
        for _ in 0..<2_000 {
            let text = (0..<Int.random(in: 0..<12, using: &random))
                .map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            let json = #"{"a":"\#(text)"}"#
            let document = try Self.document(json)
            let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: String]
            #expect(document.reduced == Array("[]".utf8))
            #expect(document.text(of: document.values[1]) == object?["a"], "\(text)")
        }
    }

    /// Whatever is in a document, what is left has the same values, but for the strings, in the same order.
    @Test func randomDocuments() throws {
        var random = SeededGenerator(seed: 21)
        func value(_ depth: Int) -> (json: String, reduced: String?) {
            switch Int.random(in: 0..<(depth > 3 ? 4 : 7), using: &random) {
            case 0: return ("null", nil)
            case 1: return ("true", "true")
            case 2: return ("-1.25", "-1.25")
            case 3: return (#""s\n""#, nil)
            case 4, 5:
                let members = (0..<Int.random(in: 0..<4, using: &random)).map {
                    (name: "m\($0)", value: value(depth + 1))
                }
                return (
                    "{" + members.map { " \"\($0.name)\" : \($0.value.json)" }.joined(separator: " ,") + "}",
                    "[" + members.compactMap(\.value.reduced).joined(separator: ",") + "]"
                )
            default:
                let elements = (0..<Int.random(in: 0..<4, using: &random)).map { _ in value(depth + 1) }
                // A list keeps what is null.
                let kept = elements.compactMap { $0.json == "null" ? $0.json : $0.reduced }
                return (
                    "[" + elements.map(\.json).joined(separator: ",") + "]", "[" + kept.joined(separator: ",") + "]"
                )
            }
        }
        for _ in 0..<1_000 {
            let (json, reduced) = value(0)
            guard json.hasPrefix("{") || json.hasPrefix("[") else { continue }
            #expect(try Self.reduced(json) == reduced, "\(json)")
        }
    }
}
