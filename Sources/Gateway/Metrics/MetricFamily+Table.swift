/// The metrics that the gateway exports. Every label has few values: routes, statuses and stages are fixed, relays are
/// those of the configuration.
extension MetricFamily {
    static let all = [
        requests, requestTime, messages, bytes, replies, queueTime, envelopeTime, contentTime, connectTime, tlsTime,
        sessionFailures,
        fallbacks, throttled, breakerOpenings, breaker, relayUp, poolSessions, poolWaiting, storeUp, storeEvictions,
        spans, inFlight,
        draining, reloads, build, cpuTime, residentMemory, openFiles, maximumOpenFiles, startTime, threads,
    ]

    static let requests = MetricFamily(
        "postern_http_requests_total", .counter, omitsZero: true,
        "HTTP requests that were answered, by route and status.")
    static let requestTime = MetricFamily(
        "postern_http_request_seconds", times, omitsZero: true,
        "From the arrival of a request's header section to the response, by route and the first digit of the status.")
    static let messages = MetricFamily(
        "postern_messages_total", .counter,
        "Messages by relay and outcome: accepted, partially_accepted, refused (for good), deferred (4yz), not_sent or unknown."
    )
    static let bytes = MetricFamily(
        "postern_message_bytes_total", .counter, "Octets of the messages that a relay took responsibility for.")
    static let replies = MetricFamily(
        "postern_replies_total", .counter,
        "Replies that decided about a message, by relay, stage and first digit of the code.")
    static let queueTime = MetricFamily(
        "postern_message_queue_seconds", times, "How long messages waited for their turn and for a session.")
    static let envelopeTime = MetricFamily(
        "postern_message_envelope_seconds", times, "From MAIL to the reply to DATA.")
    static let contentTime = MetricFamily(
        "postern_message_content_seconds", times, "From the content's first octet to the reply to its final dot.")
    static let connectTime = MetricFamily(
        "postern_session_connect_seconds", times, "How long the TCP connection of a session took.")
    static let tlsTime = MetricFamily("postern_session_tls_seconds", times, "How long the TLS handshake took.")
    static let sessionFailures = MetricFamily(
        "postern_session_failures_total", .counter,
        "Sessions that could not be set up, by relay and the stage that failed.")
    static let fallbacks = MetricFamily(
        "postern_fallbacks_total", .counter, "Messages that a relay certainly had not taken and the next one was asked."
    )
    static let throttled = MetricFamily(
        "postern_throttled_total", .counter,
        "Messages that were refused because a relay's rate would have kept them too long.")
    static let breakerOpenings = MetricFamily(
        "postern_breaker_openings_total", .counter, "How often a relay was given up for a while.")
    static let breaker = MetricFamily(
        "postern_breaker_state", .gauge, "A relay's circuit breaker: 0 closed, 1 half-open, 2 open.")
    static let relayUp = MetricFamily(
        "postern_relay_up", .gauge, "Whether the relay answered the last probe with EHLO, TLS and AUTH: 1 or 0.")
    static let poolSessions = MetricFamily(
        "postern_pool_sessions", .gauge, "Sessions with a relay by state: busy, idle or connecting.")
    static let poolWaiting = MetricFamily("postern_pool_waiting", .gauge, "Messages that wait for a session.")
    static let storeUp = MetricFamily(
        "postern_store_up", .gauge,
        "Whether the Idempotency-Key store is available: 1 or 0. At 0, requests with an Idempotency-Key get 503.")
    static let storeEvictions = MetricFamily(
        "postern_store_evictions_total", .counter,
        "Records of Idempotency-Keys removed early to keep within POSTERN_IDEMPOTENCY_BYTES.")
    static let spans = MetricFamily(
        "postern_spans_total", .counter,
        "Spans by result: exported, dropped (the queue was full) or failed (the collector did not take them).")
    static let inFlight = MetricFamily(
        "postern_messages_in_flight", .gauge, "Messages that have been taken and not answered.")
    static let draining = MetricFamily("postern_draining", .gauge, "Whether the gateway is shutting down: 1 or 0.")
    static let reloads = MetricFamily(
        "postern_reloads_total", .counter, "Reloads of the configuration by result: success or failure.")
    static let build = MetricFamily("postern_build_info", .gauge, "The running version, as a label.")

    // MARK: The process, under the names that Prometheus's own libraries give them

    static let cpuTime = MetricFamily("process_cpu_seconds_total", .counter, "User and system time in seconds.")
    static let residentMemory = MetricFamily("process_resident_memory_bytes", .gauge, "Resident memory in bytes.")
    static let openFiles = MetricFamily("process_open_fds", .gauge, "Open file descriptors.")
    static let maximumOpenFiles = MetricFamily("process_max_fds", .gauge, "Most open file descriptors.")
    static let startTime = MetricFamily(
        "process_start_time_seconds", .gauge, "When the process started, in seconds since 1970.")
    static let threads = MetricFamily("process_threads", .gauge, "Threads.")
}
