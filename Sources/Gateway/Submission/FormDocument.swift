internal import Foundation
internal import HTTPServer
internal import InternetMessage
internal import JSON

/// A form read as the JSON document that it stands for: the same names, the same checks, the same pointers to what is
/// wrong.
///
/// A field that may be given again, such as `to`, makes a list; `headers[X-Campaign]` is a member of `headers`. Each file
/// in `attachment` is attached, and `inline[logo]` is shown by `<img src="cid:logo">`.
struct FormDocument {
    /// Most parts of a form: as many recipients and attachments as a message may have, and some more fields.
    static let maximumParts = Submission.maximumRecipients + Message.maximumParts + 100

    /// The members that are lists, also with one element.
    private static let lists: Set<String> = ["to", "cc", "bcc", "reply_to", "envelope[to]", "dsn[notify]"]
    private static let flags: Set<String> = ["require_tls"]

    private var values: [String: [String]] = [:]
    private var attachments: [Attachment] = []
    /// The index among all attachments of each that is good.
    private var places: [Int] = []
    private var fileCount = 0
    private var errors = FieldErrors()

    /// Reads the parts of a form into the document that they stand for, with every error that is in it.
    ///
    /// - Throws: a ``Problem`` where they do not make a document.
    static func read(_ parts: [HTTPFormPart]) throws(Problem) -> MessageDocument {
        var form = FormDocument()
        for part in parts { form.take(part) }
        do {
            let json = try JSONSerialization.data(withJSONObject: form.members(), options: .sortedKeys)
            var document = try DocumentCursor.decode(MessageDocument.self, from: JSONDocument(Array(json)))
            document.add(form.attachments, places: form.places, errors: form.errors)
            return document
        } catch {
            throw .invalid([FieldError("", "the fields of the form do not make a message")])
        }
    }

    private mutating func take(_ part: HTTPFormPart) {
        if part.name == "attachment" || part.name == "attachments" {
            attach(part, contentID: nil)
        } else if let (parent, member) = Self.split(part.name), parent == "inline" {
            attach(part, contentID: member)
        } else {
            let pointer = Self.pointer(part.name)
            guard let text = String(validating: part.content, as: UTF8.self), Self.isUTF8(part.contentType) else {
                errors.add(FieldError(pointer, "this has to be UTF-8"))
                return
            }
            values[part.name, default: []].append(text)
        }
    }

    private mutating func attach(_ part: HTTPFormPart, contentID: String?) {
        // What a browser sends for a field in which no file was chosen.
        if part.filename?.isEmpty == true, part.content.isEmpty { return }
        let pointer = "/attachments/\(fileCount)"
        fileCount += 1
        let before = errors.count
        guard let filename = part.filename else {
            errors.add(
                FieldError(pointer, "this has to be a file; with curl: -F \(part.name.prefix(40))=@report.pdf"))
            return
        }
        var type = MediaType(ofFile: filename) ?? .octetStream
        var identifier: ContentID?
        if let text = part.contentType, !text.isEmpty {
            do throws(HeaderError) {
                type = try MediaType(text)
            } catch {
                errors.add(FieldError(pointer + "/content_type", error.description))
            }
        }
        if let contentID {
            do throws(HeaderError) {
                identifier = try ContentID(contentID)
            } catch {
                errors.add(FieldError(pointer + "/content_id", error.description))
            }
        }
        guard errors.count == before else { return }
        attachments.append(
            Attachment(filename: filename, content: part.content, contentType: type, contentID: identifier))
        places.append(fileCount - 1)
    }

    /// The JSON document that the fields stand for.
    private func members() -> [String: Any] {
        var members: [String: Any] = [:]
        for (name, values) in values {
            // Of several values for a member that takes one, the error says what it has to be.
            let isList = Self.lists.contains(name) || values.count > 1
            let flag: Any? = Self.flags.contains(name) ? Bool(values[0]) : nil
            let value: Any = isList ? values : flag ?? values[0] as Any
            guard let (parent, member) = Self.split(name) else {
                members[name] = value
                continue
            }
            var object = members[parent] as? [String: Any] ?? [:]
            object[member] = value
            members[parent] = object
        }
        return members
    }

    /// The two names in `headers[X-Campaign]`.
    private static func split(_ name: String) -> (parent: String, member: String)? {
        guard name.hasSuffix("]"), let open = name.firstIndex(of: "["), open > name.startIndex else { return nil }
        return (String(name[..<open]), String(name[name.index(after: open)...].dropLast()))
    }

    private static func pointer(_ name: String) -> String {
        guard let (parent, member) = split(name) else { return "/" + FieldError.escaped(name) }
        return "/" + FieldError.escaped(parent) + "/" + FieldError.escaped(member)
    }

    /// Whether a part of text is UTF-8 by its own account, too (RFC 7578, section 4.5).
    private static func isUTF8(_ contentType: String?) -> Bool {
        guard let charset = contentType?.lowercased().split(separator: "charset=").dropFirst().first else {
            return true
        }
        let name = charset.prefix { $0 != ";" }.filter { $0 != "\"" && $0 != " " }
        return ["utf-8", "us-ascii"].contains(name)
    }
}
