/// The table of settings as text, for people.
public enum SettingList {
    /// Every setting with its current value, default, meaning and source.
    ///
    /// - Parameter shown: a value as it may be shown.
    public static func text(_ values: SettingValues, shown: (Setting, String) -> String) -> String {
        let ofRelays = values.relays.flatMap { relay in Setting.ofRelays.map { $0.of(relay: relay) } }
        return (Setting.all + ofRelays).map { setting in
            let value = values.value(of: setting).map { shown(setting, $0) } ?? ""
            let source = values.source(of: setting).rawValue
            return """
                \(setting.name)=\(value)
                    \(setting.meaning)
                    default: \(setting.defaultValue ?? "none"); from: \(source)
                """
        }
        .joined(separator: "\n")
    }

    /// A line for each setting: name, default and meaning.
    public static var help: String {
        Setting.all.map { setting in
            "\(setting.name)\(setting.defaultValue.map { " (\($0))" } ?? ""): \(setting.meaning)"
        }
        .joined(separator: "\n")
    }

    /// The table of docs/configuration.md.
    public static var markdown: String {
        let rows = Setting.all.map { setting in
            let name = [setting.name, setting.fileName].compactMap { $0.map { "`\($0)`" } }.joined(separator: ", ")
            let defaultValue = setting.defaultValue.map { "`\($0)`" } ?? "none"
            let meaning = setting.meaning.replacing("|", with: "\\|")
            return "| \(name) | `\(setting.key)` | \(setting.kind.unit) | \(defaultValue) | \(meaning) |"
        }
        return """
            | variable | key | value | default | meaning |
            |---|---|---|---|---|
            \(rows.joined(separator: "\n"))
            """
    }
}
