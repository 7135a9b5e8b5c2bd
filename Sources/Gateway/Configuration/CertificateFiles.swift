internal import Foundation
internal import HTTPServer
internal import NIOSSL
internal import Settings

/// The files of a certificate chain and its private key: the server's for HTTPS, or the client's for a relay.
public struct CertificateFiles: Hashable, Sendable {
    /// The path of the certificate chain (PEM).
    public let certificate: String
    /// The path of the private key (PEM).
    public let key: String
    private let certificateSetting: Setting
    private let keySetting: Setting

    /// The files that two settings name; nil if they name none.
    init?(
        _ values: SettingValues, certificate certificateSetting: Setting = .tlsCertificateFile,
        key keySetting: Setting = .tlsKeyFile
    ) throws(ConfigurationError) {
        self.certificateSetting = certificateSetting
        self.keySetting = keySetting
        switch (values.value(of: certificateSetting), values.value(of: keySetting)) {
        case (nil, nil): return nil
        case (let certificate?, let key?):
            self.certificate = certificate
            self.key = key
            try check(try read())
        case (nil, _):
            throw ConfigurationError(certificateSetting.name, "it is needed beside \(keySetting.name)")
        case (_, nil):
            throw ConfigurationError(keySetting.name, "it is needed beside \(certificateSetting.name)")
        }
    }

    /// What the files hold now.
    ///
    /// - Throws: ``ConfigurationError`` if one cannot be read.
    func read() throws(ConfigurationError) -> HTTPServerConfiguration.TLS {
        HTTPServerConfiguration.TLS(
            certificate: try Self.content(of: certificate, certificateSetting),
            key: try Self.content(of: key, keySetting))
    }

    /// Whether they can be used: both are PEM, and the key is that of the first certificate.
    ///
    /// - Returns: what they hold.
    @discardableResult
    private func check(
        _ content: HTTPServerConfiguration.TLS
    ) throws(ConfigurationError) -> (chain: [NIOSSLCertificate], key: NIOSSLPrivateKey) {
        guard let chain = try? NIOSSLCertificate.fromPEMBytes(content.certificate), !chain.isEmpty else {
            throw ConfigurationError(
                certificateSetting.name,
                "\(certificate.debugDescription) holds no certificate; name a PEM file with your own certificate first"
            )
        }
        guard let privateKey = try? NIOSSLPrivateKey(bytes: content.key, format: .pem) else {
            throw ConfigurationError(
                keySetting.name,
                "\(key.debugDescription) holds no private key; name a PEM file with a key without a passphrase")
        }
        let server = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        guard (try? NIOSSLContext(configuration: server)) != nil else {
            throw ConfigurationError(
                keySetting.name,
                "\(key.debugDescription) is not the key of the first certificate in \(certificateSetting.name)")
        }
        return (chain, privateKey)
    }

    /// What the files hold, to tell whether they have changed.
    func content() throws(ConfigurationError) -> String {
        let content = try read()
        return String(decoding: content.certificate + content.key, as: UTF8.self)
    }

    /// Has a client show the certificate to a server that asks for one.
    ///
    /// - Throws: ``ConfigurationError`` if the files cannot be read or used.
    func add(to client: inout TLSConfiguration) throws(ConfigurationError) {
        let (chain, key) = try check(try read())
        client.certificateChain = chain.map { .certificate($0) }
        client.privateKey = .privateKey(key)
    }

    private static func content(of path: String, _ setting: Setting) throws(ConfigurationError) -> [UInt8] {
        Array(try NamedFile.content(of: path, setting.name))
    }
}
