import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import HTTPServer

/// Admits forms, and answers with what their parts are.
private final class FormHandler: HTTPHandler {
    static let maximumParts = 20
    let parts = Mutex<[HTTPFormPart]>([])

    func admit(_ head: HTTPRequestHead) -> HTTPAdmission {
        .form(maximumBodyBytes: 200_000, maximumParts: Self.maximumParts) { self.handle($0, responder: $1) }
    }

    func handle(_ request: HTTPFormRequest, responder: HTTPResponder) {
        parts.withLock { $0 = request.parts }
        let text = request.parts.map(Self.description).joined(separator: "\n")
        responder.respond(.plain(200, text.utf8.count < 10_000 ? text : "much"))
    }

    static func description(_ part: HTTPFormPart) -> String {
        let filename = part.filename.map { ";\($0)" } ?? ""
        let type = part.contentType.map { ";\($0)" } ?? ""
        return "\(part.name)\(filename)\(type)=\(String(decoding: part.content, as: UTF8.self).debugDescription)"
    }
}

@Suite(.timeLimit(.minutes(2))) struct FormTests {
    private static let boundary = "----b0undary"

    private static func start(_ handler: FormHandler) throws -> HTTPServer {
        var configuration = HTTPServerConfiguration(host: "127.0.0.1", port: 0)
        // A client that is slow is the matter of other tests, and under a sanitizer this one is.
        configuration.requestTimeout = .seconds(600)
        configuration.idleTimeout = .seconds(600)
        return try HTTPServer.start(configuration, handler: handler, logger: Logger(label: "test"))
    }

    private static func stop(_ server: HTTPServer) async {
        await server.drain(grace: .seconds(5))
        await server.stop()
    }

    private static func post(
        _ body: [UInt8], type: String, to connection: RawConnection
    ) async throws -> HTTPAnswer? {
        try connection.send(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: \(type)\r\nContent-Length: \(body.count)\r\n\r\n")
        try connection.send(body)
        return await connection.readAnswer()
    }

    /// Sends a body in chunks, each of which reaches the reader by itself.
    private static func post(
        _ body: [UInt8], splitAt places: [Int], type: String, to connection: RawConnection
    ) async throws -> HTTPAnswer? {
        var request = Array(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: \(type)\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
        var start = 0
        for end in places + [body.count] where end > start {
            request += Array("\(String(end - start, radix: 16))\r\n".utf8) + body[start..<end] + Array("\r\n".utf8)
            start = end
        }
        try connection.send(request + Array("0\r\n\r\n".utf8))
        return await connection.readAnswer()
    }

    private static func multipart(_ parts: String...) -> [UInt8] {
        Array((parts.map { "--\(boundary)\r\n\($0)\r\n" }.joined() + "--\(boundary)--\r\n").utf8)
    }

    private static let multipartType = "multipart/form-data; boundary=\(boundary)"
    private static let textType = "application/x-www-form-urlencoded"

    // MARK: Every split

    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let type: String
        let body: [UInt8]
        let parts: [String]
        var testDescription: String { name }
    }

    private static let disposition = "Content-Disposition: form-data; name="

    static let rows = [
        Row(
            name: "fields and a file", type: multipartType,
            body: multipart(
                "\(disposition)\"from\"\r\n\r\na@example.org",
                "\(disposition)\"to\"\r\n\r\nb@example.net", "\(disposition)\"to\"\r\n\r\nc@example.net",
                "\(disposition)\"f\"; filename=\"r.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n"),
            parts: [
                #"from="a@example.org""#, #"to="b@example.net""#, #"to="c@example.net""#,
                #"f;r.pdf;application/pdf="%PDF\r\n""#,
            ]),
        Row(
            name: "empty and not empty, of one name", type: multipartType,
            body: multipart(
                "\(disposition)\"to\"\r\n\r\n", "\(disposition)\"to\"\r\n\r\nx", "\(disposition)\"to\"\r\n\r\n",
                "\(disposition)\"to\"\r\n\r\n"),
            parts: [#"to="""#, #"to="x""#, #"to="""#, #"to="""#]),
        Row(
            name: "contents that look like delimiters", type: multipartType,
            body: multipart(
                "\(disposition)\"a\"\r\n\r\n\r\n--\(boundary.dropLast())\r\n\r\n-\r\r\n--",
                "\(disposition)\"a\"\r\n\r\n\r\n\r\n--", "\(disposition)\"b\"\r\n\r\n-\(boundary)x\r",
                "\(disposition)\"c\"\r\n\r\n\n--\(boundary)\n"),
            parts: [
                "a=\"\\r\\n--\(boundary.dropLast())\\r\\n\\r\\n-\\r\\r\\n--\"", #"a="\r\n\r\n--""#,
                "b=\"-\(boundary)x\\r\"", "c=\"\\n--\(boundary)\\n\"",
            ]),
        Row(
            name: "octets of every kind", type: multipartType,
            body: multipart(
                "\(disposition)\"a\"; filename=\"x\"\r\n\r\n\u{0}\u{0}\u{1}\u{0}",
                "\(disposition)\"ä b\"; filename=\"größe %22x%22.txt\"\r\n\r\né\u{0}"),
            parts: ["a;x=\"\\0\\0\u{1}\\0\"".replacing("\u{1}", with: "\\u{01}"), #"ä b;größe "x".txt="é\0""#]),
        Row(
            name: "quoted boundary, preamble, no line break at the end",
            type: "multipart/form-data; charset=utf-8; boundary=\"\(boundary)\"",
            body: Array("a -- preamble\r\n".utf8) + multipart("\(disposition)\"a\"\r\n\r\nb").dropLast(2),
            parts: [#"a="b""#]),
        Row(
            name: "names without quotes, as .NET sends them", type: multipartType,
            body: multipart(
                "Content-Type: text/plain; charset=utf-8\r\n\(disposition)from\r\n\r\na@example.org",
                "\(disposition)f; filename=a.pdf; filename*=utf-8''a.pdf\r\n\r\n1"),
            parts: [#"from;text/plain; charset=utf-8="a@example.org""#, #"f;a.pdf="1""#]),
        Row(
            name: "a boundary that is not last", type: "multipart/form-data; Boundary=\(boundary); charset=UTF-8;",
            body: multipart("\(disposition)\"a\"\r\n\r\nb"), parts: [#"a="b""#]),
        Row(
            name: "a quoted boundary before a parameter",
            type: "Multipart/Form-Data;boundary=\"\(boundary)\" ; charset=UTF-8",
            body: multipart("\(disposition)\"a\"\r\n\r\nb"), parts: [#"a="b""#]),
        Row(
            name: "a boundary of one character", type: "multipart/form-data; boundary=X",
            body: Array("--X\r\n\(disposition)\"a\"\r\n\r\n-X\r\n-X\r\n--X--".utf8), parts: [#"a="-X\r\n-X""#]),
        Row(
            name: "padding and an epilogue", type: multipartType,
            body: Array(
                "--\(boundary) \t\r\n\(disposition)\"a\"\r\n\r\nb\r\n--\(boundary)-- \r\n\r\n--\(boundary)\r\nx".utf8),
            parts: [#"a="b""#]),
        Row(
            name: "fields as lenient senders write them", type: multipartType,
            body: multipart(
                "content-disposition:form-data;NAME=a\r\n\r\n1",
                "Content-Disposition: FORM-DATA;\r\n\tname=\"b\";\r\n filename=\"c\"\r\nX-Other: 1\r\n\r\n2"),
            parts: [#"a="1""#, #"b;c="2""#]),
        Row(
            name: "quoted pairs and paths", type: multipartType,
            body: multipart(
                "\(disposition)\"a\"; filename=\"x\\\"y\"\r\n\r\n1",
                "\(disposition)\"a\"; filename=\"C:\\\\dir\\\\z\"\r\n\r\n2",
                "\(disposition)\"a\"; filename=\"C:\\dir\\z\"\r\n\r\n3",
                "\(disposition)\"a\"; filename=\"a;b\"; x=1\r\n\r\n4"),
            parts: [#"a;x"y="1""#, #"a;C:\dir\z="2""#, #"a;C:\dir\z="3""#, #"a;a;b="4""#]),
        Row(
            name: "a part without content or its line break", type: multipartType,
            body: Array(
                "--\(boundary)\r\n\(disposition)a\r\n\r\n--\(boundary)\r\n\(disposition)b\r\n\r\nc\r\n--\(boundary)--"
                    .utf8),
            parts: [#"a="""#, #"b="c""#]),
        Row(
            name: "text", type: textType,
            body: Array("from=a%40example.org&to=b%40example.net&to=&to=%63&text=Gr%C3%B6%C3%9Fe+1%2B1%3d2%26&x=".utf8),
            parts: [
                #"from="a@example.org""#, #"to="b@example.net""#, #"to="""#, #"to="c""#, #"text="Größe 1+1=2&""#,
                #"x="""#,
            ]),
    ]

    @Test(arguments: rows) func readsAtEverySplit(_ row: Row) async throws {
        let server = try Self.start(FormHandler())
        let connection = try RawConnection(port: server.port)
        let expected = row.parts.joined(separator: "\n")
        for place in 0...row.body.count {
            let answer = try await Self.post(row.body, splitAt: [place], type: row.type, to: connection)
            #expect(answer?.text == expected, "split at \(place)")
        }
        let everywhere = try await Self.post(
            row.body, splitAt: Array(0..<row.body.count), type: row.type, to: connection)
        #expect(everywhere?.text == expected)
        await Self.stop(server)
    }

    @Test func textAsPeopleWriteIt() async throws {
        let server = try Self.start(FormHandler())
        let connection = try RawConnection(port: server.port)
        let body = Array("&a=1=2&&b=100%&c=%zz%4&d=x\r\ny\n&e=\u{0}f&g=%%41%&h".utf8)
        let answer = try await Self.post(body, type: Self.textType, to: connection)
        #expect(
            answer?.text == #"""
                a="1=2"
                b="100%"
                c="%zz%4"
                d="x\r\ny\n"
                e="\0f"
                g="%A%"
                h=""
                """#)
        await Self.stop(server)
    }

    // MARK: Random forms

    /// Contents made of what delimiters are made of, in pieces of any size.
    @Test func randomForms() async throws {
        let handler = FormHandler()
        let server = try Self.start(handler)
        let connection = try RawConnection(port: server.port)
        var generator = SystemRandomNumberGenerator()
        let fragments = ["\r", "\n", "\r\n", "-", "--", "\r\n--", "\u{0}", "----b0undar", "b", "\r\n----", "é"].map {
            Array($0.utf8)
        }
        for _ in 0..<200 {
            var parts: [HTTPFormPart] = []
            var body: [UInt8] = []
            for _ in 0..<Int.random(in: 1...5, using: &generator) {
                let isFile = Bool.random(using: &generator)
                var content = (0..<Int.random(in: 0...12, using: &generator)).flatMap { _ in
                    fragments.randomElement(using: &generator) ?? []
                }
                if Int.random(in: 0..<10, using: &generator) == 0 {
                    content += [UInt8](repeating: UInt8.random(in: 0...255, using: &generator), count: 40_000)
                }
                // What would be the delimiter itself cannot be content.
                guard !content.contains(Array("\r\n--\(Self.boundary)".utf8)) else { continue }
                let name = ["to", "attachment"].randomElement(using: &generator) ?? ""
                parts.append(
                    HTTPFormPart(
                        name: name, filename: isFile ? "f" : nil, contentType: isFile ? "text/plain" : nil,
                        content: content))
                body += Array("--\(Self.boundary)\r\n\(Self.disposition)\"\(name)\"".utf8)
                body += Array((isFile ? "; filename=\"f\"\r\nContent-Type: text/plain" : "").utf8)
                body += Array("\r\n\r\n".utf8) + content + Array("\r\n".utf8)
            }
            guard !parts.isEmpty else { continue }
            body += Array("--\(Self.boundary)--\r\n".utf8)
            let places = (0..<6).map { _ in Int.random(in: 0...body.count, using: &generator) }.sorted()
            let answer = try await Self.post(body, splitAt: places, type: Self.multipartType, to: connection)
            #expect(answer?.status == 200, "\(body.count) at \(places): \(answer?.text ?? "")")
            #expect(handler.parts.withLock { $0 } == parts)
        }
        await Self.stop(server)
    }

    // MARK: What is refused

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        var type = multipartType
        let body: [UInt8]
        let says: String
        var testDescription: String { name }
    }

    static let refusals = [
        Refusal(name: "no boundary", type: "multipart/form-data", body: multipart("x"), says: "boundary"),
        Refusal(name: "two boundaries", type: multipartType + "; boundary=x", body: multipart("x"), says: "boundary"),
        Refusal(name: "empty boundary", type: "multipart/form-data; boundary=\"\"", body: [], says: "boundary"),
        Refusal(
            name: "boundary without an end", type: "multipart/form-data; boundary=\"x", body: [], says: "boundary"),
        Refusal(
            name: "boundary too long", type: "multipart/form-data; boundary=" + String(repeating: "x", count: 71),
            body: [], says: "boundary"),
        Refusal(name: "empty", body: [], says: "well formed"),
        Refusal(name: "another boundary", body: Array("--other\r\n\r\n--other--\r\n".utf8), says: "well formed"),
        Refusal(name: "no end", body: multipart("\(disposition)\"a\"\r\n\r\nb").dropLast(5), says: "well formed"),
        Refusal(name: "cut in a header", body: Array("--\(boundary)\r\n\(disposition)\"a".utf8), says: "well formed"),
        Refusal(name: "no name", body: multipart("Content-Disposition: form-data\r\n\r\nb"), says: "no usable name"),
        Refusal(name: "no disposition", body: multipart("Content-Type: text/plain\r\n\r\nb"), says: "no usable name"),
        Refusal(name: "empty name", body: multipart("\(disposition)\"\"\r\n\r\nb"), says: "no usable name"),
        Refusal(name: "two names", body: multipart("\(disposition)a; name=b\r\n\r\nb"), says: "no usable name"),
        Refusal(
            name: "name without an end", body: multipart("\(disposition)\"a\r\n\r\nb"), says: "no usable name"),
        Refusal(name: "NUL in a name", body: multipart("\(disposition)\"a\u{0}b\"\r\n\r\nb"), says: "no usable name"),
        Refusal(
            name: "another disposition", body: multipart("Content-Disposition: attachment; name=a\r\n\r\nb"),
            says: "no usable name"),
        Refusal(
            name: "delimiter with a tail", body: Array("--\(boundary)x\r\n\(disposition)a\r\n\r\nb\r\n".utf8),
            says: "well formed"),
        Refusal(
            name: "name that is not UTF-8",
            body: Array("--\(boundary)\r\n\(disposition)\"".utf8) + [0xE4]
                + Array("\"\r\n\r\nb\r\n--\(boundary)--\r\n".utf8),
            says: "no usable name"),
        Refusal(
            name: "file name that is not UTF-8",
            body: Array("--\(boundary)\r\n\(disposition)\"a\"; filename=\"".utf8) + [0xE4]
                + Array("\"\r\n\r\nb\r\n--\(boundary)--\r\n".utf8), says: "file name"),
        Refusal(
            name: "encoded part",
            body: multipart("\(disposition)\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\nYg=="),
            says: "Content-Transfer-Encoding"),
        Refusal(
            name: "nested",
            body: multipart(
                "\(disposition)\"a\"\r\nContent-Type: multipart/mixed; boundary=n\r\n\r\n--n\r\n"
                    + "Content-Disposition: file; filename=\"x\"\r\n\r\n1\r\n--n\r\nContent-Disposition: file; filename=\"y\"\r\n\r\n2\r\n--n--"
            ),
            says: "parts of its own"),
        Refusal(
            name: "too many parts",
            body: Array(String(repeating: "--\(boundary)\r\n\(disposition)\"a\"\r\n\r\nb\r\n", count: 21).utf8)
                + Array("--\(boundary)--\r\n".utf8), says: "20 parts"),
        Refusal(
            name: "endless header",
            body: multipart("\(disposition)\"\(String(repeating: "x", count: 60_000))\"\r\n\r\nb"),
            says: "well formed"),
        Refusal(name: "text without a name", type: textType, body: Array("a=1&=2".utf8), says: "no usable name"),
        Refusal(name: "text with NUL in a name", type: textType, body: Array("to%00x=1".utf8), says: "no usable name"),
        Refusal(
            name: "too many values", type: textType, body: Array(String(repeating: "a=1&", count: 21).utf8),
            says: "20 parts"),
        Refusal(
            name: "endless name", type: textType, body: Array(String(repeating: "x", count: 60_000).utf8),
            says: "well formed"),
    ]

    @Test(arguments: refusals) func refuses(_ refusal: Refusal) async throws {
        let server = try Self.start(FormHandler())
        let connection = try RawConnection(port: server.port)
        let answer = try await Self.post(refusal.body, type: refusal.type, to: connection)
        #expect(answer?.status == 400)
        #expect(answer?.text.contains(refusal.says) == true, "\(answer?.text ?? "")")
        // The connection is kept.
        let next = try await Self.post(
            Self.multipart("\(Self.disposition)\"a\"\r\n\r\nb"), type: Self.multipartType, to: connection)
        #expect(next?.text == #"a="b""#)
        await Self.stop(server)
    }

    @Test func tooLarge() async throws {
        let server = try Self.start(FormHandler())
        let told = try RawConnection(port: server.port)
        try told.send(
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: \(Self.multipartType)\r\nContent-Length: 200001\r\n\r\n")
        #expect(await told.readToEnd().hasPrefix("HTTP/1.1 413 "))
        let untold = try RawConnection(port: server.port)
        let body = Self.multipart("\(Self.disposition)\"a\"\r\n\r\n" + String(repeating: "x", count: 200_000))
        #expect(
            try await Self.post(body, splitAt: [100_000, 150_000], type: Self.multipartType, to: untold)?.status == 413)
        await Self.stop(server)
    }

    @Test func clientsThatGo() async throws {
        let server = try Self.start(FormHandler())
        let body = Self.multipart("\(Self.disposition)\"a\"\r\n\r\nb")
        for count in [0, 3, 40, body.count - 1] {
            let connection = try RawConnection(port: server.port)
            try connection.send(
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: \(Self.multipartType)\r\nContent-Length: \(body.count)\r\n\r\n"
            )
            try connection.send(Array(body[..<count]))
            connection.close()
        }
        let connection = try RawConnection(port: server.port)
        #expect(try await Self.post(body, type: Self.multipartType, to: connection)?.status == 200)
        await Self.stop(server)
    }

    // MARK: curl

    @Test func curl() async throws {
        let handler = FormHandler()
        let server = try Self.start(handler)
        let folder = FileManager.default.temporaryDirectory.appending(path: "postern-form-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let report = [UInt8]((0..<100_000).map { UInt8(truncatingIfNeeded: $0 * 7 / 3) })
        try Data("Hi,\nhow are you?\n".utf8).write(to: folder.appending(path: "note.txt"))
        try Data(report).write(to: folder.appending(path: "größe \"1\".pdf"))
        let result = try await Program.run(
            "/usr/bin/curl",
            [
                "-sS", "http://127.0.0.1:\(server.port)/", "-F", "from=Ann <a@example.org>", "-F", "to=b@example.net",
                "-F", "to=c@example.net", "-F", "text=<\(folder.path)/note.txt",
                "-F", "attachment=@\"\(folder.path)/größe \\\"1\\\".pdf\"", "-F",
                "attachment=@\(folder.path)/note.txt;type=text/x-note;filename=n.txt",
            ])
        #expect(result.status == 0, "\(result.errors)")
        let parts = handler.parts.withLock { $0 }
        #expect(parts.map(\.name) == ["from", "to", "to", "text", "attachment", "attachment"])
        #expect(parts.map(\.filename) == [nil, nil, nil, nil, "größe \"1\".pdf", "n.txt"])
        #expect(parts.dropFirst(4).map(\.contentType) == ["application/pdf", "text/x-note"])
        #expect(parts[3].content == Array("Hi,\nhow are you?\n".utf8))
        #expect(parts[4].content == report)
        let text = try await Program.run(
            "/usr/bin/curl",
            [
                "-sS", "http://127.0.0.1:\(server.port)/", "-d", "from=a@example.org", "--data-urlencode",
                "text=1+1=2 & more\n",
            ])
        #expect(text.output == "from=\"a@example.org\"\ntext=\"1+1=2 & more\\n\"")
        await Self.stop(server)
    }
}

@Suite struct FormDelimitersTests {
    /// Finds what a search over the whole finds, at any split, also where the delimiter overlaps itself.
    @Test(arguments: ["b", "--", "\r\n--".replacing("\r\n", with: "x"), "aabaa"]) func findsAll(_ boundary: String) {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("\r\n-abx".utf8)
        for _ in 0..<2000 {
            let octets =
                Array("--\(boundary)".utf8)
                + (0..<40).flatMap { _ in
                    Int.random(in: 0..<8, using: &generator) == 0
                        ? Array("\r\n--\(boundary)".utf8) : [alphabet.randomElement(using: &generator) ?? 0]
                }
            var expected: [Int] = []
            var start = 0
            while start < octets.count {
                let delimiter = Array((expected.isEmpty ? "--\(boundary)" : "\r\n--\(boundary)").utf8)
                guard start + delimiter.count <= octets.count,
                    let found = (start...(octets.count - delimiter.count)).first(where: {
                        octets[$0...].starts(with: delimiter)
                    })
                else { break }
                start = found + delimiter.count
                expected.append(start)
            }
            for size in [1, 2, 3, 7, octets.count] {
                var delimiters = FormDelimiters(boundary: boundary)
                var ends: [Int] = []
                for start in stride(from: 0, to: octets.count, by: size) {
                    let piece = Array(octets[start..<min(start + size, octets.count)])
                    let span = piece.span
                    var taken = 0
                    while let end = delimiters.next(in: span.extracting(taken..<span.count)) {
                        taken += end
                        ends.append(start + taken)
                    }
                }
                #expect(ends == expected)
            }
        }
    }
}
