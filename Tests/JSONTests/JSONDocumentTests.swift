import Foundation
import TestSupport
import Testing

@testable import JSON

/// What is kept of a document, and what is left of it for a decoder.
struct JSONDocumentTests {
    private static let filler = String(repeating: "x", count: JSONDocument.minimumLongOctets)

    private static func document(_ json: String) throws -> JSONDocument { try JSONDocument(Array(json.utf8)) }

    private static func reduced(_ json: String) throws -> String {
        String(decoding: try document(json).reduced, as: UTF8.self)
    }

    @Test(arguments: [
        ("{}", "[]"), ("[]", "[]"), ("7", "7"), (#""s""#, #""s""#), ("[1, 2 ,{},[ ]]", "[1, 2 ,[],[ ]]"),
        (#"{ "a" : 1 , "b":[ 1, 2 ] , "c" : "x\n" }"#, #"[1,[ 1, 2 ],"x\n"]"#),
        (#"{"a":null,"b":true,"c":null}"#, "[true]"),
        (#"{"a":{"b":{},"c":null},"d":false}"#, "[[[]],false]"),
        (#"[ {"a":1}, "x", {"b":[{"c":-1.5e3}, null]} ,[ ]]"#, #"[ [1], "x", [[[-1.5e3], null]] ,[ ]]"#),
        (#"{"a":[[{"b":1}],2],"c":3}"#, "[[[[1]],2],3]"),
        (#"{"a":"L","b":["L"],"c":{"d":"L","e":0}}"#, #"[["L"],[0]]"#),
        (#"{"a":"]}\",{","b":"é"}"#, #"["]}\",{","é"]"#),
    ])
    func objectsAreLists(json: String, reduced: String) throws {
        func long(_ text: String) -> String { text.replacing("L", with: Self.filler) }
        #expect(try Self.reduced(long(json)) == long(reduced))
    }

    @Test func valuesStandWhereTheyAre() throws {
        let json = #"{"a":[1,{"b":"c"},[2]],"\u0064":null,"e":"\#(Self.filler)","f":{"g":0}}"#
        let document = try Self.document(json)
        let values = document.values
        #expect(values.map(document.name) == ["", "a", "", "b", "", "d", "e", "f", "g"])
        #expect(
            values.map(\.kind) == [.object, .list, .object, .string, .list, .null, .longString, .object, .number])
        #expect(values.map(\.end) == [9, 5, 4, 4, 5, 6, 7, 9, 9])
        #expect(values.map(\.index) == [0, 0, 1, 0, 2, 1, 2, 3, 0])
        #expect(values.map(\.count) == [4, 3, 1, 0, 1, 0, 0, 1, 0])
        #expect(values.map { String(decoding: document.octets[$0.octets], as: UTF8.self) }[1] == #"[1,{"b":"c"},[2]]"#)
        #expect(document.text(of: values[3]) == "c")
        #expect(document.text(of: values[6]) == Self.filler)
        #expect(document.text(of: values[8]) == "0")
    }

    /// A long string says what a decoder reads of it.
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
            let json = #"{"a":"\#(text)\#(Self.filler)"}"#
            let document = try Self.document(json)
            let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: String]
            #expect(document.reduced == Array("[]".utf8))
            #expect(document.text(of: document.values[1]) == object?["a"], "\(text)")
        }
    }

    /// Whatever is in a document, what is left has the same values in the same order.
    @Test func randomDocuments() throws {
        var random = SeededGenerator(seed: 21)
        func value(_ depth: Int) -> (json: String, reduced: String?) {
            switch Int.random(in: 0..<(depth > 3 ? 5 : 8), using: &random) {
            case 0: return ("null", nil)
            case 1: return ("true", "true")
            case 2: return ("-1.25", "-1.25")
            case 3: return (#""s\n""#, #""s\n""#)
            case 4: return ("\"\(Self.filler)\"", nil)
            case 5, 6:
                let members = (0..<Int.random(in: 0..<4, using: &random)).map {
                    (name: "m\($0)", value: value(depth + 1))
                }
                return (
                    "{" + members.map { " \"\($0.name)\" : \($0.value.json)" }.joined(separator: " ,") + "}",
                    "[" + members.compactMap(\.value.reduced).joined(separator: ",") + "]"
                )
            default:
                let elements = (0..<Int.random(in: 0..<4, using: &random)).map { _ in value(depth + 1) }
                // In a list nothing is left out.
                return (
                    "[" + elements.map(\.json).joined(separator: " , ") + "]",
                    "[" + elements.map { $0.reduced ?? $0.json }.joined(separator: " , ") + "]"
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
