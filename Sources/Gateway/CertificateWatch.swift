internal import HTTPServer
internal import Logging
internal import Synchronization

/// Gives the HTTP server the new certificate when its files have changed.
final class CertificateWatch: Sendable {
    private let files: CertificateFiles
    private let server: HTTPServer
    private let logger: Logger
    /// What is used.
    private let last: Mutex<HTTPServerConfiguration.TLS>
    /// Why the files could not be used last; nil if they could.
    private let lastError = Mutex<String?>(nil)

    init(_ files: CertificateFiles, _ current: HTTPServerConfiguration.TLS, _ server: HTTPServer, logger: Logger) {
        self.files = files
        self.server = server
        self.logger = logger
        last = Mutex(current)
    }

    /// Looks now. If the files cannot be used, the certificate stays as it is, and the log says so.
    func look() {
        do {
            let found = try files.read()
            guard last.withLock({ $0 != found }) else {
                lastError.withLock { $0 = nil }
                return
            }
            try server.replaceTLS(found)
            last.withLock { $0 = found }
            lastError.withLock { $0 = nil }
            logger.info("the certificate for HTTPS was read again", metadata: ["file.path": "\(files.certificate)"])
        } catch {
            let isNew = lastError.withLock { last in
                defer { last = "\(error)" }
                return last != "\(error)"
            }
            guard isNew else { return }
            logger.error(
                "the new certificate for HTTPS cannot be used; the old one stays",
                metadata: ["exception.message": "\(error)"])
        }
    }
}
