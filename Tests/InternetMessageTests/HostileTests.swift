import Foundation
import InternetMessage
import MailAddress
import TestSupport
import Testing

/// Whatever a field holds, the message shows no header, part or line break that was not asked for.
@Suite struct HostileTests {
    struct Row: Decodable, Sendable {
        let id: String
        let field: String
        let value: String
    }

    private static let rows: [Row] = SharedCases.rows("injection.json")

    /// What attackers write, and what only looks as if they had.
    private static let values =
        rows.map(\.value) + [
            "\r\n.\r\n", "\n\n", "\r\r", "\u{2028}Bcc: x@y.example", "--=_", "?=\r\n =?utf-8?q?", "\"; x=\"", "\\",
            "\\\"", ";",
            "'", "%0D%0A", "=0D=0ABcc: x", "=?utf-8?b?DQo=?=", "a\tb", " ", "", "\u{FEFF}", "a\u{301}\u{301}",
            "\u{202E}cod.exe",
            "<>", "<a@b>", "(", ",", String(repeating: " ", count: 3_000), String(repeating: "x", count: 3_000),
            String(repeating: "x ", count: 3_000), String(repeating: " \t", count: 1_500) + "x",
            String(repeating: "\"", count: 1_000), String(repeating: "\\", count: 1_000), "\u{10FFFF}",
            "Bcc: x@y.example",
        ]

    private static let names = ["Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type"]

    @Test func rowsWereFound() { #expect(Self.rows.count > 40) }

    @Test(arguments: values)
    func noFieldAddsAHeader(value: String) throws {
        try expectOnlyWhatWasAskedFor { $0.subject = value }
        try expectOnlyWhatWasAskedFor { $0.text = value }
        try expectOnlyWhatWasAskedFor { $0.html = value }
        try expectOnlyWhatWasAskedFor { message in
            message.to = [try Mailbox(name: value, address: message.from[0].address)]
        }
        try expectOnlyWhatWasAskedFor { $0.to = [try Mailbox(parsing: value)] }
        try expectOnlyWhatWasAskedFor { $0.from = [try Mailbox(parsing: value)] }
        try expectOnlyWhatWasAskedFor { $0.messageID = try MessageID(value) }
        for name in ["X-Test", "References", "List-Unsubscribe", "List-ID", "Sender", "Errors-To", "Auto-Submitted"] {
            try expectOnlyWhatWasAskedFor(extra: name) { $0.headers = [try HeaderField(name: name, value: value)] }
        }
        try expectOnlyWhatWasAskedFor(extra: value) { $0.headers = [try HeaderField(name: value, value: "x")] }
    }

    @Test(arguments: values)
    func noPartAddsAHeader(value: String) throws {
        try expectParts(2) { $0.attachments = [Attachment(filename: value, content: [])] }
        try expectParts(2) { $0.attachments = [Attachment(filename: "x", content: Array(value.utf8))] }
        try expectParts(2) {
            let type = try MediaType("text/csv")
            $0.attachments = [Attachment(filename: "x", content: Array(value.utf8), contentType: type)]
        }
        try expectParts(2) { message in
            for type in [value, "text/x; a=\"\(value)\"", "text/x; a=\(value)", "text/\(value)"] {
                guard let type = try? MediaType(type) else { continue }
                message.attachments = [Attachment(filename: nil, content: [], contentType: type)]
                break
            }
            guard !message.attachments.isEmpty else { throw CancellationError() }
        }
        try expectParts(2) {
            $0.attachments = [Attachment(filename: nil, content: [], contentID: try ContentID(value))]
        }
        try expectParts(2) {
            $0.alternatives = [Alternative(contentType: try MediaType("text/x"), content: .text(value))]
        }
    }

    private func expectOnlyWhatWasAskedFor(
        extra: String? = nil, _ change: (inout Message) throws -> Void
    ) throws {
        guard let octets = try composed(change) else { return }
        let entity = try ParsedEntity(octets)
        let allowed = Set(Self.names + ["Content-Transfer-Encoding"] + (extra.map { [$0] } ?? []))
        #expect(Set(entity.names).subtracting(allowed).isEmpty)
        #expect(Set(entity.names).count == entity.names.count)
        #expect(entity.fields.allSatisfy { $0.raw.utf8.allSatisfy { $0 >= 0x20 || $0 == 13 || $0 == 10 || $0 == 9 } })
    }

    private func expectParts(_ count: Int, _ change: (inout Message) throws -> Void) throws {
        guard
            let octets = try composed({
                $0.text = "text"
                try change(&$0)
            })
        else { return }
        let entity = try ParsedEntity(octets)
        #expect(entity.parts.count == count)
        let allowed: Set = ["Content-Type", "Content-Transfer-Encoding", "Content-ID", "Content-Disposition"]
        for part in entity.parts { #expect(Set(part.names).isSubset(of: allowed)) }
    }

    /// The composed message; nil when the value was refused, which is as good.
    private func composed(_ change: (inout Message) throws -> Void) throws -> [UInt8]? {
        var message = try Samples.message()
        message.subject = "x"
        do {
            try change(&message)
            return try Composer.compose(message).octets
        } catch {
            return nil
        }
    }
}
