internal import NIOSSL

/// How spans are exported, as OpenTelemetry's environment variables say.
///
/// ```swift
/// if let configuration = try OTLPConfiguration(environment: ProcessInfo.processInfo.environment) {
///     let exporter = OTLPExporter(configuration, eventLoopGroup: group, logger: logger)
/// }
/// ```
public struct OTLPConfiguration: Sendable, CustomStringConvertible {
    /// Where spans are sent to.
    let endpoint: OTLPEndpoint
    /// The header fields that the collector asks for.
    let headers: OTLPHeaders
    /// What the certificate of the collector is checked with; nil for the roots of the system.
    let trustRoots: [NIOSSLCertificate]?
    /// How long one request may take.
    let requestTimeout: Duration
    /// Which traces are recorded.
    let sampler: OTLPSampler
    /// The attributes of the resource, in the order of their names.
    let resource: [(name: String, value: String)]
    /// The name and the version of the instrumentation.
    let scope: (name: String, version: String?)
    /// When spans are sent, and how many wait.
    let schedule: ScheduleLimits
    /// How many octets a value may have.
    let valueLimit: Int

    private static let completeURL = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
    private static let baseURL = "OTEL_EXPORTER_OTLP_ENDPOINT"

    /// What can be shown: no header field, and no part of the URL after its port.
    public var description: String { "OTLP over HTTP (JSON) to \(endpoint.shown)" }

    /// Reads the variables.
    ///
    /// - Parameters:
    ///   - environment: the environment of the process.
    ///   - service: the name of the service, if OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES give none.
    ///   - version: the version of the service.
    /// - Returns: nil if neither OTEL_EXPORTER_OTLP_ENDPOINT nor OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set, if
    ///   OTEL_SDK_DISABLED is true, or if OTEL_TRACES_EXPORTER is none: there is no tracing then.
    /// - Throws: ``OTLPConfigurationError`` if a value is malformed or not supported.
    public init?(
        environment: [String: String], service: String = "postern", version: String? = nil
    ) throws(OTLPConfigurationError) {
        let environment = EnvironmentReader(environment)
        // The other variables may be meant for other processes on this machine.
        guard let place = environment.first([Self.completeURL, Self.baseURL]), try Self.isWanted(environment) else {
            return nil
        }
        endpoint = try OTLPEndpoint(
            place.text, from: place.name, appending: place.name == Self.baseURL ? "v1/traces" : nil)
        try Self.checkUnsupported(environment)
        headers = try OTLPHeaders(environment)
        trustRoots = try environment.certificates(EnvironmentReader.exporter("CERTIFICATE"))
        requestTimeout = try environment.milliseconds(
            EnvironmentReader.exporter("TIMEOUT"), in: 1...600_000, default: 10_000)
        sampler = try OTLPSampler.read(environment)
        resource = try Self.resource(environment, service: service, version: version)
        scope = ("postern", version)
        schedule = try ScheduleLimits(environment)
        valueLimit = try environment.number(["OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"], in: 1...65_536, default: 4096)
    }

    private static func isWanted(_ environment: EnvironmentReader) throws(OTLPConfigurationError) -> Bool {
        guard try !environment.flag("OTEL_SDK_DISABLED") else { return false }
        let variable = "OTEL_TRACES_EXPORTER"
        switch environment.text(variable)?.lowercased() {
        case nil, "otlp": return true
        case "none": return false
        case .some(let value):
            throw OTLPConfigurationError(
                variable, "is \(value.debugDescription), which is not supported; use otlp or none.")
        }
    }

    /// What changes how spans travel must not be ignored.
    private static func checkUnsupported(_ environment: EnvironmentReader) throws(OTLPConfigurationError) {
        if let (name, text) = environment.first(EnvironmentReader.exporter("PROTOCOL")),
            text.lowercased() != "http/json"
        {
            throw OTLPConfigurationError(
                name,
                "is \(text.debugDescription), which is not supported; use http/json, and the HTTP port of the collector "
                    + "(4318).")
        }
        if let (name, text) = environment.first(EnvironmentReader.exporter("COMPRESSION")), text.lowercased() != "none"
        {
            throw OTLPConfigurationError(name, "is \(text.debugDescription), which is not supported; use none.")
        }
        let ofClient = EnvironmentReader.exporter("CLIENT_KEY") + EnvironmentReader.exporter("CLIENT_CERTIFICATE")
        if let (name, _) = environment.first(ofClient) {
            throw OTLPConfigurationError(
                name, "is set, but client certificates are not supported; use OTEL_EXPORTER_OTLP_HEADERS.")
        }
    }

    private static func resource(
        _ environment: EnvironmentReader, service: String, version: String?
    ) throws(OTLPConfigurationError) -> [(name: String, value: String)] {
        var attributes = ["service.name": service, "telemetry.sdk.language": "swift", "telemetry.sdk.name": "postern"]
        attributes["service.version"] = version
        attributes["telemetry.sdk.version"] = version
        for (name, value) in try environment.pairs(["OTEL_RESOURCE_ATTRIBUTES"])?.pairs ?? [] {
            attributes[name] = value
        }
        if let name = environment.text("OTEL_SERVICE_NAME") { attributes["service.name"] = name }
        return attributes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}
