/// A vendor whose API the gateway serves.
enum VendorAPI: String, CaseIterable, Sendable {
    case resend
    case postmark
    case sendgrid
    case mailgun

    /// The endpoints of the API.
    var endpoints: [Endpoint] {
        switch self {
        case .resend:
            [.messages("/emails", in: ResendDialect()), .messages("/emails/batch", in: ResendBatchDialect())]
        case .postmark:
            [
                .messages("/email", in: PostmarkDialect()),
                // Java's client writes it like this.
                .messages("/email/", in: PostmarkDialect()),
                .messages("/email/batch", in: PostmarkBatchDialect()),
            ]
        case .sendgrid: [.messages("/v3/mail/send", in: SendGridDialect())]
        case .mailgun:
            [
                .messages("/v3/{domain}/messages", in: MailgunDialect()),
                .messages("/v3/{domain}/messages.mime", in: MailgunMIMEDialect()),
            ]
        }
    }

    /// How the API begins its paths, and the dialect in which it says that there is nothing at one of them.
    var family: (prefix: String, dialect: any Dialect) {
        switch self {
        case .resend: ("/emails/", ResendDialect())
        case .postmark: ("/email/", PostmarkDialect())
        case .sendgrid: ("/v3/mail/", SendGridDialect())
        case .mailgun: ("/v3/", MailgunDialect())
        }
    }

    /// Reads the setting.
    ///
    /// - Throws: a ``ConfigurationError`` if it names something else.
    static func list(_ values: SettingValues) throws(ConfigurationError) -> [VendorAPI] {
        let names = values.list(.vendorAPIs)
        if names == ["none"] { return [] }
        var vendors: Set<VendorAPI> = []
        for name in names {
            guard let vendor = VendorAPI(rawValue: name.lowercased()) else {
                throw ConfigurationError(
                    Setting.vendorAPIs.name,
                    "\(name.prefix(40).debugDescription) is none of \(allCases.map(\.rawValue).joined(separator: ", ")); "
                        + "write those, or none")
            }
            vendors.insert(vendor)
        }
        if vendors.isEmpty {
            throw ConfigurationError(Setting.vendorAPIs.name, "it is given and names no vendor; write none for none")
        }
        return allCases.filter(vendors.contains)
    }
}
