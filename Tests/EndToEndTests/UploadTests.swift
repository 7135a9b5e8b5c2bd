import Foundation
import TestSupport
import Testing

@testable import Gateway

/// Messages and forms from curl through the gateway and a real Postfix into a mailbox.
@Suite(.serialized, .timeLimit(.minutes(5))) struct UploadTests {
    private static let date = "Date: Tue, 1 Jul 2025 08:30:00 +0000\n"

    /// What is sent, and what of it arrives where that is something else; line ends are those of the file system.
    private static let messages: [(name: String, sent: String, arrives: String?)] = [
        (
            "plain",
            date
                + "From: Ann <ann@example.net>\nTo: bob@example.net\nMessage-ID: <plain@example.net>\n\nHow are you?\n",
            nil
        ),
        (
            "odd fields",
            date + "From:Ann\n <ann@example.net>\nX-Empty:\nTO:\n\tbob@example.net\nMessage-Id: <odd@example.net>\n"
                + "Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=  two  spaces \nx-last: \u{7E}\n\nBody\n", nil
        ),
        (
            "blind copies",
            date + "From: ann@example.net\nTo: bob@example.net\nBCC: carol@example.net,\n dan@example.net\n"
                + "Message-ID: <blind@example.net>\n\nx\n",
            date + "From: ann@example.net\nTo: bob@example.net\nMessage-ID: <blind@example.net>\n\nx\n"
        ),
        (
            "dots and octets above 127",
            date + "From: ann@example.net\nTo: bob@example.net\nMessage-ID: <dots@example.net>\nMIME-Version: 1.0\n"
                + "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n.\n..\n.hidden\nGröße 大きさ 📏\n.\n\n",
            nil
        ),
        (
            "smuggling",
            date + "From: ann@example.net\nTo: bob@example.net\nMessage-ID: <smuggling@example.net>\n\nx\n.\n"
                + "MAIL FROM:<evil@example.net>\nRCPT TO:<carol@example.net>\nDATA\n.\n", nil
        ),
        (
            "large",
            date + "From: ann@example.net\nTo: bob@example.net\nMessage-ID: <large@example.net>\n\n"
                + (0..<40_000).map { "\($0): all work and no play makes a dull test, said the characters here.\n" }
                .joined(), nil
        ),
    ]

    @Test(arguments: ["\r\n", "\n"]) func arrivesByteForByte(_ lineBreak: String) async throws {
        let postfix = try await Postfix()
        defer { try? postfix.stop() }
        let front = try Front(relay: postfix.port)
        let file = FileManager.default.temporaryDirectory.appending(path: "postern-upload-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        for (name, sent, arrives) in Self.messages {
            try Data(sent.replacing("\n", with: lineBreak).utf8).write(to: file)
            for (round, header) in ["X-Plain: 1", "Transfer-Encoding: chunked"].enumerated() {
                let result = try await Program.run(
                    "/usr/bin/curl",
                    [
                        "-sS", "-H", "Content-Type: message/rfc822", "-H", header, "--data-binary", "@\(file.path)",
                        "http://127.0.0.1:\(front.gateway.address.port)/messages?to=\(round == 0 ? "bob" : "carol")@example.net",
                    ])
                #expect(result.output.contains(#""status":"accepted""#), "\(name): \(result.output) \(result.errors)")
                let identifier = try #require(sent.firstMatch(of: /Message-I[Dd]: <(.*)>/)?.1)
                let delivered = try #require(
                    try await postfix.delivered(with: "<\(identifier)>", to: round == 0 ? "bob" : "carol"), "\(name)")
                #expect(String(decoding: delivered, as: UTF8.self) == arrives ?? sent, "\(name)")
            }
        }
        await front.gateway.stop()
    }

    @Test func aFormFromCurl() async throws {
        let postfix = try await Postfix()
        defer { try? postfix.stop() }
        let front = try Front(relay: postfix.port)
        let folder = FileManager.default.temporaryDirectory.appending(path: "postern-upload-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let report = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
        try report.write(to: folder.appending(path: "report.pdf"))
        try Data("So, how are you then?\n".utf8).write(to: folder.appending(path: "note.txt"))
        let result = try await Program.run(
            "/usr/bin/curl",
            [
                "-sS", "http://127.0.0.1:\(front.gateway.address.port)/messages", "-F", "from=ann@example.net", "-F",
                "to=bob@example.net", "-F", "to=carol@example.net", "-F", "subject=Form", "-F",
                "text=<\(folder.path)/note.txt", "-F", "attachment=@\(folder.path)/report.pdf",
            ])
        let answer = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        #expect(answer?["accepted"] as? [String] == ["bob@example.net", "carol@example.net"])
        let identifier = try #require(answer?["id"] as? String)
        let delivered = try #require(try await postfix.delivered(with: identifier, to: "carol"))
        let text = String(decoding: delivered, as: UTF8.self)
        #expect(text.contains("\n\nSo, how are you then?\n"))
        #expect(text.contains("Content-Type: application/pdf"))
        let encoded = report.base64EncodedString(options: [.lineLength76Characters, .endLineWithLineFeed])
        #expect(text.contains(encoded))
        await front.gateway.stop()
    }
}
