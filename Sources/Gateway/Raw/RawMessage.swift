internal import Foundation
internal import HTTPServer
internal import InternetMessage
internal import MailAddress
internal import SMTP
internal import Settings

/// A message that was written elsewhere, checked and completed as far as its header section goes.
struct RawMessage {
    /// The message's identifier as it stands there, with its angle brackets.
    let id: String
    var envelope: Envelope
    /// The fields that name who sends it.
    private let authorFields: [RawField]
    /// Whether there are octets in the header section that are not UTF-8, which are declared as those of the body are.
    private let holdsOtherCharsets: Bool
    private var section: HeaderSection
    /// The header section as it is sent, with the empty line behind it.
    private(set) var header: [UInt8]

    /// Checks a header section: takes the envelope from what is wanted or from it, removes the blind copies and supplies what
    /// is missing.
    ///
    /// - Parameters:
    ///   - domain: that of an identifier, if neither author nor sender has one.
    ///   - seed: what an identifier is made of; random bits if it is nil.
    /// - Throws: a ``Problem`` that names every bad field.
    init(
        _ section: HeaderSection, _ wanted: QueryEnvelope, domain: String, seed: MessageSeed? = nil
    ) throws(Problem) {
        authorFields = section.fields.filter { field in Self.authorNames.contains(where: field.isNamed) }
        var section = section
        var errors: [FieldError] = []
        var envelope = wanted.envelope(section, errors: &errors)
        section.removeBlindCopies()
        var identifier = ""
        do throws(HeaderSectionError) {
            identifier = try section.complete(
                sender: envelope?.reversePath ?? wanted.reversePath ?? nil,
                date: MessageDate(seconds: Int64(Date().timeIntervalSince1970)),
                seed: seed ?? MessageSeeds.shared.next(), domain: domain)
        } catch {
            let error = FieldError(error)
            if !errors.contains(where: { $0.pointer == error.pointer }) { errors.append(error) }
        }
        guard errors.isEmpty, envelope != nil else { throw .invalid(errors) }
        holdsOtherCharsets = section.holdsOtherCharsets
        if section.needsSMTPUTF8 { envelope?.needsSMTPUTF8 = true }
        guard let envelope else { throw .invalid(errors) }
        id = identifier
        self.section = section
        header = section.octets
        self.envelope = envelope
    }

    /// Makes it a message of the one mailbox that its relay takes: that becomes the author and the reverse-path, the display
    /// name stays, and answers go to the authors that were given. The null reverse-path stays, as it names nobody.
    ///
    /// - Throws: a ``Problem`` if the message is signed, which another author would break.
    mutating func send(as sender: AddrSpec) throws(Problem) {
        if envelope.reversePath != nil { envelope = envelope.from(sender) }
        let authors = section.fields(named: "From").first.flatMap { try? HeaderSection.mailboxes(in: $0) } ?? []
        guard authors.map(\.address) != [sender] || section.contains("Sender") else { return }
        guard !section.contains("DKIM-Signature") else {
            throw .invalid([
                FieldError(
                    "/headers/DKIM-Signature",
                    "the relay lets Postern send as \(sender) only (\(Setting.relaySender.name)), and another author would "
                        + "break the signature; remove it, or send as that mailbox")
            ])
        }
        let before = header
        section.replaceAuthor(by: sender, authors: authors)
        header = section.octets
        guard let size = envelope.size else { return }
        // Line ends count as they are sent (RFC 1870, section 4).
        func count(_ octets: [UInt8]) -> Int { octets.count + LineBreaks.loneCount(in: octets[...]) }
        envelope.size = size - count(before) + count(header)
    }

    private static let authorNames = ["From", "Sender", "Resent-From", "Resent-Sender"]

    /// Who sends it, as the header section says; nil if that cannot be read.
    var authors: [AddrSpec]? {
        var authors: [AddrSpec] = []
        for field in authorFields {
            guard let mailboxes = try? HeaderSection.mailboxes(in: field) else { return nil }
            authors += mailboxes.map(\.address)
        }
        return authors
    }

    /// Reads a whole message.
    ///
    /// - Parameters:
    ///   - domain: that of an identifier, if neither author nor sender has one.
    ///   - seed: what an identifier is made of; random bits if it is nil.
    /// - Returns: the message, what is known of its content declared, and its body.
    /// - Throws: a ``Problem`` that names every bad field.
    static func read(
        _ octets: [UInt8], _ wanted: QueryEnvelope, domain: String, seed: MessageSeed? = nil
    ) throws(Problem) -> (RawMessage, body: ArraySlice<UInt8>) {
        var reader = HeaderSectionReader()
        let body: ArraySlice<UInt8>
        let section: HeaderSection
        do throws(HeaderSectionError) {
            body = try reader.take(octets[...]) ?? []
            section = try reader.finish()
        } catch {
            throw .malformedMessage(error)
        }
        var message = try RawMessage(section, wanted, domain: domain, seed: seed)
        var kind = message.headerKind
        kind.take(body.span)
        try message.declare(kind)
        return (message, body)
    }

    /// The message in the form in which it is sent.
    func composed(with body: ArraySlice<UInt8>) -> Composition {
        // The size that is declared counts line ends as they are sent (RFC 1870, section 4).
        Composition(id: id, envelope: envelope, content: LineBreaks.canonical(header + body))
    }

    /// What of the header section has to be declared with the body.
    var headerKind: ContentKind {
        var kind = ContentKind()
        if holdsOtherCharsets { kind.take(header.span) }
        return kind
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

    /// Declares a content that has not arrived yet: 8BITMIME where the relay offers it. Where it does not, whoever writes the
    /// content has to look at it.
    mutating func declareUnknownContent() {
        var extensions = envelope.extensions ?? MailExtensions()
        extensions.body = .eightBitMIME
        extensions.bodyIsOptional = true
        envelope.extensions = extensions
    }
}
