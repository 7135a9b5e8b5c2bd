import InternetMessage
import Testing

@Suite struct MediaTypeTests {
    @Test(arguments: [
        ("text/plain", "text/plain"),
        ("TEXT/Plain ; Charset=UTF-8;", "text/plain; charset=UTF-8"),
        ("text/calendar; method=REQUEST", "text/calendar; method=REQUEST"),
        ("a/b; c=\"d; \\\"e\\\"\"", "a/b; c=\"d; \\\"e\\\"\""),
        ("application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
        ("a/b; name=\"日本.pdf\"", "a/b; name=\"日本.pdf\""),
    ])
    func typeIsRead(text: String, description: String) throws {
        let type = try MediaType(text)
        #expect(type.description == description)
        #expect(try MediaType(type.description) == type)
    }

    @Test(arguments: [
        "", "x", "text/", "/plain", "text/plain charset=x", "text/plain; charset", "text/plain; =x",
        "text/plain; a=b c",
        "text/plain; a=\"b", "text/plain; a=\"b\\", "text/pl\u{E4}in", "text/plain; a=b; A=c", "a/b/c",
        "text/plain\r\nBcc: x", "text/plain; a=\"\r\n\"", "text/plain; a=\"\u{0}\"", "text/plain, text/html",
    ])
    func anythingElseIsRefused(text: String) {
        #expect(throws: HeaderError.self) { try MediaType(text) }
    }

    @Test func parametersAreFound() throws {
        let type = try MediaType("text/plain; Method=\"a b\"; x=y")
        #expect(type.parameter("METHOD") == "a b")
        #expect(type.parameter("z") == nil)
        #expect(throws: HeaderError.self) { try MediaType("a/b" + (0...32).map { "; p\($0)=1" }.joined()) }
        let name = String(repeating: "x", count: 128)
        for text in ["a/b; \(name)=c", "a/\(name)", "\(name)/b"] {
            #expect(throws: HeaderError.self) { try MediaType(text) }
        }
        #expect(throws: HeaderError.self) { try MediaType("a/b; c=" + String(repeating: "x", count: 2_048)) }
    }

    @Test(arguments: ["logo", "<logo>", "a@b.example"])
    func contentIDIsTaken(text: String) throws {
        #expect(try ContentID(text).description == text.filter { $0 != "<" && $0 != ">" })
    }

    @Test(arguments: ["", "<>", "a b", "a\r\nb", "é", "a>b", "a\u{0}", "\"", String(repeating: "x", count: 201)])
    func contentIDIsRefused(text: String) {
        #expect(throws: HeaderError.self) { try ContentID(text) }
    }
}
