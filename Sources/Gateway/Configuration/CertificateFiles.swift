internal import Foundation
internal import HTTPServer

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
            _ = try read()
        case (nil, _):
            throw ConfigurationError(Setting.tlsCertificateFile.name, "it is needed beside POSTERN_TLS_KEY_FILE")
        case (_, nil):
            throw ConfigurationError(Setting.tlsKeyFile.name, "it is needed beside POSTERN_TLS_CERTIFICATE_FILE")
        }
    }

    /// What the files hold now.
    func read() throws(ConfigurationError) -> HTTPServerConfiguration.TLS {
        HTTPServerConfiguration.TLS(
            certificate: try Self.content(of: certificate, .tlsCertificateFile),
            key: try Self.content(of: key, .tlsKeyFile))
    }

    private static func content(of path: String, _ setting: Setting) throws(ConfigurationError) -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw ConfigurationError(
                setting.name, "the file \(path.debugDescription) cannot be read: \(error.localizedDescription)")
        }
    }
}
