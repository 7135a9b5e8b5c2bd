internal import Foundation

/// Reads the JSON documents of vendors' APIs.
enum VendorDocument {
    /// One for all documents: it keeps nothing from one call to the next.
    private static let decoder = JSONDecoder()

    /// Reads an object by its outline, which is quicker.
    ///
    /// - Parameter place: where the type reads a member; nil if it has none of that name.
    /// - Throws: a ``Problem`` if it is not well formed, or something else.
    static func readOutlined<Document: Decodable & DecodableWithConfiguration>(
        _ type: Document.Type, from octets: [UInt8], place: (String) -> Int?
    ) throws(Problem) -> Document where Document.DecodingConfiguration == DocumentOutline? {
        if octets.isEmpty { throw .emptyBody }
        let syntax = try Submission.syntax(of: octets)
        if !syntax.repeated.isEmpty { throw .invalid(syntax.repeated) }
        do {
            return try DocumentOutline.decode(type, from: octets, syntax, place: place)
        } catch {
            throw .invalid([FieldError("", "the body has to be a JSON object")])
        }
    }

    /// Reads a document.
    ///
    /// - Parameter expected: what the document has to be, such as "a JSON object".
    /// - Throws: a ``Problem`` if it is not well formed, or something else.
    static func read<Document: Decodable>(
        _ type: Document.Type, from octets: [UInt8], expected: String
    ) throws(Problem) -> Document {
        if octets.isEmpty { throw .emptyBody }
        let repeated = try Submission.syntax(of: octets).repeated
        if !repeated.isEmpty { throw .invalid(repeated) }
        do {
            return try decoder.decode(type, from: Data(octets))
        } catch {
            throw .invalid([FieldError("", "the body has to be \(expected)")])
        }
    }
}
