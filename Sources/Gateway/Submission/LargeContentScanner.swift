internal import InternetMessage
internal import OctetSearch

/// Goes through the text of a JSON document (RFC 8259) and finds the members `content` in the elements of its member
/// `attachments`.
///
/// It follows braces, brackets and strings and leaves everything else to the decoder, which reads what remains. A
/// document in which a name stands twice or in an unusual notation is left alone as a whole.
struct LargeContentScanner {
    struct Found {
        /// The index of the attachment.
        let attachment: Int
        /// Where the content stands, without its quotes.
        let octets: Range<Int>
        let text: Base64Text
    }

    /// Contents below this are not worth the effort.
    static let minimumContentOctets = 4 * 1024

    private(set) var found: [Found] = []

    private var depth = 0
    /// Whether the string that comes next is the name of a member. Of interest in the document and in an attachment.
    private var expectsName = false
    /// How many members `attachments` the document has.
    private var lists = 0
    /// Whether the value at depth 1 is that of `attachments`.
    private var isInAttachments = false
    /// The index of the element of the list.
    private var index = 0
    /// Whether the value at depth 3 is that of `content`, and how many there are in this element.
    private var isContent = false
    private var contents = 0

    /// Whether the document is one that this understands.
    mutating func scan(_ body: [UInt8]) -> Bool {
        var position = 0
        let octets = body.span
        while position < octets.count {
            switch octets[position] {
            case UInt8(ascii: "\""):
                guard let end = string(body, from: position + 1) else { return false }
                position = end
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard open(octets[position]) else { return false }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 2 { isInAttachments = false }
                depth -= 1
                expectsName = false
            case UInt8(ascii: ","):
                separate()
            default:
                break
            }
            position += 1
        }
        return depth == 0
    }

    private mutating func open(_ bracket: UInt8) -> Bool {
        let isObject = bracket == UInt8(ascii: "{")
        depth += 1
        switch depth {
        case 1:
            guard isObject else { return false }
            expectsName = true
        case 2:
            isInAttachments = isInAttachments && !isObject
            index = 0
        case 3:
            expectsName = isObject && isInAttachments
            isContent = false
            contents = 0
        default:
            isContent = false
        }
        return true
    }

    private mutating func separate() {
        switch depth {
        case 1:
            expectsName = true
            isInAttachments = false
        case 2: index += 1
        case 3:
            expectsName = isInAttachments
            isContent = false
        default: break
        }
    }

    /// Reads a string.
    ///
    /// - Returns: the index of its closing quote; nil where the document has to be left alone.
    private mutating func string(_ body: [UInt8], from start: Int) -> Int? {
        if isContent, depth == 3, !expectsName, let end = content(body, from: start) { return end }
        let octets = body.span
        var hasEscapes = false
        var end = OctetSearch.escapedInJSON(in: octets, from: start)
        while end < octets.count, octets[end] != UInt8(ascii: "\"") {
            let isEscape = octets[end] == UInt8(ascii: "\\")
            hasEscapes = hasEscapes || isEscape
            end = OctetSearch.escapedInJSON(in: octets, from: min(end + (isEscape ? 2 : 1), octets.count))
        }
        guard end < octets.count else { return nil }
        guard expectsName, depth == 1 || depth == 3 else { return end }
        expectsName = false
        // `\u0061ttachments` is the same name.
        guard !hasEscapes else { return nil }
        let name = body[start..<end]
        if depth == 1 {
            isInAttachments = name.elementsEqual("attachments".utf8)
            lists += isInAttachments ? 1 : 0
        } else {
            isContent = name.elementsEqual("content".utf8)
            contents += isContent ? 1 : 0
        }
        return lists < 2 && contents < 2 ? end : nil
    }

    /// Reads the string as base64.
    ///
    /// - Returns: the index of its closing quote; nil where it is not base64, or small.
    private mutating func content(_ body: [UInt8], from start: Int) -> Int? {
        guard let (text, end) = try? Base64Text.read(body[start...], notation: .escaped), end < body.count,
            body[end] == UInt8(ascii: "\""), end - start >= Self.minimumContentOctets
        else { return nil }
        found.append(Found(attachment: index, octets: start..<end, text: text))
        return end
    }
}
