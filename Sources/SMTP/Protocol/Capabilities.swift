/// What a server offers, as its reply to EHLO says (RFC 5321, section 4.1.1.1).
///
/// Keywords are matched without regard to case (section 2.4); what is malformed is not offered.
public struct Capabilities: Hashable, Sendable {
    /// The bounds of LIMITS (RFC 9422).
    public struct Limits: Hashable, Sendable {
        /// Most MAIL commands in a session (MAILMAX).
        public internal(set) var mailMaximum: Int?
        /// Most RCPT commands in a transaction (RCPTMAX).
        public internal(set) var recipientMaximum: Int?
        /// Most distinct recipient domains in a session (RCPTDOMAINMAX).
        public internal(set) var recipientDomainMaximum: Int?
    }

    /// Commands may be sent in groups (RFC 2920).
    public private(set) var pipelining = false
    /// The largest message in octets (RFC 1870); 0 where the extension is offered without a usable bound, nil if
    /// it is not offered.
    public private(set) var size: Int?
    /// Content may hold octets above 127 (RFC 6152).
    public private(set) var eightBitMIME = false
    /// Addresses and header fields may be UTF-8 (RFC 6531).
    public private(set) var smtpUTF8 = false
    /// Replies carry enhanced status codes (RFC 2034).
    public private(set) var enhancedStatusCodes = false
    /// Delivery status notifications can be asked for (RFC 3461).
    public private(set) var dsn = false
    /// The session can be moved to TLS (RFC 3207).
    public private(set) var startTLS = false
    /// Content can be sent in chunks with BDAT (RFC 3030).
    public private(set) var chunking = false
    /// Content may hold any octet when it is sent with BDAT (RFC 3030).
    public private(set) var binaryMIME = false
    /// TLS can be required along the whole way (RFC 8689).
    public private(set) var requireTLS = false
    /// The least time in seconds that can be asked for with BY; 0 where the server names none, nil if DELIVERBY is
    /// not offered (RFC 2852).
    public private(set) var deliverBy: Int?
    /// The name of the priority policy, nil if MT-PRIORITY is not offered (RFC 6710).
    public private(set) var messageTransferPriority: String?
    /// The parameters of FUTURERELEASE: seconds and date-time of the latest release (RFC 4865).
    public private(set) var futureRelease: [String] = []
    /// The SASL mechanisms, in upper case, in the server's order (RFC 4954).
    public private(set) var authentication: [String] = []
    /// The bounds of LIMITS (RFC 9422).
    public private(set) var limits = Limits()

    /// The keywords that the server sent, in its order and in upper case, those included that the client does not know.
    public private(set) var names: [String] = []

    /// A server that offers nothing: one that knows HELO only.
    init() {}

    /// Reads the reply to EHLO. Its first line holds the server's domain and is no keyword.
    ///
    /// - Parameter usesPipelining: whether PIPELINING counts where it is offered.
    init(_ reply: Reply, pipelining usesPipelining: Bool = true) {
        for line in reply.lines.dropFirst() {
            take(line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" }))
        }
        if !usesPipelining { pipelining = false }
    }

    private mutating func take(_ words: [Substring]) {
        guard let first = words.first else { return }
        let keyword = first.uppercased()
        let parameters = words.dropFirst()
        // Whatever else the line holds is not for a reader's terminal.
        if keyword.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) { names.append(keyword) }
        switch keyword {
        case "PIPELINING": pipelining = true
        case "SIZE": size = parameters.first.flatMap(Self.number) ?? 0
        case "8BITMIME": eightBitMIME = true
        case "SMTPUTF8": smtpUTF8 = true
        case "ENHANCEDSTATUSCODES": enhancedStatusCodes = true
        case "DSN": dsn = true
        case "STARTTLS": startTLS = true
        case "CHUNKING": chunking = true
        case "BINARYMIME": binaryMIME = true
        case "REQUIRETLS": requireTLS = true
        case "DELIVERBY": deliverBy = parameters.first.flatMap(Self.number) ?? 0
        case "MT-PRIORITY": messageTransferPriority = parameters.first.map(String.init) ?? ""
        case "FUTURERELEASE": futureRelease = parameters.map(String.init)
        case "LIMITS": takeLimits(parameters)
        case "AUTH": takeMechanisms(parameters)
        default:
            // Servers older than RFC 4954 wrote AUTH=LOGIN, and some still write both forms.
            if keyword.hasPrefix("AUTH=") { takeMechanisms([first.dropFirst(5)] + parameters) }
        }
    }

    private mutating func takeMechanisms(_ names: some Sequence<Substring>) {
        for name in names.map({ $0.uppercased() }) where !name.isEmpty && !authentication.contains(name) {
            authentication.append(name)
        }
    }

    private mutating func takeLimits(_ parameters: some Sequence<Substring>) {
        for parameter in parameters {
            let parts = parameter.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let value = Self.number(parts[1]), value > 0 else { continue }
            switch parts[0].uppercased() {
            case "MAILMAX": limits.mailMaximum = value
            case "RCPTMAX": limits.recipientMaximum = value
            case "RCPTDOMAINMAX": limits.recipientDomainMaximum = value
            default: continue
            }
        }
    }

    /// Digits only: no sign, no overflow.
    private static func number(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? Int(text) : nil
    }
}
