import Foundation
import InternetMessage
import MailAddress

/// Messages of random fields, and what a reader has to find in them. The same seed makes the same messages.
struct RandomMessages {
    struct Case: Encodable {
        let id: Int
        let message: Data
        let expected: Expected
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

    private static let words = [
        "plain", "Grüße", "naïve", "日本語", "中文信息", "한국어", "Привет", "Ελληνικά", "שלום", "مرحبا", "हिन्दी", "ไทย", "தமிழ்",
        "ქართული", "😀", "👩‍👩‍👧‍👦", "🇦🇹", "e\u{301}", "a.b", "x,y", "\"q\"", "b\\c", "(c)", "<d>", "e@f", "=?utf-8?q?x?=", "?=",
        "_",
        "=20", "100%", "';", "\u{2028}", "longerwordwithoutanyspaceinside",
    ]

    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next(id: Int) throws -> Case {
        var expected = Expected()
        let author = try mailbox()
        let seed = MessageSeed(high: random(), low: random())
        expected.date = Int64(random() % 4_000_000_000)
        var message = Message(from: [author], date: MessageDate(seconds: expected.date), seed: seed)
        message.to = try (0..<(random() % 5)).map { _ in try mailbox() }
        message.cc = try (0..<(random() % 3)).map { _ in try mailbox() }
        message.replyTo = try (0..<(random() % 2)).map { _ in try mailbox() }
        for (name, mailboxes) in [
            ("From", message.from), ("To", message.to), ("Cc", message.cc), ("Reply-To", message.replyTo),
        ] where !mailboxes.isEmpty {
            expected.mailboxes[name] = mailboxes.map { [$0.name ?? "", $0.address.description] }
            if name != "From" { expected.names.append(name) }
        }
        if chance(9) {
            message.subject = id % 50 == 0 ? text(5_000) : text(random() % 120)
            expected.subject = message.subject
            expected.names.append("Subject")
        }
        if chance(3) {
            let value = text(random() % 200)
            message.headers = [try HeaderField(name: "X-Sample", value: value)]
            expected.headers["X-Sample"] = value
            expected.names.append("X-Sample")
        }
        try addContent(to: &message, &expected)
        let composed = try Composer.compose(message)
        expected.messageID = composed.messageID.description
        expected.needsSMTPUTF8 = composed.needsSMTPUTF8
        if expected.parts.count == 1, message.attachments.allSatisfy({ $0.contentID != nil }),
            message.attachments.isEmpty
        {
            expected.names.append("Content-Transfer-Encoding")
        }
        return Case(id: id, message: Data(composed.octets), expected: expected)
    }

    private mutating func addContent(to message: inout Message, _ expected: inout Expected) throws {
        var inline: [Part] = []
        var attached: [Part] = []
        if chance(7) {
            let text = body()
            message.text = text
            expected.parts.append(Part(type: "text/plain", isText: true, content: Data(text.utf8)))
        }
        if chance(5) {
            let html = "<p>\(body())</p>"
            message.html = html
            expected.parts.append(Part(type: "text/html", isText: true, content: Data(html.utf8)))
        }
        let attachments = chance(5) ? random() % 4 : 0
        for number in 0..<attachments {
            var content = octets()
            var attachment = Attachment(filename: chance(8) ? text(1 + random() % 90) : nil, content: content)
            if chance(4) {
                attachment.contentType = try MediaType("text/csv")
                content = Array(body().utf8)
                attachment.content = .octets(content)
            } else if chance(5) {
                attachment.content = .base64(try base64(content))
            }
            if chance(4) { attachment.contentID = try ContentID("part\(number)") }
            message.attachments.append(attachment)
            let isShown = message.html != nil && attachment.contentID != nil
            let part = Part(
                type: "\(attachment.contentType.type)/\(attachment.contentType.subtype)", isText: false,
                content: Data(content), filename: attachment.filename,
                disposition: isShown ? "inline" : "attachment", contentID: attachment.contentID.map { "<\($0)>" })
            if isShown { inline.append(part) } else { attached.append(part) }
        }
        expected.parts += inline
        if chance(2) {
            let event = "BEGIN:VCALENDAR\nSUMMARY:\(text(40))\nEND:VCALENDAR\n"
            let type = try MediaType("text/calendar; method=REQUEST")
            message.alternatives = [Alternative(contentType: type, content: .text(event))]
            expected.parts.append(Part(type: "text/calendar", isText: true, content: Data(event.utf8)))
        }
        expected.parts += attached
        if expected.parts.isEmpty { expected.parts = [Part(type: "text/plain", isText: true, content: Data())] }
    }

    private mutating func mailbox() throws -> Mailbox {
        let locals = ["ann", "a.b+c", "\"a b\"", "\"a,b\"", "o'neil", String(repeating: "l", count: 60)]
        let domains = ["example.org", "mail.example.net", "\(String(repeating: "d", count: 60)).example.com"]
        let address = try AddrSpec("\(pick(locals))@\(pick(domains))")
        guard chance(7) else { return try Mailbox(address: address) }
        return try Mailbox(name: chance(1) && chance(1) ? text(5_000) : text(1 + random() % 60), address: address)
    }

    /// Words of many scripts up to a number of characters, now and then with spaces where they are easily lost.
    private mutating func text(_ count: UInt64) -> String {
        var text = chance(1) ? " " : ""
        let isASCII = chance(3)
        while text.count < count {
            let word = pick(Self.words)
            if isASCII && !word.utf8.allSatisfy({ $0 < 0x80 }) { continue }
            text += word
            text += chance(8) ? " " : chance(2) ? "  " : ""
        }
        text = String(text.prefix(Int(count)))
        return chance(9) ? text.trimmingCharacters(in: .whitespaces) : text
    }

    private mutating func body() -> String {
        var body = ""
        for _ in 0..<(random() % 12) {
            body += chance(1) ? String(repeating: pick(Self.words), count: 300) : text(random() % 150)
            body += pick(["\n", "\r\n", "\r", "\n.\n", " \n", "\t\r\n", "\nFrom x\n", "\n--x\n", ""])
        }
        return body
    }

    private mutating func octets() -> [UInt8] {
        (0..<(random() % 500)).map { _ in UInt8(truncatingIfNeeded: random()) }
    }

    /// Base64 in one of the ways in which it is handed over.
    private mutating func base64(_ octets: [UInt8]) throws -> Base64Text {
        let lines: Data.Base64EncodingOptions = [.lineLength76Characters, .endLineWithLineFeed]
        let text = Data(octets).base64EncodedString(options: chance(5) ? lines : [])
        guard chance(5) else { return try Base64Text(text) }
        let escaped = text.replacing("\n", with: "\\n").replacing("/", with: chance(5) ? "\\/" : "/")
        return try Base64Text(Array(escaped.utf8)[...], notation: .escaped)
    }

    private mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int(random() % UInt64(elements.count))]
    }

    /// Whether something happens that does so in that many of ten cases.
    private mutating func chance(_ ofTen: UInt64) -> Bool { random() % 10 < ofTen }

    private mutating func random() -> UInt64 {
        // A linear congruential generator; the upper half of its state is random enough for samples.
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
}
