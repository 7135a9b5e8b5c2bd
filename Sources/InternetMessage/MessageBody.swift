/// The body of a message: its parts and how they are nested (RFC 2046, section 5.1).
struct MessageBody {
    /// The text, the HTML and the alternatives, in the order of RFC 2046, section 5.1.4: the best comes last.
    private var forms: [BodyPart] = []
    /// Which form is the HTML.
    private var htmlIndex: Int?
    /// What is shown in the HTML.
    private var related: [BodyPart] = []
    /// What is attached.
    private var attached: [BodyPart] = []
    private var boundary: Boundary?
    private let allowsEightBit: Bool

    /// The level of each multipart, which tells its boundary from the others.
    private enum Level {
        static let mixed = 1
        static let alternative = 2
        static let related = 3
    }

    init(_ message: borrowing Message) throws(CompositionError) {
        allowsEightBit = message.allowsEightBit
        if let text = message.text { appendForm(text, .plainText) }
        try appendAlternatives(message) { $0.standsBeforeHTML }
        if let html = message.html {
            htmlIndex = forms.count
            appendForm(html, .html)
        }
        try appendAlternatives(message) { !$0.standsBeforeHTML }
        for (index, var attachment) in message.attachments.enumerated() {
            let canBeShown = htmlIndex != nil && attachment.contentID != nil
            let disposition = attachment.disposition ?? (canBeShown ? .inline : .attachment)
            attachment.disposition = disposition
            var part =
                switch attachment.content {
                case .octets(let octets):
                    BodyPart(octets: octets, contentType: attachment.contentType, allowsEightBit: allowsEightBit)
                case .base64(let text):
                    BodyPart(base64: text, contentType: attachment.contentType, allowsEightBit: allowsEightBit)
                }
            try Self.check(part, "attachments/\(index)/content")
            part.attachment = attachment
            if canBeShown, disposition == .inline { related.append(part) } else { attached.append(part) }
        }
        if forms.isEmpty, attached.isEmpty { appendForm("", .plainText) }
        if forms.count > 1 || !related.isEmpty || !attached.isEmpty {
            boundary = try Boundary(seed: message.seed, avoiding: forms + related + attached)
        }
    }

    private mutating func appendForm(_ text: String, _ contentType: MediaType) {
        let part = BodyPart(text: text, contentType: contentType, allowsEightBit: allowsEightBit)
        forms.append(part)
    }

    private mutating func appendAlternatives(
        _ message: Message, where isWanted: (MediaType) -> Bool
    ) throws(CompositionError) {
        for (index, alternative) in message.alternatives.enumerated() where isWanted(alternative.contentType) {
            let part =
                switch alternative.content {
                case .text(let text) where alternative.contentType.encodingRule != .any:
                    BodyPart(
                        octets: Array(text.utf8), contentType: alternative.contentType, allowsEightBit: allowsEightBit)
                case .text(let text):
                    BodyPart(
                        text: text, contentType: alternative.contentType.withUTF8, allowsEightBit: allowsEightBit)
                case .octets(let octets):
                    BodyPart(octets: octets, contentType: alternative.contentType, allowsEightBit: allowsEightBit)
                }
            try Self.check(part, "alternatives/\(index)/content")
            forms.append(part)
        }
    }

    /// A part that may not be encoded can hold no NUL, and some such parts no octet above 127.
    private static func check(_ part: BodyPart, _ field: String) throws(CompositionError) {
        let rule = part.contentType.encodingRule
        guard rule != .any else { return }
        if rule == .sevenBit, part.encoding == .eightBit { throw CompositionError.notSevenBit(field) }
        if part.hasNull { throw CompositionError.null(field) }
    }

    /// Whether there is a part with octets that 7-bit data cannot hold.
    var isEightBit: Bool { Self.isEightBit(forms) || Self.isEightBit(related) || Self.isEightBit(attached) }

    /// An estimate of the body's octets, to make room once.
    var estimatedCount: Int {
        (boundary == nil ? 0 : 512) + Self.estimatedCount(forms) + Self.estimatedCount(related)
            + Self.estimatedCount(attached)
    }

    // By their indexes: a closure would get a copy of each part, which takes longer than the look at it.
    private static func estimatedCount(_ parts: [BodyPart]) -> Int {
        var count = 0
        for index in parts.indices { count += parts[index].estimatedCount }
        return count
    }

    private static func isEightBit(_ parts: [BodyPart]) -> Bool {
        for index in parts.indices where parts[index].encoding == .eightBit { return true }
        return false
    }

    /// Writes the fields that describe the body, the empty line, and the body.
    func append(to writer: inout HeaderWriter) {
        guard !attached.isEmpty, let boundary else { return appendForms(to: &writer) }
        let delimiter = boundary.text(level: Level.mixed)
        Self.beginMultipart("mixed", delimiter, isEightBit: isEightBit, to: &writer)
        if !forms.isEmpty {
            Self.beginPart(delimiter, to: &writer)
            appendForms(to: &writer)
        }
        for part in attached {
            Self.beginPart(delimiter, to: &writer)
            Self.append(part, to: &writer)
        }
        Self.endMultipart(delimiter, to: &writer)
    }

    private func appendForms(to writer: inout HeaderWriter) {
        guard forms.count > 1, let boundary else {
            for index in forms.indices { appendForm(index, to: &writer) }
            return
        }
        let delimiter = boundary.text(level: Level.alternative)
        Self.beginMultipart(
            "alternative", delimiter, isEightBit: Self.isEightBit(forms) || Self.isEightBit(related), to: &writer)
        for index in forms.indices {
            Self.beginPart(delimiter, to: &writer)
            appendForm(index, to: &writer)
        }
        Self.endMultipart(delimiter, to: &writer)
    }

    private func appendForm(_ index: Int, to writer: inout HeaderWriter) {
        guard index == htmlIndex, !related.isEmpty, let boundary else {
            return Self.append(forms[index], to: &writer)
        }
        let delimiter = boundary.text(level: Level.related)
        // The type of the root is a required parameter (RFC 2387, section 3.1).
        Self.beginMultipart(
            "related; type=\"text/html\"", delimiter,
            isEightBit: forms[index].encoding == .eightBit || Self.isEightBit(related), to: &writer)
        Self.beginPart(delimiter, to: &writer)
        Self.append(forms[index], to: &writer)
        for part in related {
            Self.beginPart(delimiter, to: &writer)
            Self.append(part, to: &writer)
        }
        Self.endMultipart(delimiter, to: &writer)
    }

    private static func beginMultipart(
        _ subtype: String, _ delimiter: String, isEightBit: Bool, to writer: inout HeaderWriter
    ) {
        writer.append("Content-Type: multipart/\(subtype);\r\n boundary=\"\(delimiter)\"\r\n")
        // What is around 8-bit data is 8-bit data (RFC 2045, section 6.4); 7bit is the default.
        if isEightBit { writer.field("Content-Transfer-Encoding", BodyPart.TransferEncoding.eightBit.rawValue) }
    }

    private static func beginPart(_ delimiter: String, to writer: inout HeaderWriter) {
        writer.append("\r\n--\(delimiter)\r\n")
    }

    private static func endMultipart(_ delimiter: String, to writer: inout HeaderWriter) {
        writer.append("\r\n--\(delimiter)--\r\n")
    }

    private static func append(_ part: BodyPart, to writer: inout HeaderWriter) {
        // Not folded in front of the type: some readers find none then.
        writer.beginField("Content-Type")
        writer.octets.append(UInt8(ascii: " "))
        writer.append(part.contentType.type)
        writer.octets.append(UInt8(ascii: "/"))
        writer.append(part.contentType.subtype)
        for parameter in part.contentType.parameters { writer.parameter(parameter.name, parameter.value) }
        writer.endLine()
        writer.field("Content-Transfer-Encoding", part.encoding.rawValue)
        if let attachment = part.attachment {
            if let contentID = attachment.contentID { writer.field("Content-ID", "<\(contentID)>") }
            writer.beginField("Content-Disposition")
            writer.item(attachment.disposition?.rawValue ?? Attachment.Disposition.attachment.rawValue)
            if let filename = attachment.filename, !filename.isEmpty {
                writer.parameter("filename", filename)
            }
            writer.endLine()
        }
        writer.endLine()
        part.append(to: &writer.octets)
    }
}
