public import NIOSSL

/// Whether and how a session is protected by TLS (RFC 3207, RFC 8314).
///
/// By default a certificate is verified wherever TLS is used, and TLS is 1.2 or later (RFC 8996). Start from
/// ``standardTLS`` to set trust roots, a certificate of the client or other versions.
public struct SMTPSecurity: Sendable {
    let mode: ConversationSettings.Security
    let context: NIOSSLContext?
    /// Whether the server's certificate is verified, so that TLS protects from somebody on the way too.
    public let verifiesCertificate: Bool

    private init(_ mode: ConversationSettings.Security, _ configuration: TLSConfiguration) throws {
        self.mode = mode
        context = try NIOSSLContext(configuration: configuration)
        verifiesCertificate = configuration.certificateVerification == .fullVerification
    }

    private init() {
        mode = .none
        context = nil
        verifiesCertificate = false
    }

    /// TLS 1.2 or later with the trust roots of the system.
    public static var standardTLS: TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        return configuration
    }

    /// Never TLS.
    public static let none = SMTPSecurity()

    /// STARTTLS where the server offers it.
    ///
    /// - Throws: what NIOSSL finds wrong with the configuration.
    public static func opportunistic(_ configuration: TLSConfiguration = standardTLS) throws -> SMTPSecurity {
        try SMTPSecurity(.opportunistic, configuration)
    }

    /// STARTTLS, or no session.
    ///
    /// - Throws: what NIOSSL finds wrong with the configuration.
    public static func required(_ configuration: TLSConfiguration = standardTLS) throws -> SMTPSecurity {
        try SMTPSecurity(.required, configuration)
    }

    /// TLS from the first byte, as on port 465.
    ///
    /// - Throws: what NIOSSL finds wrong with the configuration.
    public static func implicit(_ configuration: TLSConfiguration = standardTLS) throws -> SMTPSecurity {
        try SMTPSecurity(.implicit, configuration)
    }
}
