public import Logging
public import NIOCore
internal import RelayAccess
public import SMTP

/// A relay's access tokens at work: the sessions with the relay log in with them.
///
///     let tokens = RelayAccessTokens(relay, on: group, logger: logger)
///     let session = try await SMTPSession.connect(tokens.smtp)
///     await tokens.stop()
public final class RelayAccessTokens: Sendable {
    /// How sessions with the relay are set up, the credentials included.
    public let smtp: SMTPConfiguration
    private let tokens: AccessTokens?

    /// Makes the source of the tokens. Nothing is asked before the first session.
    ///
    /// - Parameters:
    ///   - relay: the relay. One without access tokens keeps the credentials that it has.
    ///   - group: runs the connections to the token endpoint. Shut it down after ``stop()``.
    ///   - logger: gets a line when there are no tokens any more, and when there are some again.
    public init(_ relay: RelayConfiguration, on group: any EventLoopGroup, logger: Logger) {
        guard let (source, user, mechanism) = relay.tokens else {
            smtp = relay.smtp
            tokens = nil
            return
        }
        var logger = logger
        logger[metadataKey: "relay"] = "\(relay.name)"
        let tokens = AccessTokens(source, eventLoopGroup: group, logger: logger)
        var smtp = relay.smtp
        smtp.credentials = SMTPCredentials(username: user, mechanism: mechanism) {
            try await tokens.token()
        } refused: { token, reply in
            await tokens.refused(token, reply: reply.description)
        }
        self.tokens = tokens
        self.smtp = smtp
    }

    /// Gets an access token, as a session does.
    ///
    /// - Returns: whether the relay needs one.
    func probe() async throws(AccessTokenError) -> Bool {
        guard let tokens else { return false }
        _ = try await tokens.token()
        return true
    }

    /// Ends the renewals, when no session is set up any more.
    public func stop() async {
        await tokens?.stop()
    }
}

extension AccessTokenError: AccessTokenFailure {
    /// What happened and what to do, in one line without secrets.
    var explanation: String { description }
}
