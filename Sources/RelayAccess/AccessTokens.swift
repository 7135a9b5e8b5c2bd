public import Logging
public import NIOCore

/// Gives access tokens for AUTH at a relay (XOAUTH2, or OAUTHBEARER of RFC 7628), and renews them.
///
/// ```swift
/// let tokens = AccessTokens(configuration, eventLoopGroup: group, logger: logger)
/// let token = try await tokens.token()
/// // If the relay replies 535 to it:
/// await tokens.refused(token, reply: "535 5.7.3 Authentication unsuccessful")
/// // At the end:
/// await tokens.stop()
/// ```
///
/// The first call of ``token()`` asks the token endpoint. From then on the token is renewed in the background, before it
/// runs out, by one request at a time. A failed request is repeated after pauses that grow from 1 s to 60 s; Retry-After of
/// the endpoint is obeyed up to five minutes. The old token is handed out as long as it is valid.
public actor AccessTokens {
    private enum Source {
        case file(TokenFile)
        case endpoint(TokenRenewal)
    }

    private typealias Outcome = Result<String, AccessTokenError>

    private var source: Source
    private let logger: Logger
    private let clock: TokenClock
    private let jitter: @Sendable () -> Double
    private var schedule = TokenSchedule()
    private var waiting: [Int: CheckedContinuation<Outcome, Never>] = [:]
    private var lastWaiter = 0
    /// The open request.
    private var request: Task<Void, Never>?
    /// Wakes the schedule at a time.
    private var timer: (time: Duration, task: Task<Void, Never>)?
    private var failureIsTold = false

    /// Makes a source of tokens. Nothing is read or sent before the first token is asked for.
    ///
    /// - Parameters:
    ///   - configuration: where the tokens come from.
    ///   - eventLoopGroup: runs the connections to the token endpoint. Shut it down after ``stop()``.
    ///   - logger: gets a line when renewals begin to fail, and one when they succeed again.
    public init(_ configuration: TokenConfiguration, eventLoopGroup: any EventLoopGroup, logger: Logger) {
        self.init(
            configuration, logger: logger, transport: { HTTPTokenTransport(for: $0, eventLoopGroup: eventLoopGroup) })
    }

    /// Makes a source of tokens with another transport and another time.
    ///
    /// - Parameters:
    ///   - configuration: where the tokens come from.
    ///   - logger: gets a line when renewals begin to fail, and one when they succeed again.
    ///   - clock: the time.
    ///   - jitter: gives numbers between 0 and 1, by which pauses are varied.
    ///   - transport: makes what carries the requests to the token endpoint.
    public init(
        _ configuration: TokenConfiguration, logger: Logger, clock: TokenClock = .system,
        jitter: @escaping @Sendable () -> Double = { .random(in: 0...1) },
        transport: (TokenEndpoint) -> any TokenTransport
    ) {
        self.logger = logger
        self.clock = clock
        self.jitter = jitter
        switch configuration {
        case .file(let path): source = .file(TokenFile(path: path))
        case .endpoint(let endpoint):
            let keeper: RefreshTokenKeeper? =
                if case .refreshToken(let place, _, _) = endpoint.grant {
                    RefreshTokenKeeper(place, clock: clock, logger: logger)
                } else {
                    nil
                }
            source = .endpoint(
                TokenRenewal(endpoint: endpoint, transport: transport(endpoint), keeper: keeper, clock: clock))
        }
    }

    /// Returns an access token that is valid now.
    ///
    /// If a valid token is held, it comes at once, also while it is renewed. Otherwise this method waits for the token
    /// endpoint; in the pause after a failed request it throws the error of that request at once.
    ///
    /// - Throws: ``AccessTokenError`` if there is no valid token, or if the task is cancelled while it waits.
    public func token() async throws(AccessTokenError) -> String {
        if case .file(let file) = source { return try await file.token(at: clock.now()) }
        let (answer, begins) = schedule.token(at: clock.now())
        if begins { beginRequest() }
        switch answer {
        case .token(let token): return token
        case .failure(let error): throw error
        case .wait: return try await outcome().get()
        }
    }

    /// Reports that the relay refused a token. It is not handed out again, and is renewed at once.
    ///
    /// If another token is held by now, nothing happens. If the relay refuses the new token too, the next renewal waits until
    /// a minute has passed since the last one; until then ``token()`` throws an error that shows the reply.
    ///
    /// - Parameters:
    ///   - token: the token that was refused.
    ///   - reply: the relay's reply: code, enhanced code and text.
    public func refused(_ token: String, reply: String? = nil) {
        if case .file(var file) = source {
            file.refused(token, reply: reply, at: clock.now())
            source = .file(file)
            return
        }
        if schedule.refused(token, reply: reply, at: clock.now()) {
            logger.notice("the relay refused the access token; it is renewed")
            beginRequest()
        } else {
            setTimer()
        }
    }

    /// Ends the renewals and closes the connections. The last token is handed out as long as it is valid.
    ///
    /// If the open request may bring a new refresh token, this method waits for it, as long as
    /// ``TokenEndpoint/timeout`` at most, and until the refresh token is written. Any other request is cancelled.
    public func stop() async {
        schedule.stop()
        setTimer()
        guard case .endpoint(let renewal) = source else { return }
        if renewal.keeper == nil { request?.cancel() }
        await request?.value
        await renewal.keeper?.stop()
        await renewal.transport.shutdown()
    }

    // MARK: Waiting

    private func outcome() async -> Outcome {
        lastWaiter += 1
        let number = lastWaiter
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(returning: .failure(.cancelled))
                } else {
                    waiting[number] = continuation
                }
            }
        } onCancel: {
            Task { await self.cancel(number) }
        }
    }

    private func cancel(_ number: Int) {
        waiting.removeValue(forKey: number)?.resume(returning: .failure(.cancelled))
    }

    // MARK: Requests

    private func beginRequest() {
        guard case .endpoint(let renewal) = source else { return }
        setTimer()
        let begun = clock.now()
        request = Task {
            let result: Result<TokenAnswer, AccessTokenError>
            do throws(AccessTokenError) {
                result = .success(try await renewal.run())
            } catch {
                result = .failure(error)
            }
            self.requestEnded(result, begun: begun)
        }
    }

    private func requestEnded(_ result: Result<TokenAnswer, AccessTokenError>, begun: Duration) {
        request = nil
        switch result {
        case .success(let answer):
            schedule.renewed(answer.accessToken, lifetime: answer.lifetime, at: begun)
            if failureIsTold { logger.notice("access tokens are available again") }
            failureIsTold = false
        case .failure(let error):
            schedule.failed(error, jitter: jitter(), at: clock.now())
            // A stop that cancels a request is no failure.
            if error.kind != .stopped {
                logger.log(
                    level: failureIsTold ? .debug : .warning, "no new access token",
                    metadata: ["exception.message": "\(error)"])
                failureIsTold = true
            }
        }
        setTimer()
        let waited = waiting
        waiting = [:]
        for continuation in waited.values { continuation.resume(returning: result.map(\.accessToken)) }
    }

    /// Sets the timer to the schedule's next time.
    private func setTimer() {
        let time = schedule.wakeTime
        guard timer?.time != time else { return }
        timer?.task.cancel()
        timer = nil
        guard let time else { return }
        let clock = clock
        let task = Task { [weak self] in
            do {
                try await clock.sleep(time)
            } catch {
                return
            }
            await self?.wake(time)
        }
        timer = (time, task)
    }

    private func wake(_ time: Duration) {
        // The timer was set anew in between.
        guard timer?.time == time else { return }
        timer = nil
        if schedule.wake(at: clock.now()) { beginRequest() } else { setTimer() }
    }
}
