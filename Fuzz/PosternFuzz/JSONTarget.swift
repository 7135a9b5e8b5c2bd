import Foundation
@testable import JSON

/// What is taken for a JSON text has names and strings that say what Foundation reads in them, and leaves a text for a decoder.
enum JSONTarget {
    static func run(_ input: [UInt8]) {
        guard let document = try? JSONDocument(input) else { return }
        for value in document.values {
            if value.name.lowerBound > 0 { compare(document.name(of: value), input, value.name) }
            if value.kind == .string { compare(document.text(of: value), input, value.octets) }
        }
        ensure(document.repeatedCount >= document.repeated.count, "more are listed than stand twice")
        // Of a document that is null or a string, nothing is left.
        guard let first = document.values.first, first.kind == .object || first.kind == .list else { return }
        ensure((try? JSONDocument(document.reduced)) != nil, "what is left is no JSON text")
    }

    private static func compare(_ text: String, _ input: [UInt8], _ range: Range<Int>) {
        let quoted = Data(input[(range.lowerBound - 1)...range.upperBound])
        guard let read = try? JSONSerialization.jsonObject(with: quoted, options: .fragmentsAllowed) as? String else {
            ensure(false, "Foundation reads no string: \(text.debugDescription)")
            return
        }
        ensure(Array(text.utf8) == Array(read.utf8), "\(text.debugDescription), and not \(read.debugDescription)")
    }
}
