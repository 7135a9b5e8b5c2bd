internal import NIOSSL

/// Reads settings from environment variables as OpenTelemetry's specification says: an empty value is the same as none, and
/// names of choices are not case-sensitive.
struct EnvironmentReader {
    typealias Failure = OTLPConfigurationError

    private let environment: [String: String]

    init(_ environment: [String: String]) {
        self.environment = environment
    }

    /// The value of a variable without the white space around it, or nil if there is none.
    func text(_ name: String) -> String? {
        guard let value = environment[name]?.trimmed, !value.isEmpty else { return nil }
        return String(value)
    }

    /// The first of some variables that is set, and its value.
    func first(_ names: [String]) -> (name: String, text: String)? {
        for name in names {
            if let text = text(name) { return (name, text) }
        }
        return nil
    }

    /// The variables of a setting of the exporter: the one for traces comes before the one for all signals.
    static func exporter(_ name: String) -> [String] {
        ["OTEL_EXPORTER_OTLP_TRACES_\(name)", "OTEL_EXPORTER_OTLP_\(name)"]
    }

    func flag(_ name: String) throws(Failure) -> Bool {
        switch text(name)?.lowercased() {
        case nil, "false": false
        case "true": true
        case .some(let value): throw Failure(name, "is \(value.debugDescription); use true or false.")
        }
    }

    func number(_ names: [String], in range: ClosedRange<Int>, default fallback: Int) throws(Failure) -> Int {
        guard let (name, text) = first(names) else { return fallback }
        guard let number = Int(text), range.contains(number) else {
            throw Failure(
                name,
                "is \(text.debugDescription); use a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    /// A duration that is written as a number of milliseconds.
    func milliseconds(_ names: [String], in range: ClosedRange<Int>, default fallback: Int) throws(Failure) -> Duration
    {
        .milliseconds(try number(names, in: range, default: fallback))
    }

    /// The pairs of a list, or none if no variable is set.
    func pairs(_ names: [String]) throws(Failure) -> (name: String, pairs: [BaggageList.Pair])? {
        guard let (name, text) = first(names) else { return nil }
        guard let pairs = BaggageList.pairs(of: text) else {
            // The value of a header may be a secret, and a malformed list does not say where it begins.
            throw Failure(
                name, "is not valid; use name=value pairs with commas between them, and percent-encode values.")
        }
        return (name, pairs)
    }

    /// The certificates of a PEM file.
    func certificates(_ names: [String]) throws(Failure) -> [NIOSSLCertificate]? {
        guard let (name, path) = first(names) else { return nil }
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
            throw Failure(
                name, "is \(path.debugDescription), which cannot be read as certificates; name a file in PEM format.")
        }
        return certificates
    }
}
