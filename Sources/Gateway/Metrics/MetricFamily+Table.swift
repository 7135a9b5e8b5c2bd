internal import PrometheusMetrics

/// The metrics that the gateway exports. Every label has few values: routes, statuses and stages are fixed, relays are
/// those of the configuration.
extension MetricFamily {
    static let all: [MetricFamily] = [
        .counter(.requests), .histogram(.requestTime), .counter(.messages), .counter(.bytes), .counter(.replies),
        .histogram(.queueTime), .histogram(.envelopeTime), .histogram(.contentTime), .histogram(.connectTime),
        .histogram(.tlsTime), .counter(.sessionFailures), .counter(.fallbacks), .counter(.throttled),
        .counter(.breakerOpenings), .gauge(.breaker), .gauge(.relayUp), .gauge(.poolSessions), .gauge(.poolWaiting),
        .gauge(.storeUp), .counter(.storeEvictions), .counter(.spans), .gauge(.inFlight), .gauge(.draining),
        .counter(.reloads), .gauge(.build), .counter(.cpuTime), .gauge(.residentMemory), .gauge(.openFiles),
        .gauge(.maximumOpenFiles), .gauge(.startTime), .gauge(.threads),
    ]
}

extension CounterFamily {
    static let requests = CounterFamily(
        "postern_http_requests_total", omitsZero: true,
        "HTTP requests that were answered, by route and status.")
    static let messages = CounterFamily(
        "postern_messages_total",
        "Messages by relay and outcome: accepted, partially_accepted, refused (for good), deferred (4yz), not_sent or unknown."
    )
    static let bytes = CounterFamily(
        "postern_message_bytes_total", "Octets of the messages that a relay took responsibility for.")
    static let replies = CounterFamily(
        "postern_replies_total",
        "Replies that decided about a message, by relay, stage and first digit of the code.")
    static let sessionFailures = CounterFamily(
        "postern_session_failures_total",
        "Sessions that could not be set up, by relay and the stage that failed.")
    static let fallbacks = CounterFamily(
        "postern_fallbacks_total", "Messages that a relay certainly had not taken and the next one was asked."
    )
    static let throttled = CounterFamily(
        "postern_throttled_total",
        "Messages that were refused because a relay's rate would have kept them too long.")
    static let breakerOpenings = CounterFamily(
        "postern_breaker_openings_total", "How often a relay was given up for a while.")
    static let storeEvictions = CounterFamily(
        "postern_store_evictions_total",
        "Records of Idempotency-Keys removed early to keep within POSTERN_IDEMPOTENCY_BYTES.")
    static let spans = CounterFamily(
        "postern_spans_total",
        "Spans by result: exported, dropped (the queue was full) or failed (the collector did not take them).")
    static let reloads = CounterFamily(
        "postern_reloads_total", "Reloads of the configuration by result: success or failure.")

    // MARK: The process, under the names that Prometheus's own libraries give them

    static let cpuTime = CounterFamily("process_cpu_seconds_total", "User and system time in seconds.")
}

extension HistogramFamily {
    /// From half a millisecond, in which a relay on the same host answers, to the minutes that RFC 5321,
    /// section 4.5.3.2, allows.
    private static let times =
        [500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000]
        .map { $0 * 1000 } + [10, 30, 60, 300].map { $0 * 1_000_000_000 }

    static let requestTime = HistogramFamily(
        "postern_http_request_seconds", bounds: times, omitsZero: true,
        "From the arrival of a request's header section to the response, by route and the first digit of the status.")
    static let queueTime = HistogramFamily(
        "postern_message_queue_seconds", bounds: times, "How long messages waited for their turn and for a session.")
    static let envelopeTime = HistogramFamily(
        "postern_message_envelope_seconds", bounds: times, "From MAIL to the reply to DATA.")
    static let contentTime = HistogramFamily(
        "postern_message_content_seconds", bounds: times,
        "From the content's first octet to the reply to its final dot.")
    static let connectTime = HistogramFamily(
        "postern_session_connect_seconds", bounds: times, "How long the TCP connection of a session took.")
    static let tlsTime = HistogramFamily(
        "postern_session_tls_seconds", bounds: times, "How long the TLS handshake took.")
}

extension GaugeFamily {
    static let breaker = GaugeFamily(
        "postern_breaker_state", "A relay's circuit breaker: 0 closed, 1 half-open, 2 open.")
    static let relayUp = GaugeFamily(
        "postern_relay_up", "Whether the relay answered the last probe with EHLO, TLS and AUTH: 1 or 0.")
    static let poolSessions = GaugeFamily(
        "postern_pool_sessions", "Sessions with a relay by state: busy, idle or connecting.")
    static let poolWaiting = GaugeFamily("postern_pool_waiting", "Messages that wait for a session.")
    static let storeUp = GaugeFamily(
        "postern_store_up",
        "Whether the Idempotency-Key store is available: 1 or 0. At 0, requests with an Idempotency-Key get 503.")
    static let inFlight = GaugeFamily(
        "postern_messages_in_flight", "Messages that have been taken and not answered.")
    static let draining = GaugeFamily("postern_draining", "Whether the gateway is shutting down: 1 or 0.")
    static let build = GaugeFamily("postern_build_info", "The running version, as a label.")

    // MARK: The process, under the names that Prometheus's own libraries give them

    static let residentMemory = GaugeFamily("process_resident_memory_bytes", "Resident memory in bytes.")
    static let openFiles = GaugeFamily("process_open_fds", "Open file descriptors.")
    static let maximumOpenFiles = GaugeFamily("process_max_fds", "Most open file descriptors.")
    static let startTime = GaugeFamily(
        "process_start_time_seconds", "When the process started, in seconds since 1970.")
    static let threads = GaugeFamily("process_threads", "Threads.")
}
