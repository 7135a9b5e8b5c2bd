internal import Configuration

/// A setting of the gateway: an environment variable, and a key of a configuration file.
public struct Setting: Hashable, Sendable {
    /// The variable's name.
    public let name: String
    /// What its value looks like.
    public let kind: SettingKind
    /// The default as it would be written, or nil if there is none.
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
    package static let defaultRelay = "default"

    /// What every variable's name begins with.
    package static let prefix = "POSTERN_"

    /// The variable that names a file with the value; nil if the setting is no secret.
    public var fileName: String? { isSecret ? name + "_FILE" : nil }

    /// The key in a configuration file.
    public var key: String { name.dropFirst(Self.prefix.count).lowercased() }

    /// What a flag of the command line says of it.
    public var help: String { "\(meaning) (\(name))" }

    /// The same setting of one relay among several, which has the general one as its default.
    package func of(relay: String) -> Setting {
        let suffix = name.dropFirst("POSTERN_RELAY_".count)
        return Setting(
            "POSTERN_RELAY_\(relay.uppercased())_\(suffix)", kind, default: nil, meaning, secret: isSecret)
    }

    /// What the user of a relay sets: the general setting of the default relay, and a named relay's own.
    package func own(of relay: String) -> Setting {
        relay == Self.defaultRelay ? self : of(relay: relay)
    }

    /// The place of the value in the hierarchy of sources.
    var place: ConfigKey { ConfigKey(name.lowercased().split(separator: "_").map(String.init)) }

    /// What is shown instead of a secret.
    package static let mask = "[masked]"
}
