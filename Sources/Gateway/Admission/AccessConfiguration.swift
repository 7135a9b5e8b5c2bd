internal import Settings

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
