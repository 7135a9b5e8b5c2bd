import Foundation
import TestSupport
import Testing

@testable import Gateway

extension Bench {
    func postForm(
        _ body: [UInt8], type: String = "multipart/form-data; boundary=BB", path: String = "/messages",
        headers: String = ""
    ) async throws -> HTTPAnswer {
        let connection = try RawConnection(port: gateway.address.port)
        try connection.send(
            "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: \(type)\r\n\(headers)Content-Length: \(body.count)\r\n\r\n"
        )
        try await connection.sendAll(body)
        return try #require(await connection.readAnswer())
    }
}

/// A part of a form: what stands behind `name=`, further fields, and the content.
private func form(_ parts: (String, String)...) -> [UInt8] {
    Array(
        (parts.map { "--BB\r\nContent-Disposition: form-data; name=\($0)\r\n\r\n\($1)\r\n" }.joined() + "--BB--\r\n")
            .utf8)
}

@Suite(.timeLimit(.minutes(1))) struct FormMessageTests {
    /// A form and the document that it stands for are the same message.
    @Test func standsForADocument() async throws {
        let bench = try await Bench.start([:], [.silence])
        let answer = try await bench.postForm(
            form(
                ("\"from\"", "Ann <ann@example.org>"), ("\"to\"", "bob@example.net"),
                ("\"to\"", "Dan <dan@example.net>"),
                ("\"cc\"", "carol@example.net"), ("\"bcc\"", "eve@example.net"), ("\"reply_to\"", "r@example.org"),
                ("\"subject\"", "Größe"), ("\"text\"", "How\r\nare you?"), ("\"html\"", "<img src=\"cid:logo\">"),
                ("\"headers[X-Campaign]\"", "7"), ("\"envelope[from]\"", "bounces@example.org"),
                ("\"recipient_policy\"", "all"), ("\"dsn[notify]\"", "failure"), ("\"require_tls\"", "false"),
                ("\"attachment\"; filename=\"a.txt\"\r\nContent-Type: text/plain", "one"),
                ("\"attachment\"; filename=\"b.bin\"", ""),
                ("\"inline[logo]\"; filename=\"l.png\"\r\nContent-Type: image/png", "\u{1}\u{2}")),
            path: "/messages?dry_run=true")
        #expect(answer.status == 200, "\(answer.text)")
        let envelope = answer.json["envelope"] as? [String: Any]
        #expect(envelope?["from"] as? String == "bounces@example.org")
        #expect(
            envelope?["to"] as? [String] == [
                "bob@example.net", "dan@example.net", "carol@example.net", "eve@example.net",
            ])
        let message = try #require(answer.json["message"] as? String)
        for line in [
            "From: Ann <ann@example.org>", "To: bob@example.net, Dan <dan@example.net>", "Cc: carol@example.net",
            "Reply-To: r@example.org", "X-Campaign: 7", "How", "are you?", "Content-ID: <logo>",
            "Content-Disposition: attachment; filename=a.txt", "Content-Disposition: attachment; filename=b.bin",
        ] { #expect(message.contains("\r\n\(line)"), "\(line) in \(message)") }
        #expect(!message.contains("eve@"))
        await bench.stop()
    }

    /// A field in which no file was chosen is none; a file without a type has that of its name.
    @Test func filesWithoutNameOrType() async throws {
        let bench = try await Bench.start([:], [.silence])
        let answer = try await bench.postForm(
            form(
                ("\"from\"", "a@example.org"), ("\"to\"", "b@example.net"), ("\"text\"", "x"),
                ("\"attachment\"; filename=\"\"\r\nContent-Type: application/octet-stream", ""),
                ("\"inline[x]\"; filename=\"\"", ""), ("\"attachment\"; filename=\"a.pdf\"", "one"),
                ("\"attachment\"; filename=\"a.eml\"", "Subject: x\n\nhi\n")),
            path: "/messages?dry_run=true&recipient_policy=any&require_tls=false")
        let message = try #require(answer.json["message"] as? String)
        #expect(message.components(separatedBy: "Content-Disposition").count == 3)
        #expect(message.contains("Content-Type: application/pdf\r\n"))
        #expect(
            message.contains(
                "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n"
                    + "Content-Disposition: attachment; filename=a.eml\r\n\r\nSubject: x\r\n\r\nhi\r\n\r\n--"))
        await bench.stop()
    }

    @Test func isSent() async throws {
        let bench = try await Bench.start([:], greeting + envelope + taken)
        let multipart = try await bench.postForm(
            form(("\"from\"", "a@example.org"), ("\"to\"", "b@example.net"), ("\"text\"", "Hi")))
        #expect(multipart.status == 200)
        #expect(bench.relay.received.first?.hasSuffix("\r\n\r\nHi\r\n.\r\n") == true)
        await bench.stop()
    }

    @Test func textIsSent() async throws {
        let bench = try await Bench.start([:], greeting + envelope + taken)
        let answer = try await bench.postForm(
            Array("from=a%40example.org&to=b@example.net&text=1%2B1=2+ok".utf8),
            type: "application/x-www-form-urlencoded")
        #expect(answer.status == 200)
        #expect(bench.relay.received.first?.hasSuffix("\r\n\r\n1+1=2 ok\r\n.\r\n") == true)
        await bench.stop()
    }

    /// Every bad field is named, as in JSON.
    @Test func errors() async throws {
        let bench = try await Bench.start([:], [.silence])
        let answer = try await bench.postForm(
            form(
                ("\"from\"", "Ann"), ("\"to\"", "b@example.net"), ("\"to\"", "nobody"), ("\"subject\"", "a"),
                ("\"subject\"", "b"), ("\"color\"", "red"), ("\"headers[Bcc]\"", "x@example.net"),
                ("\"require_tls\"", "perhaps"), ("\"recipient_policy\"", "some"), ("\"dsn[notify]\"", "always"),
                ("\"attachment\"", "no file"), ("\"attachment\"; filename=\"x\"\r\nContent-Type: nothing", "x"),
                ("\"text\"\r\nContent-Type: text/plain; charset=iso-8859-1", "x")))
        #expect(answer.status == 422)
        #expect(
            Set(answer.pointers) == [
                "/from", "/to/1", "/subject", "/color", "/headers/Bcc", "/require_tls", "/recipient_policy",
                "/dsn/notify",
                "/attachments/0", "/attachments/1/content_type", "/text",
            ], "\(answer.pointers)")
        #expect(bench.relay.connections == 0)
        await bench.stop()
    }

    @Test func malformed() async throws {
        let bench = try await Bench.start([:], [.silence])
        let cut = try await bench.postForm(form(("\"from\"", "a@example.org")).dropLast(8))
        #expect(cut.status == 400)
        #expect(cut.head.contains("application/problem+json"))
        let empty = try await bench.postForm([], type: "application/x-www-form-urlencoded")
        #expect(empty.status == 422)
        #expect(Set(empty.pointers) == ["/from", "/to"])
        let batch = try await bench.postForm(form(("\"from\"", "a@example.org")), path: "/messages/batch")
        #expect(batch.status == 415)
        await bench.stop()
    }

    /// No field of a form places a line of its own in the message or the envelope.
    @Test(arguments: [
        "from", "to", "cc", "reply_to", "subject", "headers[X-A]", "envelope[from]", "envelope[to]", "dsn[id]",
    ])
    func injection(_ name: String) async throws {
        let bench = try await Bench.start([:], [.silence])
        for hostile in ["a@example.org\r\nBcc: evil@example.org", "x\nRCPT TO:<evil@example.org>", "a\r\n.\r\n"] {
            var parts = [("\"from\"", "a@example.org"), ("\"to\"", "b@example.net"), ("\"text\"", "x")]
            parts.removeAll { $0.0 == "\"\(name)\"" }
            parts.append(("\"\(name)\"", hostile))
            let body =
                (parts.map { "--BB\r\nContent-Disposition: form-data; name=\($0)\r\n\r\n\($1)\r\n" }.joined()
                    + "--BB--\r\n")
            let answer = try await bench.postForm(Array(body.utf8), path: "/messages?dry_run=true")
            #expect(answer.status == 422, "\(answer.text)")
        }
        await bench.stop()
    }

    @Test func underAKey() async throws {
        let bench = try await Bench.start([:], greeting + envelope + taken)
        let key = "Idempotency-Key: once\r\n"
        let parts = form(("\"from\"", "a@example.org"), ("\"to\"", "b@example.net"), ("\"text\"", "Hi"))
        #expect(try await bench.postForm(parts, headers: key).status == 200)
        // Another boundary is the same message.
        let other = String(decoding: parts, as: UTF8.self).replacing("--BB", with: "--Other")
        let again = try await bench.postForm(
            Array(other.utf8), type: "multipart/form-data; boundary=Other", headers: key)
        #expect(again.head.contains("idempotency-replayed: true"))
        let different = form(("\"from\"", "a@example.org"), ("\"to\"", "b@example.net"), ("\"text\"", "Ho"))
        #expect(try await bench.postForm(different, headers: key).status == 422)
        await bench.stop()
    }
}
