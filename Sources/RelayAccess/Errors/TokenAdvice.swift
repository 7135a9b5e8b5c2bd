/// Advice for the errors of Microsoft and Google that are common while a relay is set up.
public enum TokenAdvice {
    /// Returns what to do about a relay's negative reply to AUTH, MAIL or the content.
    ///
    /// ```swift
    /// TokenAdvice.reply("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.")
    /// ```
    ///
    /// - Parameter reply: the reply with its code, its enhanced code and its text.
    /// - Returns: one sentence, or nil if the reply is not one of those that are known.
    public static func reply(_ reply: String) -> String? {
        replies.first { reply.holds($0.part) }?.advice
    }

    /// Returns what to do about an error of a token endpoint.
    ///
    /// - Parameters:
    ///   - error: the endpoint's `error`.
    ///   - description: its `error_description`.
    /// - Returns: one sentence, or nil if the error is not one of those that are known.
    static func endpoint(error: String, description: String) -> String? {
        if let number = microsoftNumber(description), let advice = microsoft[number] { return advice }
        return descriptions.first { $0.error == error && description.holds($0.part) }?.advice
            ?? errors[error]
    }

    /// The number of an error of Microsoft: its description begins with AADSTS and the number.
    private static func microsoftNumber(_ description: String) -> Int? {
        guard let mark = description.firstRange(of: "AADSTS") else { return nil }
        return Int(description[mark.upperBound...].prefix { $0.isASCII && $0.isNumber })
    }

    private static let microsoft: [Int: String] = [
        50034: "The user does not exist in this tenant: check the mailbox's name and the tenant.",
        50076: "The user must sign in once more with multi-factor authentication: get a new refresh token.",
        50173: "The refresh token was revoked, maybe by a new password: sign in again and configure the new one.",
        53003: "A Conditional Access policy blocks the sign-in: exclude the application or this server's address.",
        65001: "Have an administrator grant consent under the application's \"API permissions\".",
        70000: "The refresh token is not valid for this application: sign in again and configure the new one.",
        70011: "The scope is not valid: leave it to the provider's default.",
        90002: "The tenant does not exist: check its ID or domain.",
        900023: "The tenant is not valid: give its directory (tenant) ID or one of its domains.",
        700016: "The tenant does not know this application: check the client ID and the tenant.",
        700024: "The assertion's times are not valid for Microsoft: set this server's clock.",
        700027: "Upload this certificate to the app registration, under \"Certificates & secrets\".",
        700082: "The refresh token was not used for too long: sign in again and configure the new one.",
        1002012: "The scope must end in /.default for client credentials: leave it to the provider's default.",
        7000112: "The application is disabled: enable it under \"Enterprise applications\".",
        7000215: "Use the client secret's value, not its ID: create a new secret if you no longer have the value.",
        7000218: "The application is not a public client: configure its client secret or certificate.",
        7000222: "Create a new client secret in the app registration, and configure it.",
    ]

    /// By what the description holds, the narrower ones first.
    private static let descriptions: [(error: String, part: String, advice: String)] = [
        (
            "unauthorized_client", "unauthorized to retrieve access tokens",
            "Add the service account's client ID with the scope https://mail.google.com/ under \"Domain-wide delegation\" in the Google Admin console."
        ),
        (
            "invalid_grant", "Invalid email or User ID",
            "The mailbox does not exist in the domain: the user must be the main address of an account in Google Workspace."
        ),
        (
            "invalid_grant", "Invalid JWT Signature",
            "The key of the service account was deleted or disabled: create a new JSON key file."
        ),
        (
            "invalid_grant", "account not found",
            "The service account does not exist: create a new one, or restore it."
        ),
        (
            "invalid_grant", "short-lived token",
            "The assertion's times are not valid for Google: set this server's clock."
        ),
        (
            "invalid_grant", "expired or revoked",
            "Sign in again and configure the new refresh token: with the publishing status \"Testing\", Google's expire after seven days."
        ),
    ]

    private static let errors: [String: String] = [
        "invalid_client": "Check the client ID, and that its secret or certificate belongs to it.",
        "unauthorized_client": "Allow this client this grant at the provider.",
        "invalid_grant": "The refresh token or the assertion is not valid any more: sign in again or renew the key.",
        "invalid_scope": "Check the scope: the client must be allowed it.",
        "unsupported_grant_type": "The endpoint does not know this grant: check the token URL.",
        "access_denied": "Allow this client access at the provider.",
    ]

    /// By what the reply holds, the narrower ones first.
    private static let replies: [(part: String, advice: String)] = [
        (
            "SmtpClientAuthentication is disabled for the Tenant",
            "Turn on SMTP AUTH for the mailbox: Set-CASMailbox -Identity MAILBOX -SmtpClientAuthenticationDisabled $false."
        ),
        (
            "SmtpClientAuthentication is disabled for the Mailbox",
            "Turn on SMTP AUTH for the mailbox: Set-CASMailbox -Identity MAILBOX -SmtpClientAuthenticationDisabled $false."
        ),
        (
            "Concurrent connections limit exceeded",
            "Lower POSTERN_RELAY_CONNECTIONS, or divide the mailbox's connections among the programs that use it."
        ),
        (
            "security defaults",
            "Security defaults block SMTP AUTH with a password: use an access token."
        ),
        (
            "basic authentication is disabled",
            "Microsoft takes no password here any more: configure access tokens."
        ),
        (
            "5.7.139",
            "Check that SMTP AUTH is on for the mailbox, and that no authentication or Conditional Access policy blocks it."
        ),
        (
            "5.7.57",
            "The relay wants AUTH first: configure the mailbox as the user, and a password or access tokens."
        ),
        (
            "5.2.252",
            "Give the user the right to send as this sender (Add-RecipientPermission with SendAs), or send from the mailbox's own address."
        ),
        (
            "5.7.60",
            "Give the user the right to send as this sender (Add-RecipientPermission with SendAs), or send from the mailbox's own address."
        ),
        (
            "5.7.3",
            "Check that the user is the mailbox, that the application has SMTP.SendAsApp with consent, and that its service principal in Exchange Online has FullAccess to the mailbox."
        ),
        (
            "Application-specific password required",
            "Google takes no account password here: use access tokens, or an app password."
        ),
        (
            "Username and Password not accepted",
            "Check that the user is the mailbox for which the token was given, and that its scope is https://mail.google.com/; with a password, use an app password."
        ),
    ]
}

extension String {
    /// Whether a part is in the text, in any case. A code is not part of a longer one: 5.7.606 is not 5.7.60.
    fileprivate func holds(_ part: String) -> Bool {
        let text = lowercased()
        return text.ranges(of: part.lowercased()).contains { range in
            range.upperBound == text.endIndex || !part.hasDigitAtEnd || !text[range.upperBound].isNumber
        }
    }

    private var hasDigitAtEnd: Bool { last?.isNumber == true }
}
