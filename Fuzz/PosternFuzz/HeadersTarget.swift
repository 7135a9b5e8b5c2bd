@testable import InternetMessage

/// However a message is cut, its header section is the same, and holds what came.
enum HeadersTarget {
    static func run(_ input: [UInt8]) {
        var input = Input(input)
        let seed = input.byte()
        let bytes = input.remainder()
        let whole = section(of: [bytes])
        let cut = section(of: pieces(of: bytes, seed: seed))
        ensure(whole == cut, "other sections: \(String(describing: whole)) and \(String(describing: cut))")
        if let (section, body) = whole.map({ ($0.section, $0.body) }) {
            if !section.hadMailboxLine { ensure(bytes.starts(with: section.octets.prefix(1)), "other octets") }
            ensure(bytes.suffix(body.count).elementsEqual(body), "another body")
            _ = try? section.sender()
            _ = try? section.recipients()
            for field in section.fields { _ = field.value }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        if let date = try? MessageDate(parsing: text) {
            ensure((try? MessageDate(parsing: date.description)) == date, "read again: \(date)")
        }
        if let type = try? MediaType(text) {
            ensure((try? MediaType(type.description)) == type, "read again: \(type)")
        }
    }

    private struct Found: Equatable {
        var section: HeaderSection
        var body: [UInt8]
    }

    private static func section(of pieces: [[UInt8]]) -> Found? {
        var reader = HeaderSectionReader()
        var body: [UInt8] = []
        do {
            for piece in pieces {
                if let rest = try reader.take(piece[...]) { body += rest }
            }
            return Found(section: try reader.finish(), body: body)
        } catch {
            return nil
        }
    }
}
