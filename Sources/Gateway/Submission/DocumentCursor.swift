internal import Foundation
internal import JSON
internal import Synchronization

/// A document that is being decoded, and where the decoder is in it: what a model cannot learn from the decoder.
///
/// It is a value of the task because a decoder's `userInfo` would need a decoder for each document, which costs more than all
/// names and strings do.
final class DocumentCursor: Sendable {
    /// The document that is being decoded here.
    @TaskLocal static var current: DocumentCursor?
    /// One for all documents: it keeps nothing from one call to the next.
    private static let decoder = JSONDecoder()

    let document: JSONDocument
    private let index = Atomic(0)

    private init(_ document: JSONDocument) {
        self.document = document
    }

    /// The index of the value that the decoder makes a model of next. Whoever calls the decoder sets it.
    var place: Int {
        get { index.load(ordering: .relaxed) }
        set { index.store(newValue, ordering: .relaxed) }
    }

    /// Decodes a document.
    static func decode<Model: Decodable>(_ type: Model.Type, from document: JSONDocument) throws -> Model {
        try $current.withValue(DocumentCursor(document)) {
            try decoder.decode(type, from: Data(document.reduced))
        }
    }
}
