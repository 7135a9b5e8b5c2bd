import InternetMessage
import MailAddress

/// The message that tests begin with, and short ways to build its fields.
enum Samples {
    static let seed = MessageSeed(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210)
    static let messageID = "<0123456789abcdeffedcba9876543210@example.org>"
    static let date = MessageDate(seconds: 1_751_358_600)

    static func message() throws -> Message {
        var message = Message(from: [try Mailbox(parsing: "Ann <ann@example.org>")], date: date, seed: seed)
        message.to = [try Mailbox(parsing: "bob@example.net")]
        return message
    }

    static func composed(_ change: (inout Message) throws -> Void) throws -> String {
        String(decoding: try composition(change).octets, as: UTF8.self)
    }

    static func composition(_ change: (inout Message) throws -> Void) throws -> ComposedMessage {
        var message = try message()
        try change(&message)
        return try Composer.compose(message)
    }

    /// The lines of the field with that name, from its name to the end of its last folded line.
    static func field(_ name: String, _ change: (inout Message) throws -> Void) throws -> String? {
        let parsed = try ParsedEntity(Array(composed(change).utf8))
        return parsed.fields.first { $0.name == name }?.raw
    }
}
