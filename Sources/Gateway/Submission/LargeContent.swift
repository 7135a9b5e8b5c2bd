internal import InternetMessage

/// A JSON document of a message without the content of its large attachments, which stays where it is.
///
/// A decoder would copy the content into a string, and that into octets. Here the base64 is checked in the body itself,
/// and goes from there into the message: a message needs twice the memory of its body, and not five times.
struct LargeContent: Sendable {
    /// Bodies below this are decoded as they are.
    static let minimumBodyOctets = 64 * 1024

    /// The document, with an empty string in place of each content that was taken out.
    let document: [UInt8]
    /// The contents that were taken out, by the index of their attachment.
    let attachments: [Int: Base64Text]

    /// What the decoder of a document carries to its attachments.
    static let key = CodingUserInfoKey(rawValue: "postern.large-content")

    /// Takes the large contents out; nil where there are none, and where the document is not one that this understands:
    /// then it has to be decoded as it is, and what is wrong with it is said there.
    init?(in body: [UInt8]) {
        guard body.count >= Self.minimumBodyOctets else { return nil }
        var scanner = LargeContentScanner()
        guard scanner.scan(body), !scanner.found.isEmpty else { return nil }
        var document: [UInt8] = []
        document.reserveCapacity(body.count - scanner.found.reduce(0) { $0 + $1.octets.count })
        var attachments: [Int: Base64Text] = [:]
        var start = 0
        for content in scanner.found {
            document.append(contentsOf: body[start..<content.octets.lowerBound])
            attachments[content.attachment] = content.text
            start = content.octets.upperBound
        }
        document.append(contentsOf: body[start...])
        self.document = document
        self.attachments = attachments
    }

    /// The content of the attachment that is being decoded, if it was taken out.
    static func content(for decoder: any Decoder) -> Base64Text? {
        guard let key, let contents = decoder.userInfo[key] as? LargeContent, decoder.codingPath.count == 2,
            let index = decoder.codingPath[1].intValue
        else { return nil }
        return contents.attachments[index]
    }
}
