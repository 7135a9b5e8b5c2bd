public import NIOSSL

/// Whether and how a session is protected by TLS (RFC 3207, RFC 8314).
///
/// By default a certificate is verified wherever TLS is used, and TLS is 1.2 or later (RFC 8996). Start from
/// ``standardTLS`` to set trust roots, a certificate of the client or other versions.
public struct SMTPSecurity: Sendable {
    let mode: ConversationSettings.Security
    let context: NIOSSLContext?

    /// TLS 1.2 or later with the trust roots of the system.
    public static var standardTLS: TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        return configuration
    }

    /// Never TLS.
    public static let none = SMTPSecurity(mode: .none, context: nil)

    /// STARTTLS where the server offers it.
    ///
    /// - Throws: what NIOSSL finds wrong with the configuration.
    public static func opportunistic(_ configuration: TLSConfiguration = standardTLS) throws
        -> SMTPSecurity
    {
        SMTPSecurity(mode: .opportunistic, context: try NIOSSLContext(configuration: configuration))
    }

    /// STARTTLS, or no session.
    ///
    /// - Throws: what NIOSSL finds wrong with the configuration.
    public static func required(_ configuration: TLSConfiguration = standardTLS) throws -> SMTPSecurity {
        SMTPSecurity(mode: .required, context: try NIOSSLContext(configuration: configuration))
    }

    /// TLS from the first byte, as on port 465.
    ///
    /// - Throws: what NIOSSL finds wrong with the configuration.
    public static func implicit(_ configuration: TLSConfiguration = standardTLS) throws -> SMTPSecurity {
        SMTPSecurity(mode: .implicit, context: try NIOSSLContext(configuration: configuration))
    }
}
