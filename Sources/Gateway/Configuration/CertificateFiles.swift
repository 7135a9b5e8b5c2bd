internal import Foundation
internal import HTTPServer
internal import NIOSSL

/// The files of a certificate chain and its private key for HTTPS.
public struct CertificateFiles: Hashable, Sendable {
    /// The path of the certificate chain (PEM).
    public let certificate: String
    /// The path of the private key (PEM).
    public let key: String

    /// The files that the settings name; nil where they name none.
    init?(_ values: SettingValues) throws(ConfigurationError) {
        switch (values.value(of: .tlsCertificateFile), values.value(of: .tlsKeyFile)) {
        case (nil, nil): return nil
        case (let certificate?, let key?):
            self.certificate = certificate
            self.key = key
            try check(try read())
        case (nil, _):
            throw ConfigurationError(Setting.tlsCertificateFile.name, "it is needed beside POSTERN_TLS_KEY_FILE")
        case (_, nil):
            throw ConfigurationError(Setting.tlsKeyFile.name, "it is needed beside POSTERN_TLS_CERTIFICATE_FILE")
        }
    }

    /// What the files hold now.
    ///
    /// - Throws: ``ConfigurationError`` if one cannot be read.
    func read() throws(ConfigurationError) -> HTTPServerConfiguration.TLS {
        HTTPServerConfiguration.TLS(
            certificate: try Self.content(of: certificate, .tlsCertificateFile),
            key: try Self.content(of: key, .tlsKeyFile))
    }

    /// Whether a server can use them: both are PEM, and the key is that of the first certificate.
    private func check(_ content: HTTPServerConfiguration.TLS) throws(ConfigurationError) {
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(content.certificate), !chain.isEmpty else {
            throw ConfigurationError(
                Setting.tlsCertificateFile.name,
                "\(certificate.debugDescription) holds no certificate; name a PEM file with the server's certificate first"
            )
        }
        guard let privateKey = try? NIOSSLPrivateKey(bytes: content.key, format: .pem) else {
            throw ConfigurationError(
                Setting.tlsKeyFile.name,
                "\(key.debugDescription) holds no private key; name a PEM file with a key without a passphrase")
        }
        let server = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        guard (try? NIOSSLContext(configuration: server)) != nil else {
            throw ConfigurationError(
                Setting.tlsKeyFile.name,
                "\(key.debugDescription) is not the key of the first certificate in POSTERN_TLS_CERTIFICATE_FILE")
        }
    }

    private static func content(of path: String, _ setting: Setting) throws(ConfigurationError) -> [UInt8] {
        Array(try NamedFile.content(of: path, setting.name))
    }
}
