internal import JSON
internal import Logging
internal import OctetSearch
internal import SMTP

/// The fields of a log line in their order, numbers as numbers.
///
/// A line is written for every message. As metadata, each field would cost a text, and a place in a dictionary that loses
/// the order; so they are written down as members of a JSON object, which ``GatewayLogHandler`` puts into its line. To another
/// handler they go as one value of metadata, which describes itself.
struct LogFields: CustomStringConvertible, Sendable {
    /// Characters of a value that are written at most.
    static let bound = 1000

    /// The members of an object, without its braces.
    private(set) var members = JSONText()

    init() {}

    mutating func add(_ name: JSONText.Name, _ text: String) {
        members.name(name)
        // Nearly every value can be written as it is.
        if !members.value(plain: text, upTo: Self.bound) { members.value(Self.bounded(text)) }
    }

    mutating func add(_ name: JSONText.Name, _ number: Int) {
        members.member(name, number)
    }

    /// Adds a time in milliseconds.
    mutating func add(_ name: JSONText.Name, _ duration: Duration) {
        members.name(name)
        members.value(thousandths: duration.nanoseconds / 1000)
    }

    /// A text of no more characters than are written of a value, without those that a terminal could obey or that change
    /// the order of what stands around them.
    static func bounded(_ text: String) -> String {
        // What is ASCII is escaped where it is written; a short text nearly always is.
        guard OctetSearch.unprintable(in: text.utf8.span, from: 0) < text.utf8.count else { return shortened(text) }
        return PrintableText.shown(shortened(text), keepsASCII: true)
    }

    private static func shortened(_ text: String) -> String {
        // A character has an octet at least.
        guard text.utf8.count > bound else { return text }
        let beginning = text.prefix(bound)
        return beginning.endIndex == text.endIndex ? text : beginning + "…"
    }

    /// The fields as metadata of a log event.
    var metadata: Logger.Metadata { ["fields": .stringConvertible(self)] }

    /// The fields that stand in a value of metadata.
    init?(_ value: Logger.Metadata.Value) {
        guard case .stringConvertible(let described) = value, let fields = described as? LogFields else { return nil }
        self = fields
    }

    /// Each field's name with its value as text.
    var texts: [(String, String)] {
        guard let document = try? JSONDocument(Array("{".utf8) + members.bytes + Array("}".utf8)) else { return [] }
        return document.values.dropFirst().map { (document.name(of: $0), document.text(of: $0)) }
    }

    var description: String {
        texts.map { "\($0)=\($1)" }.joined(separator: " ")
    }
}
