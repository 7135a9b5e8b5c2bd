import RelayAccess
import Testing

@Suite struct TokenAdviceTests {
    @Test(arguments: [
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled",
            "Set-CASMailbox"
        ),
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.",
            "Set-CASMailbox"
        ),
        (
            "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy.",
            "access token"
        ),
        ("535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "access tokens"),
        (
            "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully.",
            "policy"
        ),
        ("535 5.7.3 Authentication unsuccessful [FR0P281CA0001.DEUP281.PROD.OUTLOOK.COM]", "SMTP.SendAsApp"),
        (
            "535-5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail/?p=BadCredentials",
            "https://mail.google.com/"
        ),
        ("534-5.7.9 Application-specific password required.", "app password"),
        ("530 5.7.57 Client not authenticated to send mail.", "AUTH"),
        ("554 5.2.252 SendAsDenied; ann@example.org not allowed to send as bob@example.org", "SendAs"),
        ("550 5.7.60 SMTP; Client does not have permissions to send as this sender", "SendAs"),
    ]) func theRepliesOfMicrosoftAndGoogleHaveAWayOut(reply: String, advice: String) throws {
        let told = try #require(TokenAdvice.reply(reply))
        #expect(told.contains(advice))
        #expect(told.hasSuffix("."))
    }

    @Test(arguments: [
        "535 5.7.8 Error: authentication failed", "250 2.0.0 Ok", "",
        "550 5.7.606 Access denied, banned sending IP", "550 5.7.30 Other", "550 5.7.5700",
    ])
    func otherRepliesHaveNone(reply: String) {
        #expect(TokenAdvice.reply(reply) == nil)
    }
}
