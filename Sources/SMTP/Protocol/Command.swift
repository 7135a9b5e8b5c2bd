import MailAddress

/// A command of the client (RFC 5321, section 4.1.1). It is built from checked values only, so that none of it can
/// hold a CR, an LF or a NUL.
enum Command {
    case ehlo(ClientDomain)
    case helo(ClientDomain)
    case startTLS
    /// AUTH with the mechanism's name and its initial response, not yet in base64 (RFC 4954, section 4).
    case auth(mechanism: AuthenticationMechanism, initialResponse: [UInt8]?)
    /// The answer to a challenge of AUTH, not yet in base64.
    case authResponse([UInt8])
    /// The client breaks AUTH off (RFC 4954, section 4).
    case authCancel
    /// MAIL; nil is the null reverse-path.
    case mail(AddrSpec?, MailParameters)
    case rcpt(AddrSpec, RecipientParameters?)
    case data
    /// BDAT with the number of octets that follow (RFC 3030, section 2).
    case chunk(size: Int, isLast: Bool)
    /// The lone dot that ends a content of no octets.
    case emptyData
    case rset
    case noop
    case quit

    /// Appends the command's line.
    func write(into output: inout [UInt8]) {
        switch self {
        case .ehlo(let domain): output += "EHLO \(domain)\r\n".utf8
        case .helo(let domain): output += "HELO \(domain)\r\n".utf8
        case .startTLS: output += "STARTTLS\r\n".utf8
        case .auth(let mechanism, let response):
            output += "AUTH \(mechanism.rawValue)".utf8
            if let response {
                // An empty initial response is written as one equals sign (RFC 4954, section 4).
                output += (response.isEmpty ? " =" : " " + Base64.encode(response)).utf8
            }
            output += "\r\n".utf8
        case .authResponse(let response): output += (Base64.encode(response) + "\r\n").utf8
        case .authCancel: output += "*\r\n".utf8
        case .mail(let reversePath, let parameters):
            output += "MAIL FROM:<".utf8
            reversePath?.append(to: &output)
            output.append(UInt8(ascii: ">"))
            parameters.write(into: &output)
            output += "\r\n".utf8
        case .rcpt(let forwardPath, let parameters):
            output += "RCPT TO:<".utf8
            forwardPath.append(to: &output)
            output.append(UInt8(ascii: ">"))
            parameters?.write(into: &output)
            output += "\r\n".utf8
        case .data: output += "DATA\r\n".utf8
        case .chunk(let size, let isLast): output += "BDAT \(size)\(isLast ? " LAST" : "")\r\n".utf8
        case .emptyData: output += ".\r\n".utf8
        case .rset: output += "RSET\r\n".utf8
        case .noop: output += "NOOP\r\n".utf8
        case .quit: output += "QUIT\r\n".utf8
        }
    }

    /// Octets of the command's line, its end included.
    var length: Int {
        var line: [UInt8] = []
        write(into: &line)
        return line.count
    }

    /// The line as a transcript shows it: credentials left out.
    var transcriptLine: String {
        switch self {
        case .auth(let mechanism, let response):
            return "AUTH \(mechanism.rawValue)" + (response == nil ? "" : " [credentials]")
        case .authResponse: return "[credentials]"
        default:
            var line: [UInt8] = []
            write(into: &line)
            return String(decoding: line.dropLast(2), as: UTF8.self)
        }
    }
}
