internal import HTTPServer
internal import InternetMessage
internal import MailAddress
internal import SMTP

/// A raw message on its way from the HTTP client to the relay.
///
/// Its beginning is gathered before a session is asked for, so that a client who sends a small message slowly holds none.
/// What follows flows: the relay takes a piece before the next one is read, and the client waits while it does not.
struct RawUpload: Sendable {
    /// Why a message whose beginning was good did not come to its end.
    enum Failure: Error {
        /// The client did not send all of it, or something that cannot be sent.
        case upload(Problem)
        /// The relay did not take it.
        case relay(DeliveryFailure)
    }

    private(set) var message: RawMessage
    private let beginning: [UInt8]
    private let rest: HTTPRequestBody?

    /// Reads the header section, and what comes with it of the body.
    ///
    /// - Parameter domain: that of an identifier, if neither author nor sender has one.
    /// - Throws: a ``Problem`` if the message cannot be sent, or its client did not send as much.
    init(_ request: HTTPStreamedRequest, domain: String) async throws(Problem) {
        var beginning = RawBeginning()
        var isWhole = false
        while beginning.isIncomplete {
            guard
                let piece = try await translated(
                    Problem.init, { () throws(HTTPBodyError) in try await request.body.next() })
            else {
                isWhole = true
                break
            }
            try beginning.take(piece)
        }
        message = try beginning.finish(
            request.head.query, domain: domain, isWhole: isWhole, contentLength: request.head.contentLength)
        self.beginning = beginning.body
        rest = isWhole ? nil : request.body
    }

    /// Makes it a message of the one mailbox that its relays take.
    ///
    /// - Throws: a ``Problem`` if that would break the message.
    mutating func send(as sender: AddrSpec) throws(Problem) {
        try message.send(as: sender)
    }

    /// Sends the message. Once its content flows there is no other relay to go to: it cannot be read a second time.
    ///
    /// If it does not come to its end, no final dot goes out and the session is given up: nothing is delivered.
    ///
    /// - Parameters:
    ///   - relays: the relays that may be asked, the first choice first.
    ///   - trace: the span of the request, or nil if nobody traces.
    /// - Returns: what the relay said, and the octets that it was sent.
    func send(
        from delivery: Delivery, by relays: [Relay], trace: MessageTrace?
    ) async throws(Failure) -> (Receipt, Int) {
        var writer = try await translated(Failure.relay) { () throws(DeliveryFailure) in
            try await delivery.open(message.envelope, by: relays, trace: trace)
        }
        var count = message.header.count + beginning.count
        try await Self.write(message.header, to: &writer)
        try await Self.write(beginning, to: &writer)
        if let rest {
            var kind = message.headerKind
            kind.take(beginning.span)
            let takesEightBit = await writer.takesEightBit
            try kind.check(takesEightBit: takesEightBit)
            while let piece = try await Self.next(of: rest) {
                kind.take(piece.span)
                try kind.check(takesEightBit: takesEightBit)
                try await Self.write(piece, to: &writer)
                count += piece.count
            }
        }
        do throws(DeliveryFailure) {
            return (try await writer.finish(octets: count), count)
        } catch {
            throw .relay(error)
        }
    }

    private static func next(of body: HTTPRequestBody) async throws(Failure) -> [UInt8]? {
        try await translated({ Failure.upload(Problem($0)) }, { () throws(HTTPBodyError) in try await body.next() })
    }

    private static func write(_ octets: [UInt8], to writer: inout OpenMessage) async throws(Failure) {
        do throws(DeliveryFailure) {
            try await writer.write(octets)
        } catch {
            throw .relay(error)
        }
    }
}

extension ContentKind {
    /// Whether a relay can carry what was seen so far.
    fileprivate func check(takesEightBit: Bool) throws(RawUpload.Failure) {
        if hasNull { throw .upload(.nullInContent) }
        if isEightBit, !takesEightBit { throw .upload(.eightBitUnsupported) }
    }
}
