import MailAddress
import NIOCore

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
    func write(into output: inout ByteBuffer) {
        switch self {
        case .ehlo(let domain): output.writeString("EHLO \(domain)\r\n")
        case .helo(let domain): output.writeString("HELO \(domain)\r\n")
        case .startTLS: output.writeStaticString("STARTTLS\r\n")
        case .auth(let mechanism, let response):
            output.writeString("AUTH \(mechanism.rawValue)")
            if let response {
                // An empty initial response is written as one equals sign (RFC 4954, section 4).
                output.writeString(response.isEmpty ? " =" : " " + Base64.encode(response))
            }
            output.writeStaticString("\r\n")
        case .authResponse(let response): output.writeString(Base64.encode(response) + "\r\n")
        case .authCancel: output.writeStaticString("*\r\n")
        case .mail(let reversePath, let parameters):
            output.writeStaticString("MAIL FROM:<")
            if let reversePath { output.writeString(reversePath.description) }
            output.writeStaticString(">")
            parameters.write(into: &output)
            output.writeStaticString("\r\n")
        case .rcpt(let forwardPath, let parameters):
            output.writeStaticString("RCPT TO:<")
            output.writeString(forwardPath.description)
            output.writeStaticString(">")
            parameters?.write(into: &output)
            output.writeStaticString("\r\n")
        case .data: output.writeStaticString("DATA\r\n")
        case .chunk(let size, let isLast): output.writeString("BDAT \(size)\(isLast ? " LAST" : "")\r\n")
        case .emptyData: output.writeStaticString(".\r\n")
        case .rset: output.writeStaticString("RSET\r\n")
        case .noop: output.writeStaticString("NOOP\r\n")
        case .quit: output.writeStaticString("QUIT\r\n")
        }
    }

    /// The line as a transcript shows it: credentials left out.
    var transcriptLine: String {
        switch self {
        case .auth(let mechanism, let response):
            return "AUTH \(mechanism.rawValue)" + (response == nil ? "" : " [credentials]")
        case .authResponse: return "[credentials]"
        default:
            var line = ByteBuffer()
            write(into: &line)
            return String(buffer: line.getSlice(at: 0, length: line.readableBytes - 2) ?? line)
        }
    }
}
