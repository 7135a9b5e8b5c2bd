import Foundation
import Logging
import SMTP
import Testing

@testable import Gateway

/// What stands in a log, in both forms, whether it came as fields or as metadata.
@Suite struct LogHandlerTests {
    /// What a handler writes.
    private static func written(
        _ format: LogFormat, _ write: (GatewayLogHandler) -> Void
    ) throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "postern-log-\(UUID())")
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        var handler = GatewayLogHandler(
            format: format, level: .debug, destination: try FileHandle(forWritingTo: file))
        handler.metadata = ["service": "mail"]
        write(handler)
        handler.flush()
        return String(decoding: try Data(contentsOf: file), as: UTF8.self)
    }

    private static let fields = {
        var fields = LogFields()
        fields.add(.id, "<1@a.example>")
        fields.add(.code, 250)
        fields.add(.text, "a \"quoted\" text,\r\nof é lines")
        fields.add(.duration, .microseconds(-1_500))
        fields.add(.queueTime, .seconds(12) + .microseconds(34))
        fields.add("last", "x")
        return fields
    }()

    @Test func fieldsAreMembersOfTheLine() throws {
        let line = try Self.written(.json) { $0.log(.warning, "said", Self.fields) }
        let rest = #"""
            ,"level":"warning","message":"said","service":"mail","id":"<1@a.example>","code":250,
            "text":"a \"quoted\" text,\r\nof é lines","duration_ms":-1.500,"queue_ms":12000.034,"last":"x"}

            """#.replacing(",\n", with: ",")
        #expect(line.hasSuffix(rest))
        #expect(line.hasPrefix(#"{"time":""#))
        #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any])
    }

    /// A relay's text reaches a terminal by way of the log.
    @Test(arguments: ["\u{9B}31m", "\u{202E}gpj", "a\u{2028}b", "\u{1B}[31m", "\u{7F}é"])
    func noCharacterIsObeyed(_ text: String) throws {
        for format in [LogFormat.json, .text] {
            let asField = try Self.written(format) { handler in
                var fields = LogFields()
                fields.add(.text, text)
                handler.log(.info, "said", fields)
            }
            let asMetadata = try Self.written(format) { handler in
                Logger(label: "test") { _ in handler }.info("said", metadata: ["text": "\(text)"])
            }
            let asLine = try Self.written(format) { handler in
                var line = LogLine(.info, "said", of: handler)
                line.add(.text, text)
                line.write(to: handler, Logger(label: "test"))
            }
            for line in [asField, asMetadata, asLine] {
                let values = line.dropLast().unicodeScalars.map(\.value)
                #expect(!values.contains { $0 < 0x20 || (0x7F..<0xA0).contains($0) || [0x202E, 0x2028].contains($0) })
            }
        }
    }

    @Test func aReaderThatStallsHoldsNobody() throws {
        let pipe = Pipe()
        let handler = GatewayLogHandler(format: .json, level: .info, destination: pipe.fileHandleForWriting)
        // More than the pipe and what is gathered take together.
        var fields = LogFields()
        fields.add(.text, String(repeating: "x", count: LogField.bound))
        let count = 2 * LogOutput.bound / LogField.bound
        for _ in 0..<count { handler.log(.error, "a line", fields) }
        handler.flush()
        let reader = pipe.fileHandleForReading
        var tail = Data()
        let mark = Data("were dropped".utf8)
        while tail.range(of: mark) == nil || tail.last != UInt8(ascii: "\n") {
            let piece = reader.availableData
            try #require(!piece.isEmpty)
            tail = tail.suffix(4096) + piece
        }
        let line = try #require(tail.split(separator: UInt8(ascii: "\n")).last { $0.range(of: mark) != nil })
        let object = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
        #expect(object["level"] as? String == "warning")
        #expect((count / 4..<count).contains(object["lines"] as? Int ?? 0))
    }

    @Test func fieldsAreTextForAPerson() throws {
        let line = try Self.written(.text) { $0.log(.info, "said", Self.fields) }
        #expect(
            line.hasSuffix(
                #" info said service=mail id=<1@a.example> code=250 text="a \"quoted\" text,\r\nof é lines""#
                    + " duration_ms=-1.500 queue_ms=12000.034 last=x\n"))
    }

    /// Another handler gets an event; ours makes the same of it.
    @Test(arguments: [LogFormat.json, .text])
    func anEventWithFieldsIsTheSameLine(format: LogFormat) throws {
        let direct = try Self.written(format) { $0.log(.info, "said", Self.fields) }
        let event = try Self.written(format) { handler in
            Logger(label: "test") { _ in handler }.info("said", metadata: Self.fields.metadata)
        }
        // From the level on: the time stands before it.
        let level = try #require(direct.firstRange(of: "info"))
        let sameLevel = try #require(event.firstRange(of: "info"))
        #expect(direct[level.lowerBound...] == event[sameLevel.lowerBound...])
        #expect(Self.fields.description.hasPrefix("id=<1@a.example> code=250 text=a \"quoted\""))
    }

    /// A line to which fields are added is the line of these fields, whoever writes it.
    @Test(arguments: [LogFormat.json, .text], [false, true])
    func aLineIsThatOfItsFields(format: LogFormat, isOwn: Bool) throws {
        let fields = try Self.written(format) { $0.log(.info, "said", Self.fields) }
        let added = try Self.written(format) { handler in
            var line = LogLine(.info, "said", of: isOwn ? handler : nil)
            line.add(.id, "<1@a.example>")
            line.add(.code, 250)
            line.add(.text, "a \"quoted\" text,\r\nof é lines")
            line.add(.duration, .microseconds(-1_500))
            line.add(.queueTime, .seconds(12) + .microseconds(34))
            line.add("last", "x")
            line.write(to: isOwn ? handler : nil, Logger(label: "test") { _ in handler })
        }
        let level = try #require(fields.firstRange(of: "info"))
        let sameLevel = try #require(added.firstRange(of: "info"))
        #expect(fields[level.lowerBound...] == added[sameLevel.lowerBound...])
    }

    @Test func linesWithoutFieldsAreWhole() throws {
        let line = try Self.written(.json) { handler in
            handler.log(.info, "nothing", LogFields())
            Logger(label: "test") { _ in handler }.info("odd", metadata: ["a": "b\"\n"])
        }
        let lines = line.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.hasSuffix(#""message":"nothing","service":"mail"}"#) == true)
        #expect(lines.last?.hasSuffix(#""message":"odd","service":"mail","a":"b\"\n"}"#) == true)
    }

    @Test func longValuesAreCutOnce() throws {
        let cases = [
            (String(repeating: "x", count: 1000), String(repeating: "x", count: 1000)),
            (String(repeating: "x", count: 1001), String(repeating: "x", count: 1000) + "…"),
            (String(repeating: "я", count: 1000), String(repeating: "я", count: 1000)),
            (String(repeating: "я", count: 1200), String(repeating: "я", count: 1000) + "…"),
        ]
        for (text, kept) in cases {
            var fields = LogFields()
            fields.add(.text, text)
            #expect(fields.texts.map(\.1) == [kept])
            let json = try Self.written(.json) { $0.log(.info, "said", fields) }
            #expect(json.hasSuffix(",\"text\":\"\(kept)\"}\n"))
            for line in [
                try Self.written(.text) { $0.log(.info, "said", fields) },
                try Self.written(.text) { handler in
                    Logger(label: "test") { _ in handler }.info("said", metadata: ["text": "\(text)"])
                },
            ] {
                #expect(line.contains(kept) && line.utf8.count < kept.utf8.count + 100)
                #expect(!line.contains("……"))
            }
        }
    }
}
