"""What `postern check` says about each step of the set-up at Microsoft and Google, if that step is missing.

Each case runs the real command with the settings of the documents, under the providers' own names: in the network of
scripts/check-tokens, these names are addresses of loopback.
"""

import json
import re
import subprocess
import textwrap
from dataclasses import dataclass, field

import endpoint
import relay

CLIENT = "11111111-2222-3333-4444-555555555555"
SECRET, OLD_SECRET, SECRET_ID = "q7W8~the-value-of-the-secret-0123456789", "q7W8~an-expired-secret-0123456789", \
    "99999999-8888-7777-6666-555555555555"
ACCOUNT = "postern@project.iam.gserviceaccount.com"
GOOGLE_CLIENT = "123456789012-abcdef.apps.googleusercontent.com"
BEGIN = "<!-- scripts/check-tokens writes what follows -->"
END = "<!-- up to here -->"

BAD_TOKEN = "334 eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==\n"
GOOGLE_REFUSAL = ("535-5.7.8 Username and Password not accepted. For more information, go to\n"
                  "535 5.7.8  https://support.google.com/mail/?p=BadCredentials 0000aaaa-11bb - gsmtp")


@dataclass
class Case:
    """A step that is missing, and what to do."""

    title: str
    remedy: str
    # What the output must hold: the step that failed, and its reason.
    step: str | None
    holds: str = ""
    # Settings beside the usual ones; None takes one away.
    settings: dict = field(default_factory=dict)
    # Changes the directory of the endpoint.
    arrange: object = None
    reply: str = relay.ACCEPTED
    greeting: str = "220 relay ESMTP"
    without: tuple = ()
    is_endpoint_down: bool = False


def microsoft(files):
    """The cases of docs/relays/microsoft-365.md; files has the paths of secrets and certificates."""
    refresh = {"REFRESH_TOKEN_FILE": files["refresh"], "CLIENT_SECRET_FILE": files["secret"]}
    certificate = {"CLIENT_SECRET_FILE": None, "CERTIFICATE_FILE": files["certificate"], "KEY_FILE": files["key"]}

    def refresh_is(state):
        return lambda directory: directory.refresh.update({files["refresh"].read_text(): state})

    return [
        Case("Everything is set up, with a secret.", "", None, "by XOAUTH2"),
        Case("Everything is set up, with a certificate.", "", None, "by XOAUTH2", certificate),
        Case("The tenant is wrong.", "Set `POSTERN_RELAY_OAUTH_TENANT` to the directory (tenant) ID.", "token", "AADSTS90002",
             {"TENANT": "exmaple.com"}),
        Case("The client ID is wrong, or belongs to another tenant.", "Copy the application (client) ID from the overview of the "
             "app registration.", "token", "AADSTS700016", {"CLIENT_ID": "11111111-2222-3333-4444-555555555556"}),
        Case("The secret's ID was configured instead of its value.", "Create a new secret: Microsoft shows the value only once.",
             "token", "AADSTS7000215", {"CLIENT_SECRET_FILE": files["secret-id"]}),
        Case("The secret has expired.", "Create a new secret, or use a certificate.", "token", "AADSTS7000222",
             {"CLIENT_SECRET_FILE": files["old-secret"]}),
        Case("The certificate was not uploaded.", "Upload the certificate in the file, without its key.", "token",
             "AADSTS700027", certificate | {"CERTIFICATE_FILE": files["other-certificate"], "KEY_FILE": files["other-key"]}),
        Case("A secret is missing beside the refresh token.", "Set `POSTERN_RELAY_OAUTH_CLIENT_SECRET_FILE`, or allow public "
             "client flows for the application.", "token", "AADSTS7000218", refresh | {"CLIENT_SECRET_FILE": None},
             refresh_is("valid")),
        Case("No consent, with a user's refresh token.", "An administrator grants it, or the user signs in again. With client "
             "credentials Microsoft gives a token anyway, and the line `auth` fails with `535 5.7.3`.", "token",
             "AADSTS65001", refresh,
             lambda directory: (refresh_is("valid")(directory), setattr(directory.clients[CLIENT], "has_consent", False))),
        Case("The refresh token was not used for 90 days.", "Sign in again.", "token", "AADSTS700082", refresh,
             refresh_is("inactive")),
        Case("The refresh token was revoked, for example by a new password.", "Sign in again.", "token", "AADSTS50173", refresh,
             refresh_is("revoked")),
        Case("The refresh token belongs to another application, or was replaced by a newer one.", "Sign in again. Each gateway "
             "needs a file of its own.", "token", "AADSTS70000", refresh, refresh_is("rotated")),
        Case("The token endpoint cannot be reached.", "Allow the connection to login.microsoftonline.com on port 443.", "token",
             "could not be reached", is_endpoint_down=True),
        Case("The token endpoint throttles.", "Wait. Look for other programs that use the same application.", "token",
             "temporarily_unavailable", arrange=lambda directory: setattr(directory, "fault", endpoint.throttled(429, 5))),
        Case("STARTTLS is missing.", "A device on the path removes it: connect without it, or allow port 587 there.", "tls",
             "STARTTLS", without=("STARTTLS",)),
        Case("The permission, the consent or the mailbox's permission is missing.", "Repeat steps 1 and 3.", "auth", "5.7.3",
             reply="535 5.7.3 Authentication unsuccessful [FR0P281CA0001.DEUP281.PROD.OUTLOOK.COM]"),
        Case("SMTP AUTH is off for the tenant.", "Turn it on for the mailbox, whose setting overrides the tenant's.", "auth",
             "SmtpClientAuthentication is disabled for the Tenant",
             reply="535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit "
                   "https://aka.ms/smtp_auth_disabled for more information."),
        Case("SMTP AUTH is off for the mailbox.", "Turn it on. The change may need an hour.", "auth",
             "SmtpClientAuthentication is disabled for the Mailbox",
             reply="535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit "
                   "https://aka.ms/smtp_auth_disabled for more information."),
        Case("A policy blocks the mailbox.", "Look at the sign-in log of the mailbox in Microsoft Entra ID.", "auth",
             "5.7.139", reply="535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be "
                              "authenticated successfully. Contact your administrator."),
        Case("A password is configured.", "Remove it from the URL, and configure access tokens.", "auth",
             "basic authentication is disabled",
             {name: None for name in ("PROVIDER", "TENANT", "CLIENT_ID", "CLIENT_SECRET_FILE")}
             | {"URL": "smtp://app%40example.com:secret%2Chorse@smtp.office365.com"},
             reply="535 5.7.139 Authentication unsuccessful, basic authentication is disabled."),
        Case("Another program uses all connections of the mailbox.", "Lower `POSTERN_RELAY_CONNECTIONS` here or there.", "auth",
             "4.3.2", reply="432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for "
                            "more information."),
    ]


def google(files):
    """The cases of docs/relays/gmail.md."""
    refresh = {"SERVICE_ACCOUNT_FILE": None, "PROVIDER": "google", "CLIENT_ID": GOOGLE_CLIENT,
               "CLIENT_SECRET_FILE": files["secret"], "REFRESH_TOKEN_FILE": files["refresh"]}

    def refresh_is(state):
        return lambda directory: directory.refresh.update({files["refresh"].read_text(): state})

    def change(name, value):
        return lambda directory: setattr(directory.accounts[ACCOUNT], name, value)

    return [
        Case("Everything is set up, with a service account.", "", None, "by OAUTHBEARER"),
        Case("Everything is set up, with a user's refresh token.", "", None, "by OAUTHBEARER", refresh, refresh_is("valid")),
        Case("Domain-wide delegation is missing, or has another scope.", "Repeat step 2. A change can take a day.", "token",
             "unauthorized_client", arrange=change("delegated", ("https://www.googleapis.com/auth/gmail.send",))),
        Case("The user of the URL is no mailbox of the domain.", "Write the account's main address, not an alias or a group.",
             "token", "Invalid email or User ID", {"URL": "smtp://shop%40example.com@smtp.gmail.com"}),
        Case("The key was deleted or disabled.", "Create a new key, and replace the file.", "token", "Invalid JWT Signature",
             arrange=change("certificate", None)),
        Case("The service account was deleted.", "Restore it, or create another one and repeat step 2.", "token",
             "account not found", arrange=lambda directory: directory.accounts.clear()),
        Case("The refresh token has expired or was revoked.", "Sign in again.", "token", "expired or revoked", refresh,
             refresh_is("revoked")),
        Case("The OAuth client does not exist.", "Copy the client ID from the Google Cloud console.", "token",
             "The OAuth client was not found", refresh | {"CLIENT_ID": "123456789012-deleted.apps.googleusercontent.com"},
             refresh_is("valid")),
        Case("The client's secret is wrong.", "Copy it from the Google Cloud console.", "token", "client secret is invalid",
             refresh | {"CLIENT_SECRET_FILE": files["old-secret"]}, refresh_is("valid")),
        Case("The token endpoint cannot be reached.", "Allow the connection to oauth2.googleapis.com on port 443.", "token",
             "could not be reached", is_endpoint_down=True),
        Case("The token endpoint throttles.", "Wait.", "token", "temporarily_unavailable",
             arrange=lambda directory: setattr(directory, "fault", endpoint.throttled(503, 5))),
        Case("STARTTLS is missing.", "A device on the path removes it: connect without it, or allow port 587 there.", "tls",
             "STARTTLS", without=("STARTTLS",)),
        Case("Gmail refuses the token.", "The mailbox has no Gmail, or the token is for another one.", "auth", "5.7.8",
             reply=BAD_TOKEN + GOOGLE_REFUSAL),
        Case("The app password is wrong.", "Write it without spaces. A new password of the account revokes it.", "auth",
             "5.7.8", {"SERVICE_ACCOUNT_FILE": None, "URL": "smtp://ann%40gmail.com:abcdefghijklmnop@smtp.gmail.com"},
             reply=GOOGLE_REFUSAL),
        Case("The account's own password is configured.", "Create an app password, or use access tokens.", "auth", "5.7.9",
             {"SERVICE_ACCOUNT_FILE": None, "URL": "smtp://ann%40gmail.com:secret%2Chorse@smtp.gmail.com"},
             reply="534-5.7.9 Application-specific password required. For more information, go to\n"
                   "534 5.7.9  https://support.google.com/mail/?p=InvalidSecondFactor 0000aaaa-11bb - gsmtp"),
    ]


class Setup:
    """Runs the cases of a provider."""

    def __init__(self, program, folder, authority, server, directory, smtp):
        self.program, self.folder, self.authority = program, folder, authority
        # Starts the token endpoint; `smtp` is the scripted relay of the provider.
        self.server, self.directory, self.smtp = server, directory, smtp
        self.faults = []
        # The outputs of cases in which nothing is missing.
        self.sound = []

    def environment(self, provider, case):
        settings = {"CA_FILE": self.authority}
        if provider == "microsoft":
            settings |= {"PROVIDER": "microsoft", "TENANT": "example.com", "CLIENT_ID": CLIENT,
                         "CLIENT_SECRET_FILE": self.folder / "secret"}
            url = "smtp://app%40example.com@smtp.office365.com"
        else:
            settings |= {"SERVICE_ACCOUNT_FILE": self.folder / "service-account.json"}
            url = "smtp://app%40example.com@smtp.gmail.com"
        settings |= case.settings
        url = settings.pop("URL", url)
        if not any(settings.get(name) for name in ("PROVIDER", "SERVICE_ACCOUNT_FILE")):
            settings = {}
        return {"POSTERN_RELAY_URL": url, "POSTERN_RELAY_CA_FILE": str(self.authority), "PATH": "/usr/bin:/bin"} | {
            f"POSTERN_RELAY_OAUTH_{name}": str(value) for name, value in settings.items() if value is not None}

    def run(self, provider, cases):
        """Returns the section of the provider's page."""
        intro = ("Here, one step of the set-up is missing at a time, and `postern check` was run with the settings above. Shown is the "
                 "line that failed. If there is no token, the line `auth` repeats why.")
        if provider == "microsoft":
            intro += " Microsoft's answers end in numbers of their own, by which its support finds a request."
        parts = [*textwrap.wrap(intro, 140), ""]
        for case in cases:
            output, code = self.check(provider, case)
            failed = [line for line in output.splitlines() if line.split()[1:2] == ["FAILED"]]
            name = f"{provider}: {case.title}"
            if case.step is None:
                if failed or code != 0 or case.holds not in output:
                    self.faults.append(f"{name} check ended with {code}:\n{output}")
                # The page shows it under "If it works".
                self.sound.append(steady(output).strip())
            else:
                steps = [line.split()[0] for line in failed]
                # Without a token, AUTH fails for the same reason.
                wanted = [["token"], ["token", "auth"]] if case.step == "token" else [[case.step]]
                if code == 0 or steps not in wanted or case.holds not in failed[0]:
                    self.faults.append(f"{name} expected is a failure of {case.step} with {case.holds!r}; check ended with "
                                       f"{code}:\n{output}")
            for secret in self.directory.secrets | {SECRET, OLD_SECRET, "abcdefghijklmnop", "secret,horse"}:
                if secret and secret in output:
                    self.faults.append(f"{name} a secret is shown:\n{output}")
            if case.step is None:
                continue
            text = textwrap.wrap(f"**{case.title}** {case.remedy}", 140, break_on_hyphens=False, break_long_words=False)
            parts += [*text, "", "```text", *failed[:1], "```", ""]
        return "\n".join(parts).rstrip("\n") + "\n"

    def check(self, provider, case):
        fresh(self.directory, self.folder)
        if case.arrange:
            case.arrange(self.directory)
        offers = relay.MICROSOFT if provider == "microsoft" else relay.GOOGLE
        self.smtp.script([offer for offer in offers if offer not in case.without], case.reply, case.greeting)
        running = None if case.is_endpoint_down else self.server()
        try:
            result = subprocess.run([self.program, "check"], env=self.environment(provider, case), capture_output=True,
                                    text=True, timeout=30)
        finally:
            if running:
                running.stop()
        return result.stdout, result.returncode


def fresh(directory, folder):
    """Registers the application and the service account as they should be."""
    certificate = folder / "application.pem"
    directory.clients = {
        CLIENT: endpoint.Client(SECRET, (OLD_SECRET,), certificate),
        GOOGLE_CLIENT: endpoint.Client(SECRET),
    }
    directory.accounts = {ACCOUNT: endpoint.Account(folder / "account.pem")}
    directory.refresh, directory.fault, directory.lifetime = {}, None, 3600


def files(folder, make_client):
    """Writes the files that the settings name."""
    for name, content in [("secret", SECRET), ("old-secret", OLD_SECRET), ("secret-id", SECRET_ID),
                          ("refresh", "refresh-0123456789-of-the-user")]:
        (folder / name).write_text(content)
    certificate, key = make_client(folder, "application")
    other, other_key = make_client(folder, "other")
    _, account_key = make_client(folder, "account")
    (folder / "service-account.json").write_text(json.dumps({
        "type": "service_account", "client_email": ACCOUNT, "private_key_id": "0123456789abcdef",
        "private_key": account_key.read_text(), "token_uri": f"https://{endpoint.GOOGLE}/token"}))
    return {"secret": folder / "secret", "old-secret": folder / "old-secret", "secret-id": folder / "secret-id",
            "refresh": folder / "refresh", "certificate": certificate, "key": key, "other-certificate": other,
            "other-key": other_key}


def steady(text):
    """A text without the time that a session took, which differs from run to run."""
    return re.sub(r"set up in \d+ ms", "set up in … ms", text)


def page_with(text, section):
    """The page with its section replaced."""
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    return text[:begin] + "\n\n" + section + "\n" + text[end:]
