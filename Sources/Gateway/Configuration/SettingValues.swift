internal import Foundation

/// The values that were given for settings, and where they came from.
public struct SettingValues: Sendable {
    /// Where a value came from.
    public enum Source: String, Sendable {
        /// A flag of the command line.
        case flag
        /// An environment variable.
        case environment
        /// Nothing was given.
        case `default`
    }

    private var given: [String: (value: String, source: Source)] = [:]

    /// Takes flags and the environment; a flag beats the environment.
    ///
    /// - Throws: ``ConfigurationError`` where the environment holds a `POSTERN_` variable that is not known.
    public init(flags: [String: String] = [:], environment: [String: String]) throws(ConfigurationError) {
        let known = Set(Setting.all.map(\.name))
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("POSTERN_") {
            // Kubernetes injects these for a service of that name.
            if name.hasPrefix("POSTERN_SERVICE_") || name.hasPrefix("POSTERN_PORT") { continue }
            guard known.contains(name) else {
                throw ConfigurationError(name, "this setting is not known; `postern config` lists all of them")
            }
            given[name] = (value, .environment)
        }
        for (name, value) in flags { given[name] = (value, .flag) }
    }

    /// The value of a setting, or its default; an empty value counts as none.
    public func value(of setting: Setting) -> String? {
        if let value = given[setting.name]?.value, !value.isEmpty { return value }
        return setting.defaultValue
    }

    /// Where the value of a setting came from.
    public func source(of setting: Setting) -> Source {
        given[setting.name]?.source ?? .default
    }

    // MARK: Typed values

    func integer(_ setting: Setting, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        let text = value(of: setting) ?? ""
        guard let value = Int(text), range.contains(value) else {
            throw ConfigurationError(
                setting.name,
                "\(text.debugDescription) is not a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func boolean(_ setting: Setting) throws(ConfigurationError) -> Bool {
        switch value(of: setting)?.lowercased() {
        case "true", "yes", "1": return true
        case "false", "no", "0", nil: return false
        case let text?:
            throw ConfigurationError(setting.name, "\(text.debugDescription) is neither true nor false")
        }
    }

    /// A time such as `500ms`, `30s`, `10m` or `1h`.
    func duration(_ setting: Setting) throws(ConfigurationError) -> Duration {
        let text = value(of: setting) ?? ""
        let units: [(String, Int)] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]
        for (unit, milliseconds) in units where text.hasSuffix(unit) {
            if let value = Int(text.dropLast(unit.count)), value > 0, value <= 86_400_000 / milliseconds {
                return .milliseconds(value * milliseconds)
            }
        }
        throw ConfigurationError(
            setting.name, "\(text.debugDescription) is not a time; write 500ms, 30s, 10m or 1h, a day at most")
    }

    func file(_ setting: Setting) throws(ConfigurationError) -> Data? {
        guard let path = value(of: setting) else { return nil }
        do {
            return try Data(contentsOf: URL(filePath: path))
        } catch {
            throw ConfigurationError(
                setting.name, "the file \(path.debugDescription) cannot be read: \(error.localizedDescription)")
        }
    }
}
