import NIOCore

/// What the owner of a conversation has to do next, in the order given.
enum ConversationAction: Equatable {
    /// Hand these bytes to the socket.
    case write(ByteBuffer)
    /// Begin the TLS handshake, then call `tlsEstablished`.
    case startTLS
    /// Ask the credentials for an access token, then call `tokenArrived` or `tokenFailed`.
    case askForToken
    /// Tell the credentials that the server refused the last access token.
    case tokenRefused(Reply)
    /// Do this work, on another thread than the event loop's, then call `derived`.
    case derive(KeyDerivation)
    /// The session can take a transaction: it is set up, or cleared up after one that was `refused`.
    case ready
    /// The server waits for the content.
    case opened(OpenedTransaction)
    /// The transaction is over, and the session can take the next one.
    case finished(FinishedTransaction)
    /// The transaction failed. The session can take the next one, unless a `close` follows.
    case failed(SMTPError)
    /// The transaction failed, and the session is being cleared up after it: `ready` or the session's end follows.
    case refused(SMTPError)
    /// The session is of no more use, for the reason given, and QUIT has been sent: `close` follows when the server has
    /// replied to it.
    case leave(SMTPError)
    /// Close the connection. The error says why, and is nil if the session ended in good order.
    case close(SMTPError?)
    /// A line for the transcript, its mark included.
    case transcript(String)
}
