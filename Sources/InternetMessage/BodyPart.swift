internal import OctetSearch

/// A part of the body that holds content and no further parts, with the transfer encoding chosen for it.
struct BodyPart {
    enum Content {
        /// Text, whose line breaks become CRLF.
        case text(String)
        /// Octets that arrive as they are.
        case octets([UInt8])
        /// Octets that are in base64 already.
        case base64(Base64Text)
    }

    /// The transfer encodings of RFC 2045, section 6, that are used. Binary is not: few relays take it.
    enum TransferEncoding: String {
        case sevenBit = "7bit"
        case eightBit = "8bit"
        case quotedPrintable = "quoted-printable"
        case base64
    }

    let contentType: MediaType
    let content: Content
    let encoding: TransferEncoding
    let loneLineBreaks: Int
    /// The attachment of which the part is made, for its other fields.
    var attachment: Attachment?

    init(text: String, contentType: MediaType, allowsEightBit: Bool) {
        let utf8 = text.utf8
        let octets = utf8.span
        let profile = ContentProfile(octets)
        content = .text(text)
        self.contentType = contentType
        loneLineBreaks = profile.loneLineBreaks
        if profile.isSevenBitText {
            encoding = .sevenBit
        } else if allowsEightBit, profile.isEightBitText {
            encoding = .eightBit
        } else {
            encoding = Self.shorterEncoding(octets, isText: true, loneLineBreaks: loneLineBreaks)
        }
    }

    init(octets: [UInt8], contentType: MediaType, allowsEightBit: Bool) {
        self.contentType = contentType
        loneLineBreaks = 0
        if contentType.encodingRule != .any {
            // It is written as it is, so its lines have to end as those of the message around it do.
            let profile = ContentProfile(octets.span)
            content = .octets(
                profile.loneLineBreaks > 0
                    ? LineBreaks.normalised(octets.span, loneLineBreaks: profile.loneLineBreaks) : octets)
            encoding = profile.hasHighOctets ? .eightBit : .sevenBit
            return
        }
        content = .octets(octets)
        guard contentType.type == "text" || contentType.type == "message" else {
            // What is not text must not meet software on the way that takes it for text.
            encoding = .base64
            return
        }
        let profile = ContentProfile(octets.span)
        // Octets arrive as they are, and so do lone line breaks: these have to be encoded.
        let isText = profile.loneLineBreaks == 0
        if isText, profile.isSevenBitText {
            encoding = .sevenBit
        } else if isText, allowsEightBit, profile.isEightBitText {
            encoding = .eightBit
        } else {
            encoding = Self.shorterEncoding(octets.span, isText: false, loneLineBreaks: 0)
        }
    }

    init(base64 text: Base64Text, contentType: MediaType, allowsEightBit: Bool) {
        guard contentType.type != "text", contentType.type != "message" else {
            // Another encoding may be the right one, which only the octets tell.
            self.init(octets: text.decoded(), contentType: contentType, allowsEightBit: allowsEightBit)
            return
        }
        self.init(encoded: text, contentType: contentType)
    }

    private init(encoded text: Base64Text, contentType: MediaType) {
        content = .base64(text)
        self.contentType = contentType
        loneLineBreaks = 0
        encoding = .base64
    }

    private static func shorterEncoding(
        _ content: Span<UInt8>, isText: Bool, loneLineBreaks: Int
    ) -> TransferEncoding {
        let base64 = Base64.encodedCountWithLines(content.count + loneLineBreaks)
        let quotedPrintable = QuotedPrintable.estimatedCount(content, isText: isText)
        return quotedPrintable <= base64 ? .quotedPrintable : .base64
    }

    /// Whether the content is written in other octets than its own.
    var isEncoded: Bool { encoding == .quotedPrintable || encoding == .base64 }

    /// Whether there is a NUL in octets that are written as they are.
    var hasNull: Bool {
        guard !isEncoded, case .octets(let octets) = content else { return false }
        return OctetSearch.null(in: octets.span, from: 0) < octets.count
    }

    /// Octets that the part takes at most, more or less, to make room once.
    var estimatedCount: Int {
        let count =
            switch content {
            case .text(let text): text.utf8.count + loneLineBreaks
            case .octets(let octets): octets.count
            case .base64(let text): text.decodedCount
            }
        return 256 + (isEncoded ? Base64.encodedCountWithLines(count) : count)
    }

    /// Appends the encoded content.
    func append(to octets: inout [UInt8]) {
        switch content {
        case .text(let text):
            let utf8 = text.utf8
            switch encoding {
            case .sevenBit where loneLineBreaks == 0, .eightBit where loneLineBreaks == 0:
                octets.append(copying: utf8.span)
            case .sevenBit, .eightBit: LineBreaks.append(utf8.span, loneLineBreaks: loneLineBreaks, to: &octets)
            case .quotedPrintable: QuotedPrintable.append(utf8.span, isText: true, to: &octets)
            case .base64:
                let normalised = LineBreaks.normalised(utf8.span, loneLineBreaks: loneLineBreaks)
                Base64.appendLines(normalised.span, to: &octets)
            }
        case .octets(let content):
            switch encoding {
            case .sevenBit, .eightBit: octets.append(contentsOf: content)
            case .quotedPrintable: QuotedPrintable.append(content.span, isText: false, to: &octets)
            case .base64: Base64.appendLines(content.span, to: &octets)
            }
        case .base64(let text): text.appendLines(to: &octets)
        }
    }

    /// Whether the encoded content could hold these octets.
    ///
    /// Every boundary begins with `=_`, which neither quoted-printable nor base64 can produce (RFC 2045, section 6.7),
    /// so only content that is written as it is has to be searched.
    func mayContain(_ boundary: [UInt8]) -> Bool {
        guard !isEncoded else { return false }
        switch content {
        case .text(let text):
            let utf8 = text.utf8
            return Boundary.occurs(boundary.span, in: utf8.span)
        case .octets(let octets):
            return Boundary.occurs(boundary.span, in: octets.span)
        case .base64: return false
        }
    }
}
