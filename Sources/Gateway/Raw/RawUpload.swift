internal import HTTPServer
internal import InternetMessage
internal import SMTP

/// A raw message on its way from the HTTP client to the relay.
///
/// Its beginning is gathered before a session is asked for, so that a client who sends a small message slowly holds none.
/// What follows flows: the relay takes a piece before the next one is read, and the client waits while it does not.
struct RawUpload: Sendable {
    /// Why a message did not come to its end.
    enum Failure: Error {
        /// The client did not send all of it, or too much.
        case body(HTTPBodyError)
        /// It is not one that can be sent.
        case message(Problem)
        /// The relay did not take it.
        case relay(DeliveryFailure)
    }

    /// Octets that are gathered at most before a session is asked for, beside those of the header section.
    private static let beginning = 64 * 1024

    let message: RawMessage
    private let first: [UInt8]
    private let rest: HTTPRequestBody?
    /// Octets of the message as far as it is known: all of it, or what Content-Length promises.
    private let size: Int?

    /// Reads the header section, and what comes with it of the body.
    ///
    /// - Parameter domain: that of an identifier, if neither author nor sender has one.
    init(_ request: HTTPStreamedRequest, domain: String) async throws(Failure) {
        var reader = HeaderSectionReader()
        var first: [UInt8] = []
        var received = 0
        var isHeaderOver = false
        var isWhole = false
        while !isHeaderOver || first.count < Self.beginning {
            guard let piece = try await Self.next(of: request.body) else {
                isWhole = true
                break
            }
            received += piece.count
            if let body = try Self.take(piece, into: &reader) {
                isHeaderOver = true
                first += body
            }
        }
        let headerCount = received - first.count
        var message = try Self.message(try Self.section(&reader), request.head.query, domain)
        // A line end counts as it is sent, as CRLF (RFC 1870, section 4). How many more there are is not known yet.
        let lone = LineBreaks.loneCount(in: message.header[...]) + LineBreaks.loneCount(in: first[...])
        if isWhole {
            try Self.declare(first, of: &message)
            let isEnded = (first.last ?? message.header.last).map {
                $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r")
            }
            size = message.header.count + first.count + lone + (isEnded == true ? 0 : 2)
        } else {
            message.declareUnknownContent()
            size = request.head.contentLength.map { $0 - headerCount + message.header.count + lone }
        }
        message.envelope.size = size
        self.message = message
        self.first = first
        rest = isWhole ? nil : request.body
    }

    /// Sends the message. Once its content flows there is no other relay to go to: it cannot be read a second time.
    ///
    /// Where it does not come to its end, no final dot goes out and the session is given up: nothing is delivered.
    ///
    /// - Parameters:
    ///   - key: the name of the API key that the request carried, for the routes.
    ///   - trace: the span of the request, or nil where nobody traces.
    func send(
        by delivery: Delivery, key: String?, trace: MessageTrace?
    ) async throws(Failure) -> (Delivery.Receipt, Int) {
        var writer = try await Self.open(message.envelope, by: delivery, key, trace)
        var count = message.header.count + first.count
        try await Self.write(message.header, to: &writer)
        var kind = message.headerKind
        kind.take(first.span)
        try await Self.write(first, to: &writer)
        if let rest {
            let takesEightBit = await writer.takesEightBit
            try Self.check(kind, takesEightBit: takesEightBit)
            while let piece = try await Self.next(of: rest) {
                kind.take(piece.span)
                try Self.check(kind, takesEightBit: takesEightBit)
                try await Self.write(piece, to: &writer)
                count += piece.count
            }
        }
        return (try await Self.close(writer, count), count)
    }

    private static func check(_ kind: ContentKind, takesEightBit: Bool) throws(Failure) {
        if kind.hasNull { throw .message(.nullInContent) }
        if kind.isEightBit, !takesEightBit { throw .message(.eightBitUnsupported) }
    }

    // MARK: Each step with its own failure

    private static func take(
        _ piece: [UInt8], into reader: inout HeaderSectionReader
    ) throws(Failure) -> ArraySlice<UInt8>? {
        do throws(HeaderSectionError) {
            return try reader.take(piece[...])
        } catch {
            throw .message(.malformedMessage(error))
        }
    }

    private static func section(_ reader: inout HeaderSectionReader) throws(Failure) -> HeaderSection {
        do throws(HeaderSectionError) {
            return try reader.finish()
        } catch {
            throw .message(.malformedMessage(error))
        }
    }

    private static func message(
        _ section: HeaderSection, _ query: HTTPQuery, _ domain: String
    ) throws(Failure) -> RawMessage {
        do throws(Problem) {
            return try RawMessage(section, query, domain: domain)
        } catch {
            throw .message(error)
        }
    }

    private static func declare(_ content: [UInt8], of message: inout RawMessage) throws(Failure) {
        var kind = message.headerKind
        kind.take(content.span)
        do throws(Problem) {
            try message.declare(kind)
        } catch {
            throw .message(error)
        }
    }

    private static func next(of body: HTTPRequestBody) async throws(Failure) -> [UInt8]? {
        do throws(HTTPBodyError) {
            return try await body.next()
        } catch {
            throw .body(error)
        }
    }

    private static func open(
        _ envelope: Envelope, by delivery: Delivery, _ key: String?, _ trace: MessageTrace?
    ) async throws(Failure) -> OpenMessage {
        do throws(DeliveryFailure) {
            return try await delivery.open(envelope, key: key, trace: trace)
        } catch {
            throw .relay(error)
        }
    }

    private static func write(_ octets: [UInt8], to writer: inout OpenMessage) async throws(Failure) {
        do throws(DeliveryFailure) {
            try await writer.write(octets)
        } catch {
            throw .relay(error)
        }
    }

    private static func close(
        _ writer: consuming OpenMessage, _ count: Int
    ) async throws(Failure) -> Delivery.Receipt {
        do throws(DeliveryFailure) {
            return try await writer.finish(octets: count)
        } catch {
            throw .relay(error)
        }
    }
}
