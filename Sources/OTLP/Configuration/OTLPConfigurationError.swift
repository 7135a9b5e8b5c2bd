/// A setting of the exporter that cannot be used.
///
/// ```text
/// OTEL_EXPORTER_OTLP_PROTOCOL is "grpc", which is not supported; use http/json, and the HTTP port of the collector (4318).
/// ```
public struct OTLPConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The environment variable.
    public let variable: String
    /// What is wrong, and what to do. It names the variable, and holds no value that may be a secret.
    public let description: String

    /// - Parameters:
    ///   - variable: the environment variable.
    ///   - reason: the rest of the sentence that begins with its name.
    init(_ variable: String, _ reason: String) {
        self.variable = variable
        description = "\(variable) \(reason)"
    }
}
