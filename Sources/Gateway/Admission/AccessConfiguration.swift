/// Who may ask for what, as the settings have it.
public struct AccessConfiguration: Sendable {
    /// The keys that requests may carry; none is needed where there are none.
    public var keys: APIKeys
    /// The recipients that messages may go to; nil for any.
    var recipients: [AddressPattern]?
    /// Requests of one client address; nil for as many as it likes.
    var ratePerAddress: Rate?
    /// Whether it is meant that no key is needed.
    let mayBeAnonymous: Bool
    /// Whether a vendor's test key, under which nothing is sent, is taken like a key of ours.
    var takesTestKeys: Bool

    init(_ values: SettingValues) throws(ConfigurationError) {
        // One that was emptied, or is not filled yet, must not lift what it restricts. Keys say so themselves.
        for setting in [Setting.apiKeyRules, .allowedRecipients]
        where values.isGiven(setting) && values.value(of: setting) == nil {
            throw ConfigurationError(
                setting.name, "it is given and holds nothing; say what is allowed, or leave the setting out")
        }
        keys = try APIKeys(values)
        mayBeAnonymous = try values.boolean(.allowAnonymous)
        if let text = values.value(of: .allowedRecipients) {
            recipients = try KeyRules.patterns(text, in: .allowedRecipients, "among the recipients")
        }
        ratePerAddress = try Self.rate(.ratePerAddress, values)
        takesTestKeys = try values.boolean(.vendorTestKeys)
    }

    static func rate(_ setting: Setting, _ values: SettingValues) throws(ConfigurationError) -> Rate? {
        guard let text = values.value(of: setting) else { return nil }
        guard let rate = Rate(text) else {
            throw ConfigurationError(setting.name, "\(text.debugDescription) is no rate; \(Rate.expectation)")
        }
        return rate
    }
}

extension Setting {
    /// What restricts the gateway's use: given without a value it is a mistake, and no other setting is.
    static let restrictions = [apiKeys, apiKeyRules, allowedRecipients]

    static let ofAccess = [apiKeyRules, ratePerKey, ratePerAddress, allowedRecipients, vendorTestKeys]

    static let apiKeyRules = Setting(
        "POSTERN_API_KEY_RULES", .text,
        "what keys may do, one a line or separated by semicolons: `name: senders=*@a recipients=*@b,c@d rate=100/m`, or `name: metrics` for a key that may read /metrics only"
    )
    static let ratePerKey = Setting(
        "POSTERN_RATE_PER_KEY", .text, "messages of a key without a rate of its own, such as 100/s or 600/m: then 429")
    static let ratePerAddress = Setting(
        "POSTERN_RATE_PER_ADDRESS", .text, "requests of one client address, such as 100/s or 600/m: then 429")
    static let allowedRecipients = Setting(
        "POSTERN_ALLOWED_RECIPIENTS", .text,
        "the only recipients, as patterns such as *@example.org: for staging systems")
    static let vendorTestKeys = Setting(
        "POSTERN_VENDOR_TEST_KEYS", .flag, default: "false",
        "whether a vendor's public test key is accepted, under which messages are checked and not sent: Postmark's "
            + "POSTMARK_API_TEST")
}
