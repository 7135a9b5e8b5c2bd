internal import Configuration
internal import Foundation
internal import Records

/// A setting of the gateway: an environment variable, and a key of a configuration file.
public struct Setting: Hashable, Sendable {
    /// The variable's name.
    public let name: String
    /// What its value looks like.
    public let kind: SettingKind
    /// The default as it would be written, or nil where there is none.
    public let defaultValue: String?
    /// What it is for, in a few words.
    public let meaning: String
    /// Whether the value is never shown. A secret may also be given as the name of a file that holds it.
    public let isSecret: Bool

    init(
        _ name: String, _ kind: SettingKind, default defaultValue: String? = nil, _ meaning: String,
        secret: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.defaultValue = defaultValue
        self.meaning = meaning
        isSecret = secret
    }

    /// The name of the relay of `POSTERN_RELAY_URL`.
    static let defaultRelay = "default"

    /// What every variable's name begins with.
    static let prefix = "POSTERN_"

    /// The variable that names a file with the value; nil where the setting is no secret.
    public var fileName: String? { isSecret ? name + "_FILE" : nil }

    /// The key in a configuration file.
    public var key: String { name.dropFirst(Self.prefix.count).lowercased() }

    /// What a flag of the command line says of it.
    public var help: String { "\(meaning) (\(name))" }

    /// The same setting of one relay among several, which has the general one as its default.
    func of(relay: String) -> Setting {
        let suffix = name.dropFirst("POSTERN_RELAY_".count)
        return Setting(
            "POSTERN_RELAY_\(relay.uppercased())_\(suffix)", kind, default: nil, meaning, secret: isSecret)
    }

    /// What the user of a relay sets: the general setting of the default relay, and a named relay's own.
    func own(of relay: String) -> Setting {
        relay == Self.defaultRelay ? self : of(relay: relay)
    }

    /// The place of the value in the hierarchy of sources.
    var place: ConfigKey { ConfigKey(name.lowercased().split(separator: "_").map(String.init)) }

    /// A value as it may be shown: of a secret nothing but the parts of an address that are none.
    public func shown(_ value: String) -> String {
        guard isSecret else { return value.split(whereSeparator: \.isNewline).joined(separator: ", ") }
        if self == .store { return (try? RecordStoreLocation(value))?.shown ?? Self.mask }
        guard self == .relayURL || name.hasSuffix("_URL") || name.hasSuffix("_PROXY"),
            var parts = URLComponents(string: value), parts.host != nil
        else { return Self.mask }
        // A password may stand where none belongs: what is no option is not shown.
        guard parts.path.isEmpty || parts.path == "/", parts.fragment == nil,
            (parts.queryItems ?? []).allSatisfy({ RelayURL.options.contains($0.name) })
        else { return Self.mask }
        if parts.password != nil {
            parts.password = nil
            parts.user = nil
            return (parts.string ?? Self.mask).replacing("://", with: "://\(Self.mask)@", maxReplacements: 1)
        }
        return value.contains("@") ? Self.mask : value
    }

    /// What stands for a secret.
    static let mask = "[masked]"
}
