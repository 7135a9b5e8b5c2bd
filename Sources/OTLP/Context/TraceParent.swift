/// The field `traceparent` (W3C Trace Context, section 3.2).
enum TraceParent {
    private static let dash = UInt8(ascii: "-")

    /// Reads the field.
    ///
    /// - Parameters:
    ///   - text: the value of `traceparent`.
    ///   - state: what `tracestate` says.
    /// - Returns: nil if the value is malformed.
    static func read(_ text: String, state: TraceState) -> SpanContext? {
        let octets = Array(text.utf8.prefix(57))
        guard octets.count >= 55, octets[2] == dash, octets[35] == dash, octets[52] == dash,
            let version = Hexadecimal.number(octets[0..<2]), version != 0xFF,
            // A later version may have more fields after the flags (section 4.3).
            octets.count == 55 || (version > 0 && octets[55] == dash),
            let high = Hexadecimal.number(octets[3..<19]), let low = Hexadecimal.number(octets[19..<35]),
            let span = Hexadecimal.number(octets[36..<52]), let flags = Hexadecimal.number(octets[53..<55]),
            let traceID = TraceID(high: high, low: low), let spanID = SpanID(span)
        else { return nil }
        return SpanContext(
            traceID: traceID, spanID: spanID, isSampled: flags & 1 == 1, isRemote: true, state: state)
    }

    /// Returns the value of the field for a span.
    static func text(_ context: SpanContext) -> String {
        var octets: [UInt8] = []
        octets.reserveCapacity(55)
        octets += "00-".utf8
        Hexadecimal.append(context.traceID.high, to: &octets)
        Hexadecimal.append(context.traceID.low, to: &octets)
        octets.append(dash)
        Hexadecimal.append(context.spanID.value, to: &octets)
        octets += (context.isSampled ? "-01" : "-00").utf8
        return String(decoding: octets, as: UTF8.self)
    }
}
