internal import Foundation
internal import InternetMessage
internal import MailAddress
internal import SMTP

/// The JSON document of `POST /messages`, read as far as it goes: every error is kept.
struct MessageDocument: DecodableWithErrors, DecodableWithConfiguration {
    var from: Mailbox?
    var to: [Mailbox] = []
    var cc: [Mailbox] = []
    var bcc: [Mailbox] = []
    var replyTo: [Mailbox] = []
    var subject: String?
    var text: String?
    var html: String?
    var headers: [(name: String, value: String)] = []
    var alternatives: [Alternative] = []
    var attachments: [Attachment] = []
    /// Where in the document the alternatives and the attachments stand that could be read.
    var places: [String: [Int]] = [:]
    var envelope: EnvelopeDocument?
    var notification: DeliveryStatusNotification?
    var requiresTLS: Bool?
    var recipientPolicy: Envelope.RecipientPolicy?
    /// Whether the identifier of the message is a UUID, which some clients expect.
    var hasUUID = false
    /// Whether it names no author, and none that is wrong either.
    private(set) var isWithoutAuthor = false
    var errors = FieldErrors()

    /// The members, in the order in which they are read.
    private static let names = [
        "from", "to", "cc", "bcc", "reply_to", "subject", "text", "html", "headers", "alternatives", "attachments",
        "envelope", "recipient_policy", "require_tls", "dsn",
    ]
    static let members = Set(names)

    /// Where a member stands in that order; nil where a message has none of that name.
    static func place(of name: String) -> Int? { names.firstIndex(of: name) }

    /// A document without anything in it.
    init() {}

    init(from decoder: any Decoder) throws {
        try self.init(from: decoder, configuration: nil)
    }

    /// Reads a document, or the list of values that is left of it.
    ///
    /// - Parameter outline: what has been read of it already; nil where the decoder has the document.
    init(from decoder: any Decoder, configuration outline: DocumentOutline?) throws {
        var members = try Members(of: decoder, known: Self.members, outline: outline)
        let address = "an address: a string or an object with name and address"
        let list = "an address or a list of addresses"
        if let from = members.address("from", expected: address) {
            self.from = from.mailbox
        } else {
            isWithoutAuthor = !members.hasError("/from")
        }
        to = members.addresses("to", expected: list)?.mailboxes ?? []
        cc = members.addresses("cc", expected: list)?.mailboxes ?? []
        bcc = members.addresses("bcc", expected: list)?.mailboxes ?? []
        replyTo = members.addresses("reply_to", expected: list)?.mailboxes ?? []
        subject = members.text("subject")
        text = outline?.text("text") ?? members.text("text")
        html = outline?.text("html") ?? members.text("html")
        let headers: HeadersDocument? = members.nested("headers", expected: "an object of strings")
        self.headers = headers?.headers ?? []
        readParts(&members)
        envelope = members.nested("envelope", expected: "an object with from and to")
        if let policy = members.text("recipient_policy", expected: "\"any\" or \"all\"") {
            switch policy {
            case "any": recipientPolicy = .any
            case "all": recipientPolicy = .all
            default: members.add(FieldError("/recipient_policy", "this has to be \"any\" or \"all\""))
            }
        }
        requiresTLS = members.value("require_tls", expected: "true or false")
        let dsn: NotificationDocument? = members.nested("dsn", expected: "an object with notify, return and id")
        notification = dsn?.notification
        assert(members.isAtEnd, "the members are not asked for in the order of their names")
        errors = members.errors
    }

    /// Adds attachments that come beside the document, and the errors in them.
    mutating func add(_ files: [Attachment], places indexes: [Int], errors others: FieldErrors) {
        attachments += files
        places["attachments", default: []] += indexes
        errors.add(others)
    }

    private mutating func readParts(_ members: inout Members) {
        let forms: ListDocument<AlternativeDocument>? = members.nested(
            "alternatives", expected: "a list of alternatives")
        if let forms {
            alternatives = forms.elements.compactMap(\.alternative)
            places["alternatives"] = forms.places { $0.alternative != nil }
        }
        let documents: ListDocument<AttachmentDocument>? = members.nested(
            "attachments", expected: "a list of attachments")
        if let documents {
            attachments = documents.elements.compactMap(\.attachment)
            places["attachments"] = documents.places { $0.attachment != nil }
        }
    }
}

/// A JSON array whose elements keep their errors. It is read no further than a message may have parts.
struct ListDocument<Element: DecodableWithErrors>: DecodableWithErrors {
    private(set) var elements: [Element] = []
    /// The index in the array of each element.
    private var indexes: [Int] = []
    private(set) var errors = FieldErrors()

    init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        while !list.isAtEnd {
            let index = list.currentIndex
            guard index < Message.maximumParts else {
                errors.add(FieldError("", "there are more than \(Message.maximumParts) of them; give fewer"))
                return
            }
            do {
                let element = try list.decode(Element.self)
                errors.add(element.errors, under: String(index))
                elements.append(element)
                indexes.append(index)
            } catch {
                errors.add(FieldError("/\(index)", "this has to be an object"))
                _ = try? list.decode(Anything.self)
            }
        }
    }

    /// The indexes in the array of the elements that are good.
    func places(where isGood: (Element) -> Bool) -> [Int] {
        indexes.indices.filter { isGood(elements[$0]) }.map { indexes[$0] }
    }
}
