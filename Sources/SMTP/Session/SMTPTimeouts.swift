/// How long a session waits at each stage. The defaults are those of RFC 5321, section 4.5.3.2.
public struct SMTPTimeouts: Hashable, Sendable {
    /// For the TCP connection, and the TLS handshake where TLS comes first. The RFC names none; 30 s.
    public var connect: Duration = .seconds(30)
    /// For the greeting: 5 min.
    public var greeting: Duration = .seconds(300)
    /// For each reply from EHLO to RCPT: 5 min.
    public var reply: Duration = .seconds(300)
    /// For the reply to DATA: 2 min.
    public var data: Duration = .seconds(120)
    /// For the server to take a piece of the content: 3 min.
    public var content: Duration = .seconds(180)
    /// For the reply to the final dot: 10 min. Giving up earlier only makes an unknown outcome.
    public var finalReply: Duration = .seconds(600)
    /// For replies that decide nothing: to QUIT, and to RSET after a refusal that the caller knows already. 5 s, for
    /// nobody gains by a longer wait; then the connection is closed.
    public var farewell: Duration = .seconds(5)
    /// For the set-up of a session as a whole, and for each transaction as a whole, from its MAIL to the reply to its
    /// content; nil for no bound but those of the stages. It counts the caller's own time too.
    public var whole: Duration?

    /// The defaults of the RFC.
    public init() {}

    /// The bound for the reply that is due at a stage.
    func bound(at stage: SMTPStage) -> Duration {
        switch stage {
        case .connect: connect
        case .greeting: greeting
        case .data: data
        case .content: finalReply
        case .ehlo, .startTLS, .auth, .mail, .rcpt, .quit: reply
        }
    }
}
