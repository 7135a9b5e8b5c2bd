internal import Configuration
package import Foundation

/// The values that were given for settings, and where they came from: a flag of the command line beats the environment,
/// which beats the configuration file.
public struct SettingValues: Sendable {
    /// Where a value came from.
    public enum Source: String, Sendable {
        /// A flag of the command line.
        case flag
        /// An environment variable.
        case environment
        /// The configuration file.
        case file
        /// Nothing was given.
        case `default`
    }

    /// The names of the relays that have settings of their own, in alphabetical order.
    public let relays: [String]

    private let reader: ConfigReader
    /// The settings that stand in a source, with an empty value too.
    private let given: Set<String>
    /// The files that secrets were read from.
    private let paths: [String: String]
    private let providers: [(source: Source, provider: any ConfigProvider)]

    /// Takes flags, the environment and a configuration file.
    ///
    /// - Parameters:
    ///   - flags: values by the setting's name.
    ///   - environment: the process's environment; variables that do not begin with `POSTERN_` are ignored.
    ///   - file: the configuration file, or nil if there is none.
    /// - Throws: ``ConfigurationError`` for a name that is not known, a value that is malformed, or the file of a secret
    ///   that cannot be read.
    public init(
        flags: [String: String] = [:], environment: [String: String], file: SettingsFile? = nil
    ) throws(ConfigurationError) {
        let environment = environment.filter { name, _ in
            // Kubernetes injects these for a service of that name.
            name.hasPrefix(Setting.prefix) && !name.hasPrefix("POSTERN_SERVICE_") && !name.hasPrefix("POSTERN_PORT")
        }
        let sources: [(source: Source, values: [String: String])] = [
            (.flag, flags), (.environment, environment), (.file, file?.values ?? [:]),
        ]
        relays = Self.relays(in: sources.flatMap(\.values.keys))
        let known = Setting.all + relays.flatMap { relay in Setting.ofRelays.map { $0.of(relay: relay) } }
        let byName = Dictionary(known.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let byFileName = Dictionary(
            known.compactMap { setting in setting.fileName.map { ($0, setting) } },
            uniquingKeysWith: { first, _ in first })
        var providers: [(Source, any ConfigProvider)] = []
        var given: Set<String> = []
        var paths: [String: String] = [:]
        var found: Set<String> = []
        for (source, values) in sources {
            var checked: [String: String] = [:]
            let decided = found
            for (name, value) in values.sorted(by: { $0.key < $1.key }) {
                let label = source == .file ? "\(file?.keys[name] ?? name) in \(file?.path ?? "the file")" : name
                if let setting = byName[name] {
                    given.insert(setting.name)
                    // An empty value counts as none.
                    guard !value.isEmpty else { continue }
                    try Self.check(value, of: setting, label)
                    checked[name] = value
                } else if let setting = byFileName[name] {
                    given.insert(setting.name)
                    guard !value.isEmpty else { continue }
                    guard values[setting.name] ?? "" == "" else {
                        throw ConfigurationError(label, "it is given beside \(setting.name); leave out one of them")
                    }
                    checked[setting.name] = try Self.secret(in: value, label)
                    // A source that beats this one has not given it.
                    if !decided.contains(setting.name) { paths[setting.name] = value }
                } else {
                    throw ConfigurationError(label, "this setting is not known; `postern config` lists all of them")
                }
            }
            found.formUnion(checked.keys)
            providers.append((source, Self.provider(source, checked, byName)))
        }
        self.paths = paths
        self.providers = providers
        self.given = given
        reader = ConfigReader(providers: providers.map(\.1))
    }

    /// What `POSTERN_RELAY_<NAME>_URL` names, as far as it is no setting itself.
    private static func relays(in names: [String]) -> [String] {
        let known = Set(Setting.all.flatMap { [$0.name, $0.fileName].compactMap { $0 } })
        let (prefix, suffix) = ("POSTERN_RELAY_", "_URL")
        var found: Set<String> = []
        for name in names where !known.contains(name) {
            let name = name.hasSuffix("_FILE") ? String(name.dropLast("_FILE".count)) : name
            guard name.hasPrefix(prefix), name.hasSuffix(suffix), name.count > prefix.count + suffix.count,
                !name.hasSuffix("_OAUTH_TOKEN_URL")
            else {
                continue
            }
            let relay = name.dropFirst(prefix.count).dropLast(suffix.count).lowercased()
            if isRelayName(relay) { found.insert(relay) }
        }
        return found.sorted()
    }

    /// Letters, digits and `-`, in words that a single `_` separates.
    private static func isRelayName(_ name: String) -> Bool {
        name.split(separator: "_", omittingEmptySubsequences: false).allSatisfy { word in
            !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        }
    }

    private static func check(_ value: String, of setting: Setting, _ label: String) throws(ConfigurationError) {
        guard let fault = setting.kind.fault(in: value) else { return }
        throw ConfigurationError(label, (setting.isSecret ? "the value" : value.debugDescription) + " " + fault)
    }

    private static func secret(in path: String, _ label: String) throws(ConfigurationError) -> String {
        guard let text = String(validating: try NamedFile.content(of: path, label), as: UTF8.self) else {
            throw ConfigurationError(label, "the file \(path.debugDescription) is not UTF-8 text")
        }
        // Editors and `echo` end a file with a line break, which is not part of the secret; nor is a byte order mark.
        return String(text.trimmingPrefix("\u{FEFF}")).trimmingCharacters(in: .newlines)
    }

    private static func provider(
        _ source: Source, _ values: [String: String], _ settings: [String: Setting]
    ) -> any ConfigProvider {
        if source == .environment { return EnvironmentVariablesProvider(environmentVariables: values) }
        var keyed: [AbsoluteConfigKey: ConfigValue] = [:]
        for (name, value) in values {
            guard let setting = settings[name] else { continue }
            keyed[AbsoluteConfigKey(setting.place)] = ConfigValue(.string(value), isSecret: setting.isSecret)
        }
        return InMemoryProvider(name: source.rawValue, values: keyed)
    }

    /// The value of a setting, or its default; an empty value counts as none.
    public func value(of setting: Setting) -> String? {
        reader.string(forKey: setting.place, isSecret: setting.isSecret) ?? setting.defaultValue
    }

    /// The file that the value of a secret was read from; nil if it was given itself.
    package func path(of setting: Setting) -> String? { paths[setting.name] }

    /// Whether a source has the setting, with an empty value too.
    package func isGiven(_ setting: Setting) -> Bool { given.contains(setting.name) }

    /// Where the value of a setting came from.
    public func source(of setting: Setting) -> Source {
        let place = AbsoluteConfigKey(setting.place)
        let first = providers.first { _, provider in
            (try? provider.value(forKey: place, type: .string).value) != nil
        }
        return first?.source ?? .default
    }

    // MARK: Typed values

    /// A number or a size, in the range that its kind has.
    package func integer(_ setting: Setting) throws(ConfigurationError) -> Int {
        let text = try checked(setting)
        guard let value = Int(text) else { throw malformed(setting, text) }
        return value
    }

    package func boolean(_ setting: Setting) throws(ConfigurationError) -> Bool {
        let text = try checked(setting)
        guard let value = SettingKind.flag(text) else { throw malformed(setting, text) }
        return value
    }

    /// A time such as `500ms`, `30s`, `10m` or `1h`.
    package func duration(_ setting: Setting) throws(ConfigurationError) -> Duration {
        let text = try checked(setting)
        guard let value = SettingKind.delay(text) else { throw malformed(setting, text) }
        return value
    }

    /// The longest path of a socket (unix(7)).
    private static let maximumSocketPath = 107

    /// A host and a port, written `host:port` or `[address]:port`; or `unix:/path` and 0.
    package func address(_ setting: Setting) throws(ConfigurationError) -> (host: String, port: Int) {
        let text = value(of: setting) ?? ""
        if text.hasPrefix("unix:") {
            guard text.hasPrefix("unix:/"), text.utf8.count <= "unix:".utf8.count + Self.maximumSocketPath else {
                throw ConfigurationError(
                    setting.name,
                    "\(text.debugDescription) is not a socket; write unix: and an absolute path of at most "
                        + "\(Self.maximumSocketPath) octets")
            }
            return (text, 0)
        }
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port), colon > text.startIndex
        else {
            throw ConfigurationError(
                setting.name,
                "\(text.debugDescription) is not an address; write host:port, [address]:port for IPv6, or unix:/path")
        }
        let host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        return (String(isBracketed ? host.dropFirst().dropLast() : host), port)
    }

    /// The elements of a list, without the lines that begin with `#`.
    package func list(_ setting: Setting) -> [String] {
        (value(of: setting) ?? "").split(whereSeparator: \.isNewline)
            .filter { !$0.drop(while: \.isWhitespace).hasPrefix("#") }
            .flatMap { $0.split(separator: ",") }
            .map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
    }

    /// The content of the file that a setting names.
    package func file(_ setting: Setting) throws(ConfigurationError) -> Data? {
        guard let path = value(of: setting) else { return nil }
        return try NamedFile.content(of: path, setting.name)
    }

    private func checked(_ setting: Setting) throws(ConfigurationError) -> String {
        let text = value(of: setting) ?? ""
        guard setting.kind.fault(in: text) == nil else { throw malformed(setting, text) }
        return text
    }

    private func malformed(_ setting: Setting, _ text: String) -> ConfigurationError {
        let shown = setting.isSecret ? "the value" : text.debugDescription
        return ConfigurationError(
            setting.name, "\(shown) \(setting.kind.fault(in: text) ?? "is not \(setting.kind.unit)")")
    }
}
