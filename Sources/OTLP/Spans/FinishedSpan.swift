internal import Tracing

/// A span that has ended, and waits to be exported.
struct FinishedSpan: Sendable {
    let context: SpanContext
    let parent: SpanContext?
    let kind: SpanKind
    /// Nanoseconds since 1970.
    let start: UInt64
    /// Nanoseconds since 1970, not before the start.
    let end: UInt64
    let contents: SpanContents
    /// About how many octets it has, in memory and encoded.
    let size: Int
}
