/// A part of the body that holds content and no further parts, with the transfer encoding chosen for it.
struct BodyPart {
    enum Content {
        /// Text, whose line breaks become CRLF.
        case text(String)
        /// Octets that arrive as they are.
        case octets([UInt8])
    }

    /// The transfer encodings of RFC 2045, section 6, that are used. 8bit and binary are not: a relay may lack them.
    enum TransferEncoding: String {
        case sevenBit = "7bit"
        case quotedPrintable = "quoted-printable"
        case base64
    }

    let contentType: MediaType
    let content: Content
    let encoding: TransferEncoding
    let loneLineBreaks: Int
    /// The attachment of which the part is made, for its other fields.
    var attachment: Attachment?

    init(text: String, contentType: MediaType) {
        let utf8 = text.utf8
        let octets = utf8.span
        let profile = ContentProfile(octets)
        content = .text(text)
        self.contentType = contentType
        loneLineBreaks = profile.loneLineBreaks
        encoding =
            profile.isSevenBitText
            ? .sevenBit : Self.shorterEncoding(octets, isText: true, loneLineBreaks: loneLineBreaks)
    }

    init(octets: [UInt8], contentType: MediaType) {
        content = .octets(octets)
        self.contentType = contentType
        loneLineBreaks = 0
        switch contentType.type {
        case "text", "message":
            let profile = ContentProfile(octets.span)
            encoding =
                profile.isSevenBit ? .sevenBit : Self.shorterEncoding(octets.span, isText: false, loneLineBreaks: 0)
        default:
            // What is not text must not meet software on the way that takes it for text.
            encoding = .base64
        }
    }

    private static func shorterEncoding(
        _ content: Span<UInt8>, isText: Bool, loneLineBreaks: Int
    ) -> TransferEncoding {
        let base64 = Base64.encodedCountWithLines(content.count + loneLineBreaks)
        let quotedPrintable = QuotedPrintable.estimatedCount(content, isText: isText)
        return quotedPrintable <= base64 ? .quotedPrintable : .base64
    }

    /// Octets that the part takes at most, more or less, to make room once.
    var estimatedCount: Int {
        let count =
            switch content {
            case .text(let text): text.utf8.count + loneLineBreaks
            case .octets(let octets): octets.count
            }
        return 256 + (encoding == .sevenBit ? count : Base64.encodedCountWithLines(count))
    }

    /// Appends the encoded content.
    func append(to octets: inout [UInt8]) {
        switch content {
        case .text(let text):
            let utf8 = text.utf8
            switch encoding {
            case .sevenBit where loneLineBreaks == 0: octets.append(contentsOf: utf8)
            case .sevenBit: LineBreaks.append(utf8.span, loneLineBreaks: loneLineBreaks, to: &octets)
            case .quotedPrintable: QuotedPrintable.append(utf8.span, isText: true, to: &octets)
            case .base64:
                let normalised = LineBreaks.normalised(utf8.span, loneLineBreaks: loneLineBreaks)
                Base64.appendLines(normalised.span, to: &octets)
            }
        case .octets(let content):
            switch encoding {
            case .sevenBit: octets.append(contentsOf: content)
            case .quotedPrintable: QuotedPrintable.append(content.span, isText: false, to: &octets)
            case .base64: Base64.appendLines(content.span, to: &octets)
            }
        }
    }

    /// Whether the encoded content could hold these octets.
    ///
    /// Every boundary begins with `=_`, which neither quoted-printable nor base64 can produce (RFC 2045, section 6.7),
    /// so only content that is written as it is has to be searched.
    func mayContain(_ boundary: [UInt8]) -> Bool {
        guard encoding == .sevenBit else { return false }
        switch content {
        case .text(let text):
            let utf8 = text.utf8
            return Boundary.occurs(boundary.span, in: utf8.span)
        case .octets(let octets):
            return Boundary.occurs(boundary.span, in: octets.span)
        }
    }
}
