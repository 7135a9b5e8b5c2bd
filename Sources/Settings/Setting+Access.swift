/// Who may ask for what.
extension Setting {
    /// What restricts the gateway's use: given without a value it is a mistake, and no other setting is.
    package static let restrictions = [apiKeys, apiKeyRules, allowedRecipients]

    package static let ofAccess = [apiKeyRules, ratePerKey, ratePerAddress, allowedRecipients, vendorTestKeys]

    package static let apiKeyRules = Setting(
        "POSTERN_API_KEY_RULES", .text,
        "what keys may do, one a line or separated by semicolons: `name: senders=*@a recipients=*@b,c@d rate=100/m`, or `name: metrics` for a key that may read /metrics only"
    )
    package static let ratePerKey = Setting(
        "POSTERN_RATE_PER_KEY", .text, "messages of a key without a rate of its own, such as 100/s or 600/m: then 429")
    package static let ratePerAddress = Setting(
        "POSTERN_RATE_PER_ADDRESS", .text, "requests of one client address, such as 100/s or 600/m: then 429")
    package static let allowedRecipients = Setting(
        "POSTERN_ALLOWED_RECIPIENTS", .text,
        "the only recipients, as patterns such as *@example.org: for staging systems")
    package static let vendorTestKeys = Setting(
        "POSTERN_VENDOR_TEST_KEYS", .flag, default: "false",
        "whether a vendor's public test key is accepted, under which messages are checked and not sent: Postmark's "
            + "POSTMARK_API_TEST")
}
