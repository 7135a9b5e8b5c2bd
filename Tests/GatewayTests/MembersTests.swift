import JSON
import TestSupport
import Testing

@testable import Gateway

/// The members of a document may stand in any order.
struct MembersTests {
    private static let filler = String(repeating: "x", count: 300)

    /// For each member the right values, then the wrong ones with the pointers to what is wrong.
    private static let address: [(String, [String])] = [
        (#""a@b.example""#, []), (#"{"name":"A","address":"a@b.example"}"#, []), ("null", []), ("1", [""]),
        (#""@""#, [""]),
        (#"{"email":"a@b.example","x":[{}],"name":null}"#, ["/x"]),
    ]
    private static let addresses: [(String, [String])] =
        address + [
            (#"["a@b.example", "A <a@c.example>"]"#, []),
            (#"[{"address":"a@b.example"},1,"@",[1],null]"#, ["/1", "/2", "/3", "/4"]),
            (#"["\#(filler)@b.example",{}]"#, ["/0", "/1/address"]),
            (#"[1,"a@b.example",true,{"address":"a@c.example","x":[{}]},"a@d.example"]"#, ["/0", "/2", "/3/x"]),
        ]
    private static let members: [(name: String, values: [(json: String, pointers: [String])])] = [
        ("to", addresses), ("cc", addresses), ("bcc", addresses), ("reply_to", addresses),
        ("subject", [(#""\u00e9""#, []), ("[]", [""])]),
        ("text", [(#""t""#, []), (#""\#(filler)\n""#, []), ("{}", [""]), ("-1.5", [""])]),
        ("html", [(#""<p>""#, []), (#""\#(filler)""#, []), ("true", [""])]),
        (
            "headers",
            [(#"{"X-A":"b","X-B":"\#(filler)"}"#, []), (#"{"X-A":1,"X-B":null}"#, ["/X-A", "/X-B"]), ("[]", [""])]
        ),
        (
            "alternatives",
            [
                (#"[{"content_type":"text/calendar","content":"x"}]"#, []), ("[1,[]]", ["/0", "/1"]), ("{}", [""]),
                (#"[{"encoding":"base64","content_type":"a/b","content":"?"}]"#, ["/0/content"]),
            ]
        ),
        (
            "attachments",
            [
                (#"[{"filename":"a","content":"YQ=="}]"#, []), (#"[{"content":1},{}]"#, ["/0/content", "/1/content"]),
                ("[[]]", ["/0"]), (#""""#, [""]),
            ]
        ),
        ("envelope", [(#"{"from":"c@d.example"}"#, []), (#"{"to":[],"from":"x"}"#, ["/to", "/from"]), ("1", [""])]),
        ("recipient_policy", [(#""all""#, []), (#""some""#, [""]), ("2", [""])]),
        ("require_tls", [("true", []), (#""true""#, [""])]),
        (
            "dsn",
            [
                (#"{"return":"full","notify":["never"]}"#, []), (#"{"notify":[1],"id":2}"#, ["/notify", "/id"]),
                (#"{"notify":["success",1]}"#, ["/notify"]),
                ("false", [""]),
            ]
        ),
        ("more", [("1", [""]), ("null", [""])]),
    ]

    /// All that a document says but its errors and its dictionary, of which no order is given.
    private static func facts(_ document: MessageDocument) -> [String] {
        Mirror(reflecting: document).children.filter { $0.label != "places" && $0.label != "errors" }
            .map { String(describing: $0) }
    }

    private static func read(_ members: [String]) throws -> MessageDocument {
        let json = "{" + members.joined(separator: " ,") + "}"
        return try DocumentCursor.decode(MessageDocument.self, from: JSONDocument(Array(json.utf8)))
    }

    @Test func anyOrderSaysTheSame() throws {
        var random = SeededGenerator(seed: 21)
        var refused = 0
        for _ in 0..<1_000 {
            var expected: Set<String> = []
            let members = try Self.members.shuffled(using: &random).prefix(6).map { name, values in
                let isFirst = Int.random(in: 0..<10, using: &random) < 7
                let value = try #require(isFirst ? values.first : values.randomElement(using: &random))
                expected.formUnion(value.pointers.map { "/" + name + $0 })
                return #""\#(name)": \#(value.json)"#
            }
            let one = try Self.read(members)
            let other = try Self.read(members.shuffled(using: &random))
            #expect(Set(one.errors.listed.map(\.pointer)) == expected, "\(members)")
            #expect(Set(one.errors.listed) == Set(other.errors.listed), "\(members)")
            #expect(Self.facts(one) == Self.facts(other), "\(members)")
            #expect(one.places == other.places)
            refused += expected.isEmpty ? 0 : 1
        }
        #expect((200..<900).contains(refused))
    }

    @Test func anUnknownMemberIsNamedOnce() throws {
        let document = try Self.read([#""x":1"#, #""to":{"y":1,"y":2}"#, #""x":2"#])
        #expect(document.errors.listed.map(\.pointer) == ["/x", "/to/y"])
    }

    /// A document is an object, also below the first level.
    @Test(arguments: ["[]", "1", "null", #""x""#, "[{}]", #""\#(filler)""#]) func whatIsNoObjectIsNone(json: String)
        throws
    {
        #expect(throws: (any Error).self) {
            try DocumentCursor.decode(MessageDocument.self, from: JSONDocument(Array(json.utf8)))
        }
    }
}
