/// A reply of the server (RFC 5321, section 4.2), with its enhanced status code (RFC 2034) in the text.
///
/// No reply repeats what a client sent, so none can carry a line break that is not the server's own.
struct SandboxReply: Error, Hashable {
    /// The lines as they go over the wire, but for the last line's end.
    let text: String

    init(_ text: String) {
        self.text = text
    }

    /// A reply with a code that a test asked for. Codes of the 300s have no enhanced code (RFC 3463, section 2).
    static func asked(_ code: Int) -> SandboxReply {
        let enhanced = code / 100 == 3 ? "" : "\(code / 100).0.0 "
        return SandboxReply("\(code) \(enhanced)Reply requested by the address")
    }

    /// Whether it says that the command has done what it was to do.
    var isAcceptance: Bool { text.hasPrefix("2") }
    /// Whether the server closes the connection after it (RFC 5321, section 3.8).
    var isFarewell: Bool { text.hasPrefix("421") }

    static let ok = SandboxReply("250 2.0.0 Ok")
    static let senderOk = SandboxReply("250 2.1.0 Ok")
    static let recipientOk = SandboxReply("250 2.1.5 Ok")
    static let startContent = SandboxReply("354 End data with <CR><LF>.<CR><LF>")
    static let help = SandboxReply("214 2.0.0 This sandbox keeps what it is sent and delivers nothing")
    static let cannotVerify = SandboxReply("252 2.1.5 Send some mail, and see")
    static let goodbye = SandboxReply("221 2.0.0 Bye")

    static let idle = SandboxReply("421 4.4.2 Idle for too long, closing")
    static let tooManyConnections = SandboxReply("421 4.3.2 Too many connections")
    static let tooManyRecipients = SandboxReply("452 4.5.3 Too many recipients")

    static let startTLS = SandboxReply("220 2.0.0 Go ahead")
    static let authenticated = SandboxReply("235 2.7.0 Any credentials will do")
    static let cancelled = SandboxReply("501 5.7.0 Authentication cancelled")
    static let alreadyAuthenticated = SandboxReply("503 5.5.1 Authenticated already")
    static let alreadyEncrypted = SandboxReply("503 5.5.1 TLS is in use already")
    static let unknownMechanism = SandboxReply("504 5.5.4 Mechanism not recognized")

    static let lineTooLong = SandboxReply("500 5.5.2 Line too long")
    static let unknownCommand = SandboxReply("500 5.5.1 Command not recognized")
    static let notImplemented = SandboxReply("502 5.5.1 Command not implemented")
    static let needsHello = SandboxReply("503 5.5.1 EHLO or HELO first")
    static let needsMail = SandboxReply("503 5.5.1 MAIL first")
    static let nestedMail = SandboxReply("503 5.5.1 A transaction is under way already")
    static let chunksUnderWay = SandboxReply("503 5.5.1 The content is under way in chunks")
    static let noRecipients = SandboxReply("554 5.5.1 No valid recipients")
    static let tooLarge = SandboxReply("552 5.3.4 Message too big")
    static let needsSMTPUTF8 = SandboxReply("553 5.6.7 An address that is not ASCII needs SMTPUTF8")
    static let unknownParameter = SandboxReply("555 5.5.4 Parameter not recognized or not implemented")

    /// An argument that is missing or malformed.
    static func syntax(_ expected: String) -> SandboxReply {
        SandboxReply("501 5.5.4 Syntax: \(expected)")
    }
}
