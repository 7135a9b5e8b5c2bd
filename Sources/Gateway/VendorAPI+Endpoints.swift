extension VendorAPI {
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
}
