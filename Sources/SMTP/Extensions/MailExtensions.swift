/// What a message asks of a server beyond RFC 5321.
///
/// A server that does not offer what is asked for gets none of the message: opening it fails with the reason
/// `unsupported`, before MAIL. So nothing that was asked for is dropped silently; whoever can do without leaves it out.
public struct MailExtensions: Hashable, Sendable {
    /// What the octets of the content are, if they are not 7-bit lines.
    public enum Body: String, Hashable, Sendable {
        /// Lines that may hold octets above 127 (RFC 6152).
        case eightBitMIME = "8BITMIME"
        /// Any octets, sent as they are, with BDAT (RFC 3030, section 3). Lines need not end in CRLF.
        case binaryMIME = "BINARYMIME"
    }

    /// The priorities that can be asked for, the highest last (RFC 6710, section 5).
    public static let priorities = -9...9

    /// The kind of the content; nil for 7-bit lines, which every server takes.
    public var body: Body?
    /// Whether a server that does not offer what ``body`` needs gets the message all the same, without a declaration: for
    /// a content that is known only while it is written. Then the caller asks the writer what it takes, and gives the
    /// message up where the content turns out to be something else.
    public var bodyIsOptional = false
    /// When the sender is told of the delivery, and how (RFC 3461).
    public var notification: DeliveryStatusNotification?
    /// Whether every server on the way has to pass the message on over verified TLS only (RFC 8689). The session itself
    /// must be on TLS, too.
    public var requiresTLS = false
    /// By when the message has to be delivered (RFC 2852).
    public var deliverBy: DeliverBy?
    /// Until when the server holds the message (RFC 4865).
    public var release: FutureRelease?
    /// How urgent the message is, one of ``priorities``; 0 is ordinary (RFC 6710).
    public var priority: Int?

    /// Nothing.
    public init() {}

    /// The same without what is optional and not offered.
    func offered(by capabilities: Capabilities) -> MailExtensions {
        guard bodyIsOptional, body == .eightBitMIME, !capabilities.eightBitMIME else { return self }
        var offered = self
        offered.body = nil
        return offered
    }

    /// Why the message cannot be sent over a session, or nil if it can.
    ///
    /// - Parameter isVerified: whether the session is on TLS with a certificate that was verified (RFC 8689, section 4.2.1).
    func problem(with capabilities: Capabilities, isVerified: Bool) -> String? {
        if body == .eightBitMIME, !bodyIsOptional, !capabilities.eightBitMIME {
            return "the content is not 7-bit and the server does not offer 8BITMIME; encode the content"
        }
        if body == .binaryMIME, !(capabilities.binaryMIME && capabilities.chunking) {
            return "the content is binary and the server does not offer BINARYMIME with CHUNKING; encode the content"
        }
        if notification != nil, !capabilities.dsn {
            return "a delivery status notification is asked for and the server does not offer DSN; leave it out"
        }
        if requiresTLS, !isVerified {
            return "TLS is required for the message and the session is not on TLS with a verified certificate; use "
                + "verified TLS to the server"
        }
        if requiresTLS, !capabilities.requireTLS {
            return "TLS is required for the message and the server does not offer REQUIRETLS; leave it out, or use a "
                + "server that offers it"
        }
        return deliverBy?.problem(with: capabilities) ?? release?.problem(with: capabilities)
            ?? priorityProblem(with: capabilities)
    }

    private func priorityProblem(with capabilities: Capabilities) -> String? {
        guard let priority else { return nil }
        if !Self.priorities.contains(priority) { return "the priority \(priority) is not from -9 to 9" }
        return capabilities.messageTransferPriority == nil
            ? "a priority is asked for and the server does not offer MT-PRIORITY; leave it out" : nil
    }
}
