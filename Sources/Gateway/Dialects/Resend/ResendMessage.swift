internal import Foundation
internal import InternetMessage

/// The document of `POST /emails`.
struct ResendMessage: DecodableWithErrors, DecodableWithConfiguration {
    private(set) var message = VendorMessage()
    /// Whether there are attachments, which a batch may not have.
    private(set) var hasAttachments = false
    private(set) var errors = FieldErrors()

    /// The most addresses in `to`.
    private static let maximumRecipients = 50
    private static let ignored = ["tags", "topic_id"]
    private static let refused = ["scheduled_at", "template"]
    /// The members, in the order in which they are read.
    private static let names =
        ["from", "to", "cc", "bcc", "reply_to", "subject", "text", "html", "headers", "attachments"] + refused + ignored
    private static let members = Set(names)

    /// Where a member stands in that order; nil if a message has none of that name.
    static func place(of name: String) -> Int? { names.firstIndex(of: name) }

    init(from decoder: any Decoder) throws {
        try self.init(from: decoder, configuration: nil)
    }

    /// Reads a document, or the list of values that is left of it.
    ///
    /// - Parameter outline: what has been read of it already; nil if the decoder has the document.
    init(from decoder: any Decoder, configuration outline: DocumentOutline?) throws {
        var members = try Members(of: decoder, known: Self.members, outline: outline)
        message.document.from = members.address("from", expected: "an address such as Name <a@b>")?.mailbox
        message.document.to = members.addressList("to")
        if message.document.to.count > Self.maximumRecipients {
            members.add(FieldError("/to", "there are more than \(Self.maximumRecipients) addresses; send to fewer"))
        }
        message.document.cc = members.addressList("cc")
        message.document.bcc = members.addressList("bcc")
        message.document.replyTo = members.addressList("reply_to")
        message.document.subject = members.text("subject")
        message.document.text = outline?.text("text") ?? members.text("text")
        let html = outline?.text("html") ?? members.text("html")
        message.document.html = html?.isEmpty == true ? nil : html
        message.document.headers = members.headers("headers")
        if let files: ListDocument<ResendAttachment> = members.nested("attachments", expected: "a list of attachments")
        {
            hasAttachments = !files.elements.isEmpty
            message.document.attachments = files.elements.compactMap(\.attachment)
            message.document.places["attachments"] = files.places { $0.attachment != nil }
        }
        members.refuse(Self.refused)
        message.ignored = members.present(Self.ignored)
        assert(members.isAtEnd, "the members are not asked for in the order of their names")
        errors = members.errors
        message.document.errors = errors
    }

    /// The members that are needed and missing, if nothing else is wrong.
    var missing: [String] {
        guard errors.isEmpty else { return [] }
        let document = message.document
        return [
            document.from == nil ? "from" : nil,
            document.to.isEmpty && document.cc.isEmpty && document.bcc.isEmpty ? "to" : nil,
            document.subject == nil ? "subject" : nil,
        ].compactMap(\.self)
    }
}
