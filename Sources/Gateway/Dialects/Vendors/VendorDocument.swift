internal import Foundation

/// Reads the JSON documents of vendors' APIs.
enum VendorDocument {
    /// One for all documents: it keeps nothing from one call to the next.
    private static let decoder = JSONDecoder()

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
