internal import Logging

/// Keeps a refresh token, and writes a new one to the file of the old one before the new one is used.
///
/// If the write fails, the new refresh token is used all the same, because the endpoint may have revoked the old one. The
/// write is then repeated until it succeeds.
actor RefreshTokenKeeper {
    private let place: RefreshToken
    private let clock: TokenClock
    private let logger: Logger
    /// The newest refresh token, if it is in memory only.
    private var unwritten: String?
    private var lastWrite: Task<Bool, Never>?
    private var retry: Task<Void, Never>?
    private var isStopped = false
    private var lossIsTold = false

    private static let firstPause: Duration = .seconds(1)
    private static let longestPause: Duration = .seconds(60)

    init(_ place: RefreshToken, clock: TokenClock, logger: Logger) {
        self.place = place
        self.clock = clock
        self.logger = logger
    }

    /// Returns the refresh token to use now. A file is read each time: an administrator or another process may have replaced
    /// its content.
    func current() async throws(AccessTokenError) -> String {
        if let unwritten { return unwritten }
        switch place {
        case .value(let token): return token
        case .file(let path):
            do {
                return try await SecretFile(path: path).read()
            } catch {
                throw .file(path, error)
            }
        }
    }

    /// Takes the refresh token that the endpoint gave. Returns after the first attempt to write it.
    func replace(with token: String) async {
        unwritten = token
        guard case .file = place else {
            if !lossIsTold {
                logger.warning(
                    "the token endpoint replaced the refresh token, and the new one is in memory only: it is lost when the gateway stops; configure the refresh token by a file that can be written"
                )
                lossIsTold = true
            }
            return
        }
        guard await !write(), retry == nil, !isStopped else { return }
        retry = Task { await self.writeAgain() }
    }

    /// Ends the retries, after one last attempt to write what is not written.
    func stop() async {
        isStopped = true
        retry?.cancel()
        await retry?.value
        if case .file = place, unwritten != nil { _ = await write() }
    }

    private func writeAgain() async {
        var pause = Self.firstPause
        while unwritten != nil, !isStopped {
            do {
                try await clock.sleep(clock.now() + pause)
            } catch {
                break
            }
            if await write() { break }
            pause = min(pause * 2, Self.longestPause)
        }
        retry = nil
    }

    /// Writes what is not written. One write follows the other, so that an older token does not replace a newer one.
    ///
    /// - Returns: whether nothing is left to be written.
    private func write() async -> Bool {
        let previous = lastWrite
        let write = Task {
            _ = await previous?.value
            return await self.writeNow()
        }
        lastWrite = write
        return await write.value
    }

    private func writeNow() async -> Bool {
        guard case .file(let path) = place, let token = unwritten else { return true }
        do {
            try await SecretFile(path: path).replace(with: token)
        } catch {
            logger.error(
                "the new refresh token could not be written; it is lost if the gateway stops before that succeeds",
                metadata: ["file.path": "\(path)", "exception.message": "\(error)"])
            return false
        }
        // A newer one that came in between is written by its own call.
        if unwritten == token { unwritten = nil }
        return unwritten == nil
    }
}
