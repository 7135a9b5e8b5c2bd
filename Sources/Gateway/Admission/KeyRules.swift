internal import MailAddress
internal import Settings

/// What an API key may do; nil if it is not restricted.
struct KeyRules: Sendable {
    var senders: [AddressPattern]?
    var recipients: [AddressPattern]?
    var rate: Rate?
    /// Whether the key is for reading metrics, and for nothing else.
    var isForMetrics = false

    /// Reads the rules of all keys: `name: senders=*@example.org recipients=*@example.net,*@example.com rate=100/m`, one
    /// key a line, or separated by semicolons.
    ///
    /// - Throws: ``ConfigurationError`` that names the key.
    static func all(_ text: String, of names: Set<String>) throws(ConfigurationError) -> [String: KeyRules] {
        var all: [String: KeyRules] = [:]
        for line in text.split(whereSeparator: { $0 == ";" || $0.isNewline }) {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            guard first.hasSuffix(":"), first.count > 1 else {
                throw wrong("\(first.debugDescription) is no key's name with a colon; write name: senders=…")
            }
            let name = String(first.dropLast())
            guard names.contains(name) else {
                throw wrong(
                    "there is no key of the name \(name.debugDescription); give it one in POSTERN_API_KEYS as name:key")
            }
            guard all[name] == nil else { throw wrong("the key \(name.debugDescription) has two rules; write one") }
            all[name] = try rules(words.dropFirst(), of: name)
        }
        return all
    }

    private static func rules(_ words: ArraySlice<Substring>, of name: String) throws(ConfigurationError) -> KeyRules {
        var rules = KeyRules()
        guard !words.isEmpty else {
            throw wrong("the key \(name.debugDescription) has an empty rule; say what it may do, or leave the rule out")
        }
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? String(parts[1]) : ""
            switch parts[0] {
            case "senders" where rules.senders == nil:
                rules.senders = try patterns(value, in: .apiKeyRules, "of the key \(name)")
            case "recipients" where rules.recipients == nil:
                rules.recipients = try patterns(value, in: .apiKeyRules, "of the key \(name)")
            case "metrics" where parts.count == 1 && words.count == 1: rules.isForMetrics = true
            case "rate" where rules.rate == nil:
                guard let rate = Rate(value) else {
                    throw wrong("the rate \(value.debugDescription) of the key \(name) is none; \(Rate.expectation)")
                }
                rules.rate = rate
            default:
                throw wrong(
                    "\(word.debugDescription) of the key \(name) is not known or given twice; "
                        + "there are senders=, recipients= and rate=, or metrics alone")
            }
        }
        return rules
    }

    /// Patterns, separated by commas or lines.
    static func patterns(
        _ text: String, in setting: Setting, _ place: String
    ) throws(ConfigurationError) -> [AddressPattern] {
        var patterns: [AddressPattern] = []
        for word in text.split(whereSeparator: { $0 == "," || $0.isWhitespace }) {
            guard let pattern = AddressPattern(String(word)) else {
                throw ConfigurationError(
                    setting.name, "\(word.debugDescription) \(place) is no pattern; write *@example.org, a@b or *")
            }
            patterns.append(pattern)
        }
        guard !patterns.isEmpty else {
            throw ConfigurationError(setting.name, "there is no pattern \(place); write *@example.org, a@b or *")
        }
        return patterns
    }

    private static func wrong(_ problem: String) -> ConfigurationError {
        ConfigurationError(Setting.apiKeyRules.name, problem)
    }
}
