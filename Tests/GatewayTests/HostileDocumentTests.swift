import Foundation
import MailAddress
import SMTP
import Testing

@testable import Gateway

/// Whatever a string of the document holds, in whichever field: it is refused, or the message has the header fields and
/// the envelope the recipients that were asked for.
@Suite struct HostileDocumentTests {
    /// Where a string can stand in the document.
    enum Place: String, CaseIterable, Sendable {
        case from, fromName, to, toName, toList, cc, bcc, replyTo, subject, text, html, headerName, headerValue
        case unsubscribe, references, resentFrom, date, messageID, sender
        case filename, content, contentType, contentTypeParameter, contentID
        case alternativeType, alternativeContent, alternativeEncoding, envelopeFrom, envelopeTo, dsnID, policy

        func document(_ value: String) -> [String: Any] {
            var document: [String: Any] = [
                "from": "a@example.org", "to": ["b@example.net"], "subject": "s", "text": "t", "html": "<p>h</p>",
            ]
            let file: [String: Any] = ["filename": "f", "content": "aGk=", "content_id": "c"]
            let form: [String: Any] = ["content_type": "text/calendar", "content": "c"]
            switch self {
            case .from, .subject, .text, .html: document[rawValue] = value
            case .fromName: document["from"] = ["name": value, "address": "a@example.org"]
            case .to: document["to"] = value
            case .toName: document["to"] = [["name": value, "email": "b@example.net"]]
            case .toList, .cc, .bcc: document[self == .toList ? "to" : rawValue] = [value]
            case .replyTo: document["reply_to"] = value
            case .headerName: document["headers"] = [value: "x"]
            case .headerValue: document["headers"] = ["X-Test": value]
            case .unsubscribe: document["headers"] = ["List-Unsubscribe": value]
            case .references: document["headers"] = ["References": value]
            case .resentFrom: document["headers"] = ["Resent-From": value]
            case .date: document["headers"] = ["Date": value]
            case .messageID: document["headers"] = ["Message-ID": value]
            case .sender: document["headers"] = ["Sender": value]
            case .filename: document["attachments"] = [file.merging(["filename": value]) { $1 }]
            case .content: document["attachments"] = [file.merging(["content": value]) { $1 }]
            case .contentType: document["attachments"] = [file.merging(["content_type": value]) { $1 }]
            case .contentTypeParameter:
                document["attachments"] = [file.merging(["content_type": "text/x; a=\"\(value)\""]) { $1 }]
            case .contentID: document["attachments"] = [file.merging(["content_id": value]) { $1 }]
            case .alternativeType: document["alternatives"] = [form.merging(["content_type": value]) { $1 }]
            case .alternativeContent: document["alternatives"] = [form.merging(["content": value]) { $1 }]
            case .alternativeEncoding: document["alternatives"] = [form.merging(["encoding": value]) { $1 }]
            case .envelopeFrom: document["envelope"] = ["from": value]
            case .envelopeTo: document["envelope"] = ["to": [value]]
            case .dsnID: document["dsn"] = ["id": value]
            case .policy: document["recipient_policy"] = value
            }
            return document
        }
    }

    private static let values =
        InjectionCase.all.map(\.value) + [
            "\r\n.\r\n", "\r\nBcc: evil@example.com\r\n", "\n\nevil", "\u{2028}Bcc: evil@example.com", "a\u{85}b",
            "a@example.org\r\nRCPT TO:<evil@example.com>", "a@example.org, evil@example.com",
            "<a@example.org>,<evil@example.com>", "\"a\\\r\n b\"@example.org", "=?utf-8?b?DQpCY2M6IHg=?=", "\0", "",
            "\u{FEFF}", "\"; x=\"\r\nBcc: evil@example.com", "--=_", "x\r\n\r\n--", String(repeating: "\"", count: 999),
            String(repeating: "a ", count: 4_000), "evil@example.com\u{3002}\r\n", "a@\u{FF20}evil.example.com",
        ]

    private static let allowed: Set = [
        "date", "from", "sender", "reply-to", "to", "cc", "subject", "message-id", "mime-version", "content-type",
        "content-transfer-encoding",
    ]

    @Test(arguments: Place.allCases) func nothingIsAdded(_ place: Place) throws {
        #expect(Self.values.count > 130)
        for value in Self.values {
            let body = try JSONSerialization.data(withJSONObject: place.document(value))
            let composition: Composition
            do throws(Problem) {
                composition = try Composition(Submission(json: Array(body)))
            } catch {
                #expect(error.status == 422)
                continue
            }
            let octets = composition.content
            for index in octets.indices where octets[index] == 13 || octets[index] == 10 {
                let partner = octets[index] == 13 ? index + 1 : index - 1
                #expect(octets.indices.contains(partner) && octets[partner] == 23 - octets[index])
            }
            let head = String(decoding: octets, as: UTF8.self).components(separatedBy: "\r\n\r\n")[0]
            let names = head.components(separatedBy: "\r\n").filter { !$0.hasPrefix(" ") && !$0.hasPrefix("\t") }
                .map { $0.prefix { $0 != ":" }.lowercased() }
            let asked = Self.asked(place, value)
            #expect(Set(names).isSubset(of: Self.allowed.union(asked)), "\(place) \(value.debugDescription)")
            #expect(Set(names).count == names.count)
            let recipients = composition.envelope.recipients
            #expect(recipients.count == (place == .cc || place == .bcc ? 2 : 1))
            for address in recipients + [composition.envelope.reversePath].compactMap({ $0 }) {
                #expect(address.description.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
                #expect(address.domain != "evil.example.com")
                #expect(try AddrSpec(address.description) == address)
            }
        }
    }

    /// The field that a place is there to add, in lower case.
    private static func asked(_ place: Place, _ value: String) -> Set<String> {
        switch place {
        case .headerName: [value.lowercased()]
        case .headerValue: ["x-test"]
        case .unsubscribe: ["list-unsubscribe"]
        case .references: ["references"]
        case .resentFrom: ["resent-from", "resent-date"]
        default: []
        }
    }
}
