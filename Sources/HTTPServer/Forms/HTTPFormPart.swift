/// A part of a form: a field or a file (RFC 7578, section 4).
public struct HTTPFormPart: Hashable, Sendable {
    /// The field's name.
    public let name: String
    /// The name of the file, if the part is one.
    public let filename: String?
    /// The value of the part's Content-Type, as it was sent; nil if there was none.
    public let contentType: String?
    /// The content.
    public internal(set) var content: [UInt8]
}
