import Foundation
import InternetMessage
import MailAddress

/// Messages of random fields, and what a reader has to find in them. The same seed makes the same messages.
///
/// The number of a message decides which of text, HTML, images in it, attachments and alternatives it has: 32 in a row
/// have all combinations.
struct RandomMessages {
    struct Case: Encodable {
        let id: Int
        let message: Data
        let expected: Expected
        let composed: ComposedMessage
        let author: AddrSpec

        enum CodingKeys: CodingKey {
            case id, message, expected
        }
    }

    struct Expected: Encodable {
        var names: [String] = ["Date", "From", "Message-ID", "MIME-Version", "Content-Type"]
        var mailboxes: [String: [[String]]] = [:]
        var subject: String?
        var headers: [String: String] = [:]
        var messageID = ""
        var date: Int64 = 0
        var parts: [Part] = []
        var needsSMTPUTF8 = false
    }

    struct Part: Encodable {
        let type: String
        let isText: Bool
        let content: Data
        var filename: String?
        var disposition: String?
        var contentID: String?
    }

    private var random: RandomText
    /// The domain of all authors, or nil for any.
    private let domain: String?

    init(seed: UInt64, domain: String? = nil) {
        random = RandomText(seed: seed)
        self.domain = domain
    }

    mutating func next(id: Int) throws -> Case {
        var expected = Expected()
        let author = try mailbox(domain: domain)
        let seed = MessageSeed(high: random.number(), low: random.number())
        expected.date = Int64(random.number() % 4_000_000_000)
        var message = Message(from: [author], date: MessageDate(seconds: expected.date), seed: seed)
        message.to = try (0..<random.number(below: 5)).map { _ in try mailbox() }
        message.cc = try (0..<random.number(below: 3)).map { _ in try mailbox() }
        message.replyTo = try (0..<random.number(below: 2)).map { _ in try mailbox() }
        for (name, mailboxes) in [
            ("From", message.from), ("To", message.to), ("Cc", message.cc), ("Reply-To", message.replyTo),
        ] where !mailboxes.isEmpty {
            expected.mailboxes[name] = mailboxes.map { [$0.name ?? "", $0.address.description] }
            if name != "From" { expected.names.append(name) }
        }
        if random.chance(9) {
            // One script after the other; some subjects have 5,000 characters, and some none.
            let count = id % 48 == 0 ? 5_000 : id % 48 == 1 ? 0 : random.number(below: 120)
            message.subject = random.text(count, script: random.chance(7) ? id / 32 : nil)
            expected.subject = message.subject
            expected.names.append("Subject")
        }
        if random.chance(3) {
            let value = random.text(random.number(below: 200))
            message.headers = [try HeaderField(name: "X-Sample", value: value)]
            expected.headers["X-Sample"] = value
            expected.names.append("X-Sample")
        }
        try addContent(id, to: &message, &expected)
        let composed = try Composer.compose(message)
        expected.messageID = composed.messageID.description
        expected.needsSMTPUTF8 = composed.needsSMTPUTF8
        if expected.parts.count == 1, message.attachments.isEmpty {
            expected.names.append("Content-Transfer-Encoding")
        }
        return Case(
            id: id, message: Data(composed.octets), expected: expected, composed: composed, author: author.address)
    }

    private mutating func addContent(_ id: Int, to message: inout Message, _ expected: inout Expected) throws {
        let isHuge = id % 128 < 32 && id / 128 % 4 == 0
        if id & 1 != 0 {
            let text = isHuge ? String(repeating: random.body() + "x", count: 50) : random.body()
            message.text = text
            expected.parts.append(Part(type: "text/plain", isText: true, content: Data(text.utf8)))
        }
        let alternatives = id & 16 != 0 ? try self.alternatives() : []
        message.alternatives = alternatives.map(\.alternative)
        expected.parts += alternatives.filter { $0.part.type == "text/x-amp-html" }.map(\.part)
        if id & 2 != 0 {
            let html = random.chance(1) ? "" : "<p>\(random.body())</p>"
            message.html = html
            expected.parts.append(Part(type: "text/html", isText: true, content: Data(html.utf8)))
        }
        var inline: [Part] = []
        var attached: [Part] = []
        let images = id & 4 != 0 ? 1 + random.number(below: 3) : 0
        let files = id & 8 != 0 ? 1 + random.number(below: 3) : 0
        for number in 0..<(images + files) {
            let (attachment, content) = try attachment(number < images ? "part\(number)" : nil, isHuge: isHuge)
            message.attachments.append(attachment)
            let filename = attachment.filename ?? ""
            let isShown = message.html != nil && attachment.contentID != nil
            let part = Part(
                type: "\(attachment.contentType.type)/\(attachment.contentType.subtype)", isText: false,
                content: Data(content), filename: filename.isEmpty ? nil : filename,
                disposition: isShown ? "inline" : "attachment", contentID: attachment.contentID.map { "<\($0)>" })
            if isShown { inline.append(part) } else { attached.append(part) }
        }
        expected.parts += inline
        expected.parts += alternatives.filter { $0.part.type != "text/x-amp-html" }.map(\.part)
        expected.parts += attached
        if expected.parts.isEmpty { expected.parts = [Part(type: "text/plain", isText: true, content: Data())] }
    }

    private mutating func alternatives() throws -> [(alternative: Alternative, part: Part)] {
        let event = "BEGIN:VCALENDAR\nSUMMARY:\(random.text(40))\nEND:VCALENDAR\n"
        let calendar = try MediaType("text/calendar; method=REQUEST")
        var alternatives = [
            (
                Alternative(contentType: calendar, content: .text(event)),
                Part(type: "text/calendar", isText: true, content: Data(event.utf8))
            )
        ]
        if random.chance(5) {
            let amp = Array("<html ⚡4email>\(random.text(40))".utf8)
            let type = try MediaType("text/x-amp-html; charset=utf-8")
            alternatives.append(
                (
                    Alternative(contentType: type, content: .octets(amp)),
                    Part(type: "text/x-amp-html", isText: true, content: Data(amp))
                ))
        }
        return alternatives
    }

    private mutating func attachment(_ contentID: String?, isHuge: Bool) throws -> (Attachment, [UInt8]) {
        var content = random.octets(random.chance(1) ? 0 : isHuge ? 20_000 : random.number(below: 500))
        let filename = random.chance(8) ? random.text(1 + random.number(below: 90)) : nil
        var attachment = Attachment(
            filename: filename, content: content, contentID: try contentID.map { try ContentID($0) })
        if random.chance(4) {
            attachment.contentType = try MediaType("text/csv")
            content = Array(random.body().utf8)
            attachment.content = .octets(content)
        } else if random.chance(5) {
            attachment.content = .base64(try base64(content))
        }
        return (attachment, content)
    }

    /// Base64 in one of the ways in which it is handed over.
    private mutating func base64(_ octets: [UInt8]) throws -> Base64Text {
        let lines: Data.Base64EncodingOptions = [.lineLength76Characters, .endLineWithLineFeed]
        let text = Data(octets).base64EncodedString(options: random.chance(5) ? lines : [])
        guard random.chance(5) else { return try Base64Text(text) }
        let escaped = text.replacing("\n", with: "\\n").replacing("/", with: random.chance(5) ? "\\/" : "/")
        return try Base64Text(Array(escaped.utf8)[...], notation: .escaped)
    }

    private mutating func mailbox(domain: String? = nil) throws -> Mailbox {
        let locals = ["ann", "a.b+c", "\"a b\"", "\"a,b\"", "o'neil", String(repeating: "l", count: 60)]
        let domains = [
            "example.org", "mail.example.net", "\(String(repeating: "d", count: 60)).example.com", "exämple.org",
        ]
        let address = try AddrSpec("\(random.pick(locals))@\(domain ?? random.pick(domains))")
        guard random.chance(7) else { return try Mailbox(address: address) }
        let isLong = random.chance(1) && random.chance(1)
        return try Mailbox(name: random.text(isLong ? 5_000 : 1 + random.number(below: 60)), address: address)
    }
}
