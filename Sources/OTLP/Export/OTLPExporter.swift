public import Logging
public import NIOCore

/// Sends the spans of its ``tracer`` to a collector, by OTLP over HTTP in JSON.
///
/// ```swift
/// let exporter = OTLPExporter(configuration, eventLoopGroup: group, logger: logger)
/// let gateway = try Gateway.start(settings, tracer: exporter.tracer, logger: logger)
/// // After the gateway has drained:
/// await exporter.shutdown(within: .seconds(5))
/// ```
///
/// Spans go in batches, by one request at a time. If the collector is away or busy, the request is repeated after pauses that grow from
/// 1 s to 30 s; Retry-After of the collector is obeyed up to five minutes. If the queue is full in the meantime, new spans
/// are dropped and counted. Nothing waits for the exporter.
public actor OTLPExporter {
    /// What an open or a failed request has to send.
    private struct Batch {
        let body: ByteBuffer
        let count: Int
    }

    /// Makes the spans that this exporter sends.
    public nonisolated let tracer: OTLPTracer

    private nonisolated let buffer: SpanBuffer
    private let encoder: SpanEncoder
    private let collector: String
    private let transport: any OTLPTransport
    private let logger: Logger
    private let clock: OTLPClock
    private let jitter: @Sendable () -> Double
    private let report: @Sendable (OTLPFigures) -> Void
    private var schedule: ExportSchedule
    private var batch: Batch?
    /// The open request, or the last one.
    private var request: Task<Void, Never>?
    /// Wakes the schedule at a time.
    private var timer: (time: Duration, task: Task<Void, Never>)?
    private var failureIsLogged = false
    private var reported = OTLPFigures()
    private var isFinished = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Makes an exporter. It sends nothing before the first span has ended.
    ///
    /// - Parameters:
    ///   - configuration: where spans are sent to, and when.
    ///   - eventLoopGroup: runs the connection to the collector. Shut it down after ``shutdown(within:)``.
    ///   - logger: gets a line when exports begin to fail, and one when they succeed again.
    ///   - report: gets what was added to ``figures`` since the last call, after requests and at the end.
    public init(
        _ configuration: OTLPConfiguration, eventLoopGroup: any EventLoopGroup, logger: Logger,
        report: @escaping @Sendable (OTLPFigures) -> Void = { _ in }
    ) {
        self.init(
            configuration, transport: HTTPOTLPTransport(configuration, eventLoopGroup: eventLoopGroup), logger: logger,
            report: report)
    }

    /// Makes an exporter with another transport and another time.
    ///
    /// - Parameters:
    ///   - configuration: what spans are, and when they are sent.
    ///   - transport: carries the requests.
    ///   - clock: the time.
    ///   - jitter: gives numbers between 0 and 1, by which pauses are varied.
    ///   - logger: gets a line when exports begin to fail, and one when they succeed again.
    ///   - report: gets what was added to ``figures``.
    init(
        _ configuration: OTLPConfiguration, transport: any OTLPTransport, clock: OTLPClock = .system,
        jitter: @escaping @Sendable () -> Double = { .random(in: 0...1) }, logger: Logger,
        report: @escaping @Sendable (OTLPFigures) -> Void = { _ in }
    ) {
        let buffer = SpanBuffer(configuration.schedule)
        self.buffer = buffer
        tracer = OTLPTracer(
            sampler: configuration.sampler, limits: SpanLimits(valueLength: configuration.valueLimit), buffer: buffer)
        encoder = SpanEncoder(configuration)
        collector = configuration.endpoint.shown
        self.transport = transport
        self.logger = logger
        self.clock = clock
        self.jitter = jitter
        self.report = report
        schedule = ExportSchedule(configuration.schedule)
        buffer.onSignal { [weak self] signal in
            // Not with the priority of the task whose span has ended.
            Task.detached(priority: .utility) { await self?.received(signal) }
        }
    }

    /// What became of the spans since the start.
    public nonisolated var figures: OTLPFigures { buffer.figures }

    /// Sends the spans that wait, and closes the connection. Spans that end from now on are dropped.
    ///
    /// - Parameter limit: how long that may take. What was not sent by then is dropped and counted.
    public func shutdown(within limit: Duration) async {
        buffer.close()
        let now = clock.now()
        perform(schedule.shutdown(by: now + limit, waiting: buffer.count, at: now))
        if !isFinished { await withCheckedContinuation { waiting.append($0) } }
        await request?.value
        await transport.shutdown()
    }

    // MARK: Events

    private func received(_ signal: SpanBuffer.Signal) {
        switch signal {
        case .spans: perform(schedule.spansWait(buffer.count, at: clock.now()))
        case .flush: perform(schedule.flush(waiting: buffer.count, at: clock.now()))
        }
    }

    private func wake(_ time: Duration) {
        // The timer was set anew in between.
        guard timer?.time == time else { return }
        timer = nil
        perform(schedule.wake(waiting: buffer.count, at: clock.now()))
    }

    private func requestEnded(_ result: Result<OTLPResponse, OTLPTransportError>) {
        // The shutdown has counted the batch as failed.
        guard let sent = batch else { return }
        switch result {
        case .success(let response) where 200..<300 ~= response.status:
            let rejected = ExportAnswer.rejectedSpans(response.body, of: sent.count)
            buffer.count(exported: sent.count - rejected, failed: rejected)
            batch = nil
            logSuccess()
            perform(schedule.succeeded(waiting: buffer.count, at: clock.now()))
        case .success(let response):
            logFailure("the collector answered with status \(response.status)")
            let pause = response.retryAfter.flatMap { RetryAfter.pause($0, now: clock.date()) }
            // OTLP, section "Retryable Response Codes".
            let isTemporary = [429, 502, 503, 504].contains(response.status)
            failed(isTemporary ? .temporary(retryAfter: pause) : .permanent, sent)
        case .failure(let error):
            logFailure(error.description)
            failed(.temporary(retryAfter: nil), sent)
        }
        reportFigures()
    }

    private func failed(_ failure: ExportSchedule.Failure, _ sent: Batch) {
        let (isGivenUp, action) = schedule.failed(failure, waiting: buffer.count, jitter: jitter(), at: clock.now())
        if isGivenUp {
            buffer.count(exported: 0, failed: sent.count)
            batch = nil
        }
        perform(action)
    }

    // MARK: Actions

    private func perform(_ action: ExportSchedule.Action) {
        switch action {
        case .wait: break
        case .sendNext:
            let spans = buffer.takeBatch()
            let next = Batch(body: ByteBuffer(bytes: encoder.encode(spans)), count: spans.count)
            batch = next
            send(next)
        case .sendAgain:
            if let batch { send(batch) }
        case .finish: finish()
        }
        setTimer()
    }

    private func send(_ batch: Batch) {
        let transport = transport
        request = Task(priority: .utility) {
            let result: Result<OTLPResponse, OTLPTransportError>
            do throws(OTLPTransportError) {
                result = .success(try await transport.post(batch.body))
            } catch {
                result = .failure(error)
            }
            self.requestEnded(result)
        }
    }

    private func finish() {
        request?.cancel()
        if let batch { buffer.count(exported: 0, failed: batch.count) }
        batch = nil
        buffer.dropAll()
        reportFigures()
        isFinished = true
        for continuation in waiting { continuation.resume() }
        waiting = []
    }

    /// Sets the timer to the schedule's next time.
    private func setTimer() {
        let time = schedule.wakeTime
        guard timer?.time != time else { return }
        timer?.task.cancel()
        timer = nil
        guard let time else { return }
        let clock = clock
        let task = Task(priority: .utility) { [weak self] in
            do {
                try await clock.sleep(time)
            } catch {
                return
            }
            await self?.wake(time)
        }
        timer = (time, task)
    }

    // MARK: Reports

    private func reportFigures() {
        let figures = buffer.figures
        guard figures != reported else { return }
        report(figures - reported)
        reported = figures
    }

    private func logSuccess() {
        if failureIsLogged { logger.notice("spans are exported again", metadata: ["collector": "\(collector)"]) }
        failureIsLogged = false
    }

    private func logFailure(_ reason: String) {
        guard !failureIsLogged else { return }
        failureIsLogged = true
        logger.warning(
            "spans cannot be exported; messages are not affected",
            metadata: ["collector": "\(collector)", "exception.message": "\(reason)"])
    }
}
