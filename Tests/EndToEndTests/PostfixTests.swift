import Foundation
import TestSupport
import Testing

@testable import Gateway
@testable import SMTP

/// A real Postfix on loopback that delivers into mailboxes of its own folder.
final class Postfix {
    let folder: String
    let port: Int
    private static let script = Program.project + "/scripts/relay-postfix"

    init() async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "postern-postfix-\(UUID().uuidString)").path
        let started = try await Program.run(Self.script, ["start", folder])
        try #require(started.status == 0, "\(started.errors)")
        let text = try String(contentsOfFile: folder + "/port", encoding: .utf8)
        port = try #require(Int(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    func stop() throws {
        _ = try Program.runWaiting(Self.script, ["stop", folder])
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The delivered file whose text holds a mark, when it has arrived: without the fields that Postfix puts on top.
    ///
    /// - Parameter name: whose mailbox is looked into; nil for all of them.
    func delivered(with mark: String, to name: String? = nil) async throws -> [UInt8]? {
        let needle = Data(mark.utf8)
        for _ in 0..<300 {
            let files = FileManager.default.enumerator(atPath: folder + "/mail")?.compactMap { $0 as? String } ?? []
            for file in files where file.contains(name.map { "\($0)/new/" } ?? "/new/") {
                guard let data = FileManager.default.contents(atPath: folder + "/mail/" + file),
                    data.range(of: needle) != nil, let start = data.range(of: Data("\nDate: ".utf8))
                else { continue }
                return Array(data[(start.lowerBound + 1)...])
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return nil
    }
}

@Suite(.serialized, .timeLimit(.minutes(5))) struct PostfixTests {
    static let bodies: [(name: String, text: String)] = [
        ("plain", "How are you?\r\n"),
        ("dots", ".\n..\n.hidden\nin.the.middle\n.\n"),
        ("lone LF and CR", "a\nb\rc\r\nd\n\re"),
        ("no final newline", "the end"),
        ("empty", ""),
        ("only a dot", "."),
        ("smuggling", "x\n.\r\nMAIL FROM:<evil@example.org>\r\n.\r\nRCPT TO:<b@example.net>\r\nDATA\r\n"),
        (
            "1 MB",
            String(repeating: "All work and no play makes a dull test, said the 73 characters here.\n", count: 15_000)
        ),
        ("not ASCII", "Größe, 大きさ, حجم, 📏\n"),
        ("long lines", String(repeating: "x", count: 5000)),
    ]

    /// What is delivered is what was composed, byte for byte; only line ends are those of the file system.
    @Test func deliveredAsComposed() async throws {
        let postfix = try await Postfix()
        defer { try? postfix.stop() }
        let front = try Front(relay: postfix.port)
        let identity = try #require(ClientDomain("client.example.org"))
        let session = try await SMTPSession.connect(
            SMTPConfiguration(host: "127.0.0.1", port: postfix.port, identity: identity))
        for (name, text) in Self.bodies {
            let json = try JSONSerialization.data(withJSONObject: [
                "from": "Ann <ann@example.net>", "to": "bob@example.net", "subject": "\(name) ü", "text": text,
            ])
            let composed = try Composition(Submission(json: Array(json)))
            var writer = try await session.open(composed.envelope, generatesFields: false)
            try await writer.write(composed.content)
            let reply = try await writer.close()
            #expect(reply.text.contains("queued as"))
            let delivered = try #require(try await postfix.delivered(with: composed.id), "\(name)")
            var expected = String(decoding: composed.content, as: UTF8.self).replacingOccurrences(
                of: "\r\n", with: "\n")
            if !expected.hasSuffix("\n") { expected += "\n" }
            #expect(String(decoding: delivered, as: UTF8.self) == expected, "\(name)")
        }
        try await session.disconnect()
        await front.gateway.stop()
    }

    @Test func theGatewayAnswersWithItsQueueID() async throws {
        let postfix = try await Postfix()
        defer { try? postfix.stop() }
        let front = try Front(relay: postfix.port)
        let answer = try await front.post([
            "from": "Ann <ann@example.net>", "to": ["bob@example.net", "nobody-here@example.net"], "subject": "Hi",
            "text": "How are you?",
        ])
        #expect(answer.status == 200)
        #expect(answer.json["status"] as? String == "partially_accepted")
        #expect(answer.json["enhanced_code"] as? String == "2.0.0")
        let text = try #require(answer.json["text"] as? String)
        #expect(text.wholeMatch(of: /Ok: queued as [0-9A-Za-z]+/) != nil)
        let rejected = try #require((answer.json["rejected"] as? [[String: Any]])?.first)
        #expect(rejected["address"] as? String == "nobody-here@example.net")
        #expect(rejected["code"] as? Int == 550)
        #expect(rejected["enhanced_code"] as? String == "5.1.1")
        let id = try #require(answer.json["id"] as? String)
        let delivered = try #require(try await postfix.delivered(with: id))
        #expect(String(decoding: delivered, as: UTF8.self).hasSuffix("\n\nHow are you?\n"))
        let refused = try await front.post(["from": "ann@example.net", "to": "nobody-here@example.net", "text": "x"])
        #expect(refused.status == 422)
        #expect(refused.json["stage"] as? String == "rcpt")
        await front.gateway.stop()
    }

    /// The seed's own example.
    @Test func theSeedsExample() async throws {
        let postfix = try await Postfix()
        defer { try? postfix.stop() }
        let session = try await SMTPSession.connect(
            to: "127.0.0.1", port: postfix.port, identifyingAs: "client.example.org")
        var message = try await session.open(from: "ann@example.net", to: "bob@example.net", "carol@example.net")
        try await message.write("Subject: How are you?\r\n\r\nSo, how are you then?\r\n")
        let reply = try await message.close()
        try await session.disconnect()
        #expect(reply.code == 250)
        let delivered = try #require(try await postfix.delivered(with: "So, how are you then?"))
        let text = String(decoding: delivered, as: UTF8.self)
        // Postfix itself adds a Message-ID where there is none.
        #expect(text.contains("\nSubject: How are you?\n"))
        #expect(text.hasSuffix("\n\nSo, how are you then?\n"))
    }
}
