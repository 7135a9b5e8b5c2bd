public import NIOSSL

/// Whether and how a session is protected by TLS (RFC 3207, RFC 8314). A certificate is verified wherever TLS is used.
public struct SMTPSecurity: Sendable {
    let mode: ConversationSettings.Security
    let context: NIOSSLContext?

    /// Never TLS.
    public static let none = SMTPSecurity(mode: .none, context: nil)

    /// STARTTLS where the server offers it.
    ///
    /// - Throws: what NIOSSL finds wrong with the configuration.
    public static func opportunistic(_ configuration: TLSConfiguration = .makeClientConfiguration()) throws
        -> SMTPSecurity
    {
        SMTPSecurity(mode: .opportunistic, context: try NIOSSLContext(configuration: configuration))
    }

    /// STARTTLS, or no session.
    ///
    /// - Throws: what NIOSSL finds wrong with the configuration.
    public static func required(_ configuration: TLSConfiguration = .makeClientConfiguration()) throws -> SMTPSecurity {
        SMTPSecurity(mode: .required, context: try NIOSSLContext(configuration: configuration))
    }

    /// TLS from the first byte, as on port 465.
    ///
    /// - Throws: what NIOSSL finds wrong with the configuration.
    public static func implicit(_ configuration: TLSConfiguration = .makeClientConfiguration()) throws -> SMTPSecurity {
        SMTPSecurity(mode: .implicit, context: try NIOSSLContext(configuration: configuration))
    }
}
