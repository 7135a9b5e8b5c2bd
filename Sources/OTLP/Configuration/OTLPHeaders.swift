/// The header fields that the collector asks for. Their values are secrets, and are never shown.
struct OTLPHeaders: Sendable, CustomStringConvertible, CustomReflectable {
    /// The names and values.
    let fields: [(name: String, value: String)]

    /// The names.
    var description: String { "[\(fields.map(\.name).joined(separator: ", "))]" }
    /// A mirror that has no values: `dump` shows none either.
    var customMirror: Mirror { Mirror(self, unlabeledChildren: fields.map(\.name)) }

    /// What the exporter and the HTTP client set themselves.
    private static let reserved: Set = [
        "connection", "content-encoding", "content-length", "content-type", "host", "transfer-encoding",
    ]

    /// Reads OTEL_EXPORTER_OTLP_TRACES_HEADERS or OTEL_EXPORTER_OTLP_HEADERS.
    init(_ environment: EnvironmentReader) throws(OTLPConfigurationError) {
        guard let (variable, pairs) = try environment.pairs(EnvironmentReader.exporter("HEADERS")) else {
            fields = []
            return
        }
        for (name, value) in pairs {
            guard name.utf8.allSatisfy(Self.isTokenOctet) else {
                throw OTLPConfigurationError(variable, "holds a name that is no HTTP field name.")
            }
            guard !Self.reserved.contains(name.lowercased()) else {
                throw OTLPConfigurationError(variable, "holds \(name), which Postern sets itself; remove it.")
            }
            // RFC 9110, section 5.5. A line break would begin another field.
            guard value.utf8.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else {
                throw OTLPConfigurationError(variable, "holds a control character in the value of \(name).")
            }
        }
        fields = pairs
    }

    /// RFC 9110, section 5.6.2.
    private static func isTokenOctet(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(octet)
        }
    }
}
