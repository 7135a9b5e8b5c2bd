internal import HTTPServer
internal import InternetMessage
internal import SMTP

/// Gathers the beginning of a raw message from the pieces in which it arrives: its header section, and as much of its body
/// as is looked at before a session is asked for.
struct RawBeginning {
    /// Octets of the body that are gathered at most, before a session is asked for.
    private static let bodyOctets = 64 * 1024

    private var reader = HeaderSectionReader()
    /// What has arrived of the body.
    private(set) var body: [UInt8] = []
    private var received = 0
    private var isHeaderOver = false

    /// Whether more is needed, if there is more.
    var isIncomplete: Bool { !isHeaderOver || body.count < Self.bodyOctets }

    /// Takes the next piece.
    ///
    /// - Throws: a ``Problem`` if it cannot belong to a header section.
    mutating func take(_ piece: [UInt8]) throws(Problem) {
        received += piece.count
        do throws(HeaderSectionError) {
            guard let rest = try reader.take(piece[...]) else { return }
            isHeaderOver = true
            body += rest
        } catch {
            throw .malformedMessage(error)
        }
    }

    /// Completes the header section.
    ///
    /// - Parameters:
    ///   - query: what the client says of the envelope.
    ///   - domain: that of an identifier, if neither author nor sender has one.
    ///   - isWhole: whether the message ends here.
    ///   - contentLength: the octets of all of the message, if they are known.
    /// - Returns: the message, its envelope declaring its size and kind as far as these are known.
    /// - Throws: a ``Problem`` that names every bad field.
    mutating func finish(
        _ query: HTTPQuery, domain: String, isWhole: Bool, contentLength: Int?
    ) throws(Problem) -> RawMessage {
        let section: HeaderSection
        do throws(HeaderSectionError) {
            section = try reader.finish()
        } catch {
            throw .malformedMessage(error)
        }
        var message = try RawMessage(section, QueryEnvelope(query), domain: domain)
        // A line end counts as it is sent, as CRLF (RFC 1870, section 4). How many more there are is not known yet.
        let lone = LineBreaks.loneCount(in: message.header[...]) + LineBreaks.loneCount(in: body[...])
        if isWhole {
            var kind = message.headerKind
            kind.take(body.span)
            try message.declare(kind)
            let last = body.last ?? message.header.last
            let isEnded = last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r")
            message.envelope.size = message.header.count + body.count + lone + (isEnded ? 0 : 2)
        } else {
            message.declareUnknownContent()
            let headerCount = received - body.count
            message.envelope.size = contentLength.map { $0 - headerCount + message.header.count + lone }
        }
        return message
    }
}
