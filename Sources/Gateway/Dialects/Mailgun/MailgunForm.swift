internal import HTTPServer
internal import InternetMessage
internal import JSON
internal import MailAddress

/// The form of `POST /v3/{domain}/messages`, and what of it `messages.mime` has.
struct MailgunForm {
    private(set) var message = VendorMessage()
    /// Whether each recipient in `to` gets a message of its own.
    private(set) var isPersonal = false
    /// Whether the message is checked and not sent.
    private(set) var isTest = false
    /// The message as a whole, in `messages.mime`.
    private(set) var whole: [UInt8]?
    private(set) var errors = FieldErrors()

    private static let refused: Set = [
        "template", "o:deliverytime", "o:deliverytime-optimize-period", "o:time-zone-localize", "o:deliver-within",
        "o:archive-to",
    ]
    /// The options that are taken and have no effect. Any other may be a misspelt one that keeps a message from being sent.
    private static let ignored: Set = [
        "o:tag", "o:dkim", "o:secondary-dkim", "o:secondary-dkim-public", "o:skip-verification", "o:tracking",
        "o:tracking-clicks", "o:tracking-opens", "o:tracking-pixel-location-top", "o:sending-ip", "o:sending-ip-pool",
        "o:suppress-headers",
    ]
    /// The most messages of one request.
    private static let maximumMessages = 1_000
    /// The fields that may be given once, and those of them that were.
    private static let single: Set = ["subject", "text", "html", "amp-html", "o:testmode", "o:require-tls", "message"]
    private var seen: Set<String> = []
    private var fileCount = 0

    /// - Parameter isWhole: whether the message comes as a whole, in the field `message`.
    init(_ parts: [HTTPFormPart], isWhole: Bool) {
        for part in parts {
            let name = part.name.hasPrefix("o:") ? part.name.lowercased() : part.name
            if Self.single.contains(name), !seen.insert(name).inserted {
                add(name, "this is given twice")
                continue
            }
            switch part.name {
            case "attachment" where !isWhole: attach(part, isInline: false)
            case "inline" where !isWhole: attach(part, isInline: true)
            case "message" where isWhole: whole = part.content
            default:
                guard let text = String(validating: part.content, as: UTF8.self) else {
                    errors.add(FieldError("/" + FieldError.escaped(part.name), "this has to be UTF-8"))
                    continue
                }
                take(name, text, isWhole: isWhole)
            }
        }
        if isWhole, whole == nil { errors.add(FieldError("/message", "the message is needed, as a file")) }
        if !isWhole, message.document.from == nil, !errors.listed.contains(where: { $0.pointer == "/from" }) {
            errors.add(FieldError("/from", "the sender's address is needed"))
        }
        if isPersonal { checkMessages() }
        message.document.errors = errors
    }

    /// Checks what holds only if each recipient gets a message.
    private mutating func checkMessages() {
        // Named twice, a recipient gets the message once.
        var addresses: Set<AddrSpec> = []
        message.document.to.removeAll { !addresses.insert($0.address).inserted }
        let count = message.document.to.count
        if count > Self.maximumMessages {
            add("to", "\(count) messages are too many; send to \(Self.maximumMessages) recipients at a time")
        }
        if count > 1, message.document.headers.contains(where: { $0.name.lowercased() == "message-id" }) {
            add("h:Message-Id", "several messages cannot have one Message-ID; leave it out")
        }
    }

    private mutating func take(_ name: String, _ text: String, isWhole: Bool) {
        switch name {
        case "to": message.document.to += mailboxes(name, text)
        case "recipient-variables" where !isWhole: takeVariables(text)
        case _ where Self.refused.contains(name) || name.hasPrefix("t:"):
            if !text.isEmpty { add(name, "\(name) is not supported; leave it out") }
        case "o:testmode": isTest = flag(name, text)
        case "o:require-tls": message.document.requiresTLS = flag(name, text)
        case _ where Self.ignored.contains(name): ignore(name, text)
        case _ where name.hasPrefix("v:"):
            if !message.ignored.contains(name) { message.ignored.append(name) }
        case _ where name.hasPrefix("o:"):
            add(
                name,
                "there is no such option; known are \(Self.ignored.sorted().joined(separator: ", ")), "
                    + "o:testmode and o:require-tls")
        // Ruby's client cannot leave it out; the message itself says who sends it.
        case "from" where isWhole: break
        case _ where isWhole: add(name, "there is no such field; known are to, message, o:… and v:…")
        case "from": takeFrom(text)
        case "cc": message.document.cc += mailboxes(name, text)
        case "bcc": message.document.bcc += mailboxes(name, text)
        case "subject": message.document.subject = text
        case "text": message.document.text = text
        case "html": message.document.html = text.isEmpty ? nil : text
        case "amp-html": takeAMP(text)
        case _ where name.hasPrefix("h:"): takeHeader(String(name.dropFirst(2)), text)
        default:
            add(
                name,
                "there is no such field; known are from, to, cc, bcc, subject, text, html, amp-html, attachment, inline, "
                    + "recipient-variables, h:…, o:… and v:…")
        }
    }

    private mutating func takeFrom(_ text: String) {
        guard message.document.from == nil else { return add("from", "give one address") }
        do throws(AddressError) {
            message.document.from = try Mailbox(parsing: text)
        } catch {
            add("from", error.description)
        }
    }

    private mutating func takeAMP(_ text: String) {
        guard !text.isEmpty, let type = try? MediaType("text/x-amp-html") else { return }
        message.document.alternatives.append(Alternative(contentType: type, content: .text(text)))
    }

    private mutating func takeHeader(_ name: String, _ text: String) {
        switch name.lowercased() {
        case "reply-to": message.document.replyTo += mailboxes("h:Reply-To", text)
        // The composer writes it.
        case "mime-version": break
        default: message.document.headers.append((name, text))
        }
    }

    /// If this is `{}`, each recipient in `to` gets a message of its own.
    private mutating func takeVariables(_ text: String) {
        isPersonal = true
        // A name that stands twice could hide variables.
        guard let document = try? JSONDocument(Array(text.utf8)), document.repeatedCount == 0,
            let object = document.values.first, object.kind == .object
        else {
            return add("recipient-variables", "this has to be a JSON object of objects, each name once")
        }
        if document.values.dropFirst().contains(where: { $0.kind != .null && ($0.kind != .object || $0.count > 0) }) {
            add(
                "recipient-variables",
                "recipient-variables with variables are not supported; send {} or write the texts out")
        }
    }

    private mutating func attach(_ part: HTTPFormPart, isInline: Bool) {
        let pointer = "\(part.name)/\(fileCount)"
        fileCount += 1
        guard let filename = part.filename else {
            return add(pointer, "this has to be a file; with curl: -F \(part.name)=@report.pdf")
        }
        // What a browser sends for a field in which no file was chosen.
        if filename.isEmpty, part.content.isEmpty { return }
        do throws(HeaderError) {
            let type =
                if let text = part.contentType, !text.isEmpty {
                    try MediaType(text)
                } else {
                    MediaType(ofFile: filename) ?? .octetStream
                }
            message.document.attachments.append(
                Attachment(
                    filename: filename, content: part.content, contentType: type,
                    // The HTML names it by its file name.
                    contentID: isInline ? try ContentID(filename) : nil, disposition: isInline ? .inline : nil))
        } catch {
            add(pointer, error.description)
        }
    }

    private mutating func mailboxes(_ name: String, _ text: String) -> [Mailbox] {
        if text.isEmpty { return [] }
        do throws(AddressError) {
            return try AddressList(parsing: text).mailboxes
        } catch {
            add(name, error.description)
            return []
        }
    }

    private mutating func ignore(_ name: String, _ text: String) {
        if Self.isTrue(text) != false, !message.ignored.contains(name) { message.ignored.append(name) }
    }

    private mutating func add(_ name: String, _ detail: String) {
        errors.add(FieldError("/" + name.replacing("~", with: "~0"), detail))
    }

    /// A flag, which must not be taken for its opposite.
    private mutating func flag(_ name: String, _ text: String) -> Bool {
        if let flag = Self.isTrue(text) { return flag }
        add(name, "this has to be yes or no")
        return false
    }

    /// What a flag says, as clients write it in their languages; nil if it is none.
    private static func isTrue(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "yes", "true", "1", "on": true
        case "", "no", "false", "0", "off": false
        default: nil
        }
    }

    /// The message of each recipient, or the one of all.
    var messages: [VendorMessage] {
        guard isPersonal, message.document.to.count > 1 else { return [message] }
        return message.document.to.map { recipient in
            var own = message
            own.document.to = [recipient]
            return own
        }
    }
}
