/// The names that stand in the answer to each message and in its log line. They are made once; those that are rare stand in the
/// code where they are used.
extension JSONText.Name {
    static let id: Self = "id"
    static let status: Self = "status"
    static let code: Self = "code"
    static let enhancedCode: Self = "enhanced_code"
    static let text: Self = "text"
    static let relay: Self = "relay"
    static let accepted: Self = "accepted"
    static let rejected: Self = "rejected"
    static let time: Self = "time"
    static let level: Self = "level"
    static let message: Self = "message"
    static let requestID: Self = "request_id"
    static let recipients: Self = "recipients"
    static let bytes: Self = "bytes"
    static let queueTime: Self = "queue_ms"
    static let envelopeTime: Self = "envelope_ms"
    static let contentTime: Self = "content_ms"
    static let duration: Self = "duration_ms"

    // What OpenTelemetry's semantic conventions have a name for is called so in the log, as in spans.
    static let messageID: Self = "messaging.message.id"
    static let clientAddress: Self = "client.address"
    static let requestMethod: Self = "http.request.method"
    static let responseStatus: Self = "http.response.status_code"
    static let urlPath: Self = "url.path"
    static let errorType: Self = "error.type"
    // Its names for a trace in lines of other formats than its own.
    static let traceID: Self = "trace_id"
    static let spanID: Self = "span_id"
}
