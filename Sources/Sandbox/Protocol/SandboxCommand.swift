/// A command of the client (RFC 5321, section 4.1.1), its syntax checked.
enum SandboxCommand: Equatable {
    case hello(name: String, isExtended: Bool)
    case mail(reversePath: String, parameters: [SandboxParameter])
    case rcpt(forwardPath: String, parameters: [SandboxParameter])
    case data
    /// A chunk of content follows (RFC 3030, section 2).
    case bdat(octets: Int, isLast: Bool)
    case rset
    /// A mechanism in upper case, and the initial response if there is one (RFC 4954, section 4).
    case auth(mechanism: String, initialResponse: String?)
    case startTLS
    case noop
    case vrfy
    case help
    case quit

    /// Octets of the name in EHLO (RFC 5321, section 4.5.3.1.2).
    static let maximumHelloName = 255
    /// Digits of a chunk's size: more than any content may have, and no Int overflows.
    static let maximumChunkDigits = 18

    /// Reads a line without its end.
    ///
    /// - Throws: the reply to a line that is no command of this server: 500, 501 or 502.
    init(_ line: ArraySlice<UInt8>) throws(SandboxReply) {
        guard let text = String(validating: line, as: UTF8.self), !line.contains(0) else {
            throw .syntax("text in UTF-8")
        }
        let verbEnd = text.utf8.firstIndex(of: Octets.space) ?? text.endIndex
        var argument = text[verbEnd...]
        while argument.utf8.first == Octets.space { argument.removeFirst() }
        while argument.utf8.last == Octets.space { argument.removeLast() }
        switch text[..<verbEnd].uppercased() {
        case "EHLO": self = .hello(name: try Self.helloName(argument), isExtended: true)
        case "HELO": self = .hello(name: try Self.helloName(argument), isExtended: false)
        case "MAIL":
            guard let (path, rest) = Self.path(argument, after: "FROM:") else { throw .syntax("MAIL FROM:<address>") }
            self = .mail(reversePath: path, parameters: try SandboxParameter.read(rest))
        case "RCPT":
            guard let (path, rest) = Self.path(argument, after: "TO:"), !path.isEmpty else {
                throw .syntax("RCPT TO:<address>")
            }
            self = .rcpt(forwardPath: path, parameters: try SandboxParameter.read(rest))
        case "DATA": self = try Self.bare(.data, "DATA", argument)
        case "BDAT": self = try Self.chunk(argument)
        case "RSET": self = try Self.bare(.rset, "RSET", argument)
        case "QUIT": self = try Self.bare(.quit, "QUIT", argument)
        case "NOOP": self = .noop
        case "HELP": self = .help
        case "VRFY":
            guard !argument.isEmpty else { throw .syntax("VRFY address") }
            self = .vrfy
        case "STARTTLS": self = try Self.bare(.startTLS, "STARTTLS", argument)
        case "AUTH":
            let words = argument.split(separator: " ")
            guard (1...2).contains(words.count) else { throw .syntax("AUTH mechanism [response]") }
            self = .auth(mechanism: words[0].uppercased(), initialResponse: words.count == 2 ? String(words[1]) : nil)
        case "EXPN", "ETRN": throw .notImplemented
        default: throw .unknownCommand
        }
    }

    private static func helloName(_ argument: Substring) throws(SandboxReply) -> String {
        guard !argument.isEmpty, argument.utf8.count <= maximumHelloName, Octets.isPrintable(argument) else {
            throw .syntax("EHLO or HELO and a domain")
        }
        return String(argument)
    }

    /// A space behind the colon is wrong but usual, and does no harm.
    private static func path(_ argument: Substring, after keyword: String) -> (address: String, rest: Substring)? {
        guard argument.prefix(keyword.count).uppercased() == keyword else { return nil }
        return MailPath.read(argument.dropFirst(keyword.count).drop { $0 == " " })
    }

    private static func bare(
        _ command: SandboxCommand, _ verb: String, _ argument: Substring
    ) throws(SandboxReply) -> SandboxCommand {
        guard argument.isEmpty else { throw .syntax("\(verb) without an argument") }
        return command
    }

    private static func chunk(_ argument: Substring) throws(SandboxReply) -> SandboxCommand {
        let words = argument.split(separator: " ")
        let isLast = words.count == 2 && words[1].uppercased() == "LAST"
        guard let digits = words.first, words.count == 1 || isLast, digits.utf8.count <= maximumChunkDigits,
            digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let octets = Int(digits)
        else { throw .syntax("BDAT octets [LAST]") }
        return .bdat(octets: octets, isLast: isLast)
    }
}
