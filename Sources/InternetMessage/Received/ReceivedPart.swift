/// A body part of a received message (RFC 2045), undecoded until its content is asked for.
public struct ReceivedPart: Sendable {
    /// The media type and subtype in lower case, such as `text/plain`.
    public let mediaType: String
    /// The charset as the part gives it, in lower case; nil if it gives none.
    public let charset: String?
    /// The name of the file, from Content-Disposition or, failing that, from Content-Type, its encodings undone.
    public let filename: String?
    /// The Content-ID without its angle brackets (RFC 2392), by which HTML refers to the part.
    public let contentID: String?
    /// Whether the part is to be shown within the message and not beside it (RFC 2183, section 2.1).
    public let isInline: Bool

    private let encoding: TransferEncoding
    private let body: ArraySlice<UInt8>

    init(_ header: ReceivedHeader, _ type: ParameterReader, _ disposition: ParameterReader) {
        mediaType = type.value
        charset = type.parameter("charset")?.lowercased()
        filename = disposition.parameter("filename") ?? type.parameter("name")
        contentID = header.first("content-id").map { $0.trimming("<> \t") }.flatMap { $0.isEmpty ? nil : $0 }
        isInline = disposition.value == "inline"
        encoding = TransferEncoding(header.first("content-transfer-encoding") ?? "")
        body = header.body
    }

    /// The content with its transfer encoding undone (RFC 2045, section 6).
    public var content: [UInt8] { encoding.decoded(body) }

    /// The content as text. Line breaks are single LFs.
    public var text: String {
        ReceivedCharset.text(LineBreaks.withLineFeeds(content), charset: charset)
    }
}
