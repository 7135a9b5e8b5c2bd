internal import HTTPServer
internal import Logging
internal import Synchronization

/// Gives the HTTP server the new certificate when its files have changed.
final class CertificateWatch: Sendable {
    /// How often the files are looked at: a certificate is renewed weeks before its end.
    static let interval: Duration = .seconds(10)

    private let files: CertificateFiles
    private let server: HTTPServer
    private let logger: Logger
    /// What was used, or could not be, last: a mistake is told once.
    private let last: Mutex<HTTPServerConfiguration.TLS>
    private let looking = Mutex<Task<Void, Never>?>(nil)

    init(_ files: CertificateFiles, _ current: HTTPServerConfiguration.TLS, _ server: HTTPServer, logger: Logger) {
        self.files = files
        self.server = server
        self.logger = logger
        last = Mutex(current)
    }

    /// Looks from now on, until ``stop()``.
    func start() {
        let task = Task { [self] in
            while true {
                do {
                    try await Task.sleep(for: Self.interval)
                } catch {
                    return
                }
                look()
            }
        }
        looking.withLock { $0 = task }
    }

    func stop() {
        looking.withLock { $0?.cancel() }
    }

    /// Looks now. Where the files cannot be used, the certificate stays as it is, and the log says so.
    func look() {
        do {
            let found = try files.read()
            let isNew = last.withLock { last in
                defer { last = found }
                return last != found
            }
            guard isNew else { return }
            try server.replaceTLS(found)
            logger.info("the certificate for HTTPS was read again", metadata: ["file": "\(files.certificate)"])
        } catch {
            logger.error(
                "the new certificate for HTTPS cannot be used; the old one stays", metadata: ["error": "\(error)"])
        }
    }
}
