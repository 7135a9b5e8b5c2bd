internal import Foundation
internal import HTTPServer
internal import InternetMessage
internal import MailAddress
internal import SMTP

/// A message that was written elsewhere, checked and completed as far as its header section goes.
struct RawMessage {
    /// The message's identifier as it stands there, with its angle brackets.
    let id: String
    var envelope: Envelope
    /// The fields that name who sends it.
    private let authorFields: [RawField]
    /// The header section as it is sent, with the empty line behind it.
    let header: [UInt8]

    /// Checks a header section: takes the envelope from the query or from it, removes the blind copies and supplies what
    /// is missing.
    ///
    /// - Throws: a ``Problem`` that names every bad field.
    init(_ section: HeaderSection, _ query: HTTPQuery) throws(Problem) {
        authorFields = section.fields.filter { field in Self.authorNames.contains(where: field.isNamed) }
        var section = section
        var errors: [FieldError] = []
        let wanted = RawEnvelope(query)
        var envelope = wanted.envelope(section, errors: &errors)
        section.removeBlindCopies()
        var identifier = ""
        do throws(HeaderSectionError) {
            identifier = try section.complete(
                sender: envelope?.reversePath ?? wanted.reversePath ?? nil,
                date: MessageDate(seconds: Int64(Date().timeIntervalSince1970)), seed: MessageSeeds.shared.next())
        } catch {
            let error = FieldError(error)
            if !errors.contains(where: { $0.pointer == error.pointer }) { errors.append(error) }
        }
        guard errors.isEmpty, envelope != nil else { throw .invalid(errors) }
        if section.needsSMTPUTF8 { envelope?.needsSMTPUTF8 = true }
        guard let envelope else { throw .invalid(errors) }
        id = identifier
        header = section.octets
        self.envelope = envelope
    }

    private static let authorNames = ["From", "Sender", "Resent-From", "Resent-Sender"]

    /// Who sends it, as the header section says; nil where that cannot be read.
    var authors: [AddrSpec]? {
        var authors: [AddrSpec] = []
        for field in authorFields {
            guard let value = field.value, let list = try? AddressList(parsing: value) else { return nil }
            authors += list.mailboxes.map(\.address)
        }
        return authors
    }

    /// Checks a whole message.
    ///
    /// - Parameters:
    ///   - request: the request that holds it.
    ///   - isAllowed: whether the caller may send it; throws the problem with it where not.
    /// - Returns: the message in the form in which it is sent.
    /// - Throws: a ``Problem`` that names every bad field.
    static func composition(
        _ request: HTTPRequest, isAllowed: (RawMessage) throws(Problem) -> Void
    ) throws(Problem) -> Composition {
        var reader = HeaderSectionReader()
        let body: ArraySlice<UInt8>
        let section: HeaderSection
        do throws(HeaderSectionError) {
            body = try reader.take(request.body[...]) ?? []
            section = try reader.finish()
        } catch {
            throw .malformedMessage(error)
        }
        var message = try RawMessage(section, request.head.query)
        try isAllowed(message)
        var kind = ContentKind()
        kind.take(body.span)
        try message.declare(kind)
        return Composition(id: message.id, envelope: message.envelope, content: message.header + body)
    }

    /// Declares a content that is known to its end.
    ///
    /// - Throws: a ``Problem`` where no mail can hold it.
    mutating func declare(_ kind: ContentKind) throws(Problem) {
        if kind.hasNull { throw .nullInContent }
        guard kind.isEightBit else { return }
        var extensions = envelope.extensions ?? MailExtensions()
        extensions.body = .eightBitMIME
        envelope.extensions = extensions
    }

    /// Declares a content that is still to come: 8BITMIME where the relay offers it. Where it does not, whoever writes the
    /// content has to look at it.
    mutating func declareUnknownContent() {
        var extensions = envelope.extensions ?? MailExtensions()
        extensions.body = .eightBitMIME
        extensions.bodyIsOptional = true
        envelope.extensions = extensions
    }
}
