internal import Foundation
public import NIOSSL

/// Certificates for tests, made on the fly by the openssl command: nothing that expires is kept in the project.
public struct TestCertificates: Sendable {
    /// A certificate and its key.
    public struct Identity: Sendable {
        /// The certificate (PEM).
        public let certificatePEM: String
        /// Its private key (PEM).
        public let keyPEM: String

        /// The certificate as a trust root.
        public var certificate: NIOSSLCertificate {
            get throws { try NIOSSLCertificate(bytes: Array(certificatePEM.utf8), format: .pem) }
        }

        /// The key.
        public var key: NIOSSLPrivateKey {
            get throws { try NIOSSLPrivateKey(bytes: Array(keyPEM.utf8), format: .pem) }
        }
    }

    /// openssl could not be run, or did not do as it was told.
    public struct Failure: Error {
        let arguments: [String]
        let errors: String
    }

    /// An authority.
    public let authority: Identity
    /// Another authority.
    public let otherAuthority: Identity
    /// For localhost and 127.0.0.1, signed by the authority.
    public let server: Identity
    /// The same, but valid until yesterday.
    public let expired: Identity
    /// Signed by the authority, for other.example.
    public let wrongHost: Identity
    /// For localhost and 127.0.0.1, signed by itself.
    public let selfSigned: Identity
    /// For localhost and 127.0.0.1, signed by the other authority.
    public let foreign: Identity
    /// An authority that signs with Ed25519.
    public let edwardsAuthority: Identity
    /// For localhost and 127.0.0.1, signed by that authority.
    public let signedWithEdwards: Identity
    /// For a client, signed by the authority.
    public let client: Identity

    /// One set for all tests of a run.
    public static let made = Task { try await onThread { try TestCertificates() } }

    private init() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "postern-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let maker = Maker(folder: folder)
        try Data("[req]\ndistinguished_name = name\n[name]\n".utf8).write(to: URL(filePath: folder + "/configuration"))
        let here = "subjectAltName=DNS:localhost,IP:127.0.0.1"
        authority = try maker.selfSigned("authority", "basicConstraints=critical,CA:true")
        otherAuthority = try maker.selfSigned("other", "basicConstraints=critical,CA:true")
        server = try maker.signed("server", by: "authority", here)
        expired = try maker.signed("expired", by: "authority", here, days: -1)
        wrongHost = try maker.signed("wrong", by: "authority", "subjectAltName=DNS:other.example,IP:127.0.0.2")
        selfSigned = try maker.selfSigned("self", here)
        foreign = try maker.signed("foreign", by: "other", here)
        edwardsAuthority = try maker.selfSigned("edwards", "basicConstraints=critical,CA:true", key: ["ed25519"])
        signedWithEdwards = try maker.signed("edwards-server", by: "edwards", here)
        client = try maker.signed("client", by: "authority", "extendedKeyUsage=clientAuth")
    }

    private struct Maker {
        let folder: String

        static let curve = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]

        func selfSigned(_ name: String, _ extension: String, key: [String] = curve) throws -> Identity {
            try openssl(
                ["req", "-x509", "-days", "2", "-addext", `extension`, "-out", file(name, "pem")]
                    + request(name, key: key))
            return try identity(name)
        }

        func signed(_ name: String, by authority: String, _ extensions: String, days: Int = 2) throws -> Identity {
            try openssl(["req", "-out", file(name, "request")] + request(name))
            try Data(extensions.utf8).write(to: URL(filePath: file(name, "extensions")))
            try openssl([
                "x509", "-req", "-in", file(name, "request"), "-CA", file(authority, "pem"), "-CAkey",
                file(authority, "key"), "-days", String(days), "-extfile", file(name, "extensions"), "-out",
                file(name, "pem"),
            ])
            return try identity(name)
        }

        private func request(_ name: String, key: [String] = curve) -> [String] {
            ["-new", "-config", folder + "/configuration", "-newkey"] + key
                + ["-nodes", "-keyout", file(name, "key"), "-subj", "/CN=\(name)"]
        }

        private func file(_ name: String, _ kind: String) -> String { "\(folder)/\(name).\(kind)" }

        private func identity(_ name: String) throws -> Identity {
            try Identity(
                certificatePEM: String(contentsOfFile: file(name, "pem"), encoding: .utf8),
                keyPEM: String(contentsOfFile: file(name, "key"), encoding: .utf8))
        }

        private func openssl(_ arguments: [String]) throws {
            let result = try Program.runWaiting("/usr/bin/env", ["openssl"] + arguments)
            guard result.status == 0 else { throw Failure(arguments: arguments, errors: result.errors) }
        }
    }
}

extension TestCertificates.Identity {
    /// What a server needs that shows this certificate.
    ///
    /// - Parameters:
    ///   - clients: the authority of the certificates that clients have to show, or nil for none.
    ///   - version: the only TLS version that is spoken, or nil for 1.2 and 1.3.
    public func serverContext(
        clients: TestCertificates.Identity? = nil, version: TLSVersion? = nil
    ) throws -> NIOSSLContext {
        var configuration = try TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(certificate)], privateKey: .privateKey(key))
        configuration.minimumTLSVersion = version ?? .tlsv12
        configuration.maximumTLSVersion = version ?? .tlsv13
        if let clients {
            configuration.certificateVerification = .noHostnameVerification
            configuration.trustRoots = try .certificates([clients.certificate])
        }
        return try NIOSSLContext(configuration: configuration)
    }
}
