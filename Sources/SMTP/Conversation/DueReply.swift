/// A reply that the server owes, in the order of the commands that were handed to the socket (RFC 2920, section 3.1).
enum DueReply: Equatable {
    case greeting
    case ehlo
    case helo
    case startTLS
    case authentication
    case mail
    case rcpt
    case data
    /// The reply to a BDAT that is not the last.
    case chunk
    /// The reply to the final dot of a message, or to its last BDAT.
    case content
    /// The reply to the lone dot that ends an unwanted 354.
    case emptyContent
    case rset
    /// The reply to the RSET between a last BDAT and the next envelope.
    case separator
    case noop
    case quit

    var stage: SMTPStage {
        switch self {
        case .greeting: .greeting
        case .ehlo, .helo: .ehlo
        case .startTLS: .startTLS
        case .authentication: .auth
        case .mail, .separator, .noop: .mail
        case .rcpt: .rcpt
        case .data, .emptyContent, .rset: .data
        case .chunk, .content: .content
        case .quit: .quit
        }
    }
}
