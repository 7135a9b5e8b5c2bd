import Foundation
import TestSupport
import Testing

@testable import Gateway

struct InjectionCase: Decodable, Sendable, CustomTestStringConvertible {
    let id: String
    let source: String
    let field: String
    let value: String

    var testDescription: String { "\(id) (\(source))" }

    static let all: [InjectionCase] = SharedCases.rows("injection.json")

    /// The JSON document with the hostile value in its place.
    var document: String? {
        var document: [String: Any] = [
            "from": "sender@example.org", "to": ["rcpt@example.net"], "subject": "s", "text": "t",
        ]
        let parts = field.split(separator: ".", maxSplits: 1).map(String.init)
        switch (parts.first, parts.count) {
        case ("headers", 2): document["headers"] = [parts[1]: value]
        case ("headers (name)", _): document["headers"] = [value: "x"]
        case ("attachments", 2):
            document["attachments"] = [["filename": "a", "content": "aGk="].merging([parts[1]: value]) { $1 }]
        case ("envelope", 2): document["envelope"] = parts[1] == "to" ? ["to": [value]] : ["from": value]
        case ("dsn", 2): document["dsn"] = [parts[1]: value]
        case ("to", _), ("cc", _), ("bcc", _), ("reply_to", _): document[field] = [value]
        default: document[field] = value
        }
        return (try? JSONSerialization.data(withJSONObject: document)).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Nothing that a client writes places a line of its own on the wire, or a header of its own in the message.
@Suite(.timeLimit(.minutes(2))) struct InjectionTests {
    @Test func casesArePresent() {
        #expect(InjectionCase.all.count >= 120)
    }

    @Test(arguments: InjectionCase.all) func isRefusedOrHarmless(_ row: InjectionCase) async throws {
        let bench = try await Bench.start([:], greeting + envelope + taken)
        let answer = try await bench.post(try #require(row.document))
        if answer.status == 422 {
            #expect(!bench.relay.received.joined().contains("MAIL FROM"))
            // A local part that is not ASCII, or a notification, is sound, and this relay cannot take it (RFC 6531, section
            // 3.1; RFC 3461, section 4).
            let lacksExtension = (answer.json["type"] as? String)?.hasSuffix("relay-unsupported") == true
            #expect(!answer.pointers.isEmpty || lacksExtension)
        } else {
            #expect(answer.status == 200)
            try check(bench.relay.received[0], row)
        }
        await bench.stop()
    }

    private func check(_ wire: String, _ row: InjectionCase) throws {
        let parts = wire.components(separatedBy: "DATA\r\n")
        let commands = parts[0].components(separatedBy: "\r\n")
        // EHLO, MAIL, one RCPT (the hostile cc and bcc would be a second), and the empty rest.
        let recipients = commands.filter { $0.hasPrefix("RCPT TO:<") }
        #expect(recipients.count == (["cc", "bcc"].contains(row.field) ? 2 : 1))
        #expect(commands.allSatisfy { !$0.contains("evil@example.org>") || row.field != "to" })
        #expect(!recipients.contains("RCPT TO:<evil@example.com>"))
        let content = parts.dropFirst().joined(separator: "DATA\r\n")
        let header = content.components(separatedBy: "\r\n\r\n")[0]
        let names = header.components(separatedBy: "\r\n").filter { !$0.hasPrefix(" ") && !$0.hasPrefix("\t") }
            .map { $0.prefix { $0 != ":" }.lowercased() }
        #expect(!names.contains("bcc"))
        #expect(Set(names).count == names.count)
        // One message, and one end of it.
        #expect(content.components(separatedBy: "\r\n.\r\n").count == 2)
    }
}
