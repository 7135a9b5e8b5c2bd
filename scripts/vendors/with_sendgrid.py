"""Checks the API of SendGrid with sendgrid-python, and with what sendgrid-nodejs sends."""

import base64
import json

from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import (
    Attachment, Bcc, Category, Cc, ClickTracking, Content, ContentId, CustomArg, Disposition, FileContent, FileName,
    FileType, From, Header, HtmlContent, Mail, MailSettings, OpenTracking, Personalization, PlainTextContent, ReplyTo,
    SandBoxMode, To, TrackingSettings)

from .support import (
    ANN, BOB, CAROL, DAN, EVE, FULL, HTML, LETTER, LOGO, NOTE, REPLY, REPORT, SUBJECT, TEXT, Cases, Failure, Result,
    idempotency_key, relay_failures)

NAME = "SendGrid"
CASES = case = Cases()
FAILURES = {
    "for good": Failure((400,), ("BadRequestsError",)),
    "later": Failure((429, 503), ("TooManyRequestsError", "ServiceUnavailableError")),
    "unknown": Failure((400,), ("BadRequestsError",)),
}
SMALL = {
    "personalizations": [{"to": [{"email": "bob@example.net"}]}], "from": {"email": "ann@example.org"}, "subject": "Hi",
    "content": [{"type": "text/plain", "value": "How are you?"}]}
client = None


def connect(gateway, key=None):
    global client
    client = SendGridAPIClient(key or gateway.key, host=gateway.url)


def send(mail=None, **more):
    """Sends a Mail, or the small message with some members more."""
    try:
        response = client.send(mail if mail is not None else {**SMALL, **more})
    except HTTPError as error:
        try:
            errors = error.to_dict["errors"]
            message = "; ".join(f"{each['field']}: {each['message']} {each['help']}" for each in errors)
        except (ValueError, KeyError, TypeError):
            message = f"not in SendGrid's form: {error.body!r}"
        return Result(error.status_code, error.headers, error.body, raised=type(error).__name__, message=message)
    return Result(response.status_code, response.headers, response.body, id=response.headers.get("X-Message-Id"))


def encoded(file):
    return base64.b64encode(file[2]).decode()


def attached(file, *more):
    return Attachment(FileContent(encoded(file)), FileName(file[0]), FileType(file[1]), *more)


def without(*names):
    return {name: value for name, value in SMALL.items() if name not in names}


@case
def a_message_with_everything(report, gateway):
    def pair(mailbox):
        return mailbox[1], mailbox[0] or None

    mail = Mail(pair(ANN), [To(*pair(BOB)), To(*pair(CAROL))], SUBJECT, PlainTextContent(TEXT), HtmlContent(HTML))
    mail.add_cc(Cc(*pair(DAN)))
    mail.add_bcc(Bcc(*pair(EVE)))
    mail.reply_to = ReplyTo(*pair(REPLY))
    mail.add_header(Header("X-Campaign", "7"))
    mail.add_header(Header("X-Note", NOTE))
    mail.add_attachment(attached(LETTER, Disposition("attachment")))
    mail.add_attachment(attached(REPORT))
    mail.add_attachment(attached(LOGO, Disposition("inline"), ContentId("logo.png")))
    sent = send(mail)
    report.sent(sent)
    report.same("status and body", (202, b""), (sent.status, sent.body))
    report.one(gateway, {**FULL, "Message-ID": f"<{sent.id}@example.org>"})
    report.same("ignored", "", sent.ignored)


@case
def what_sendgrid_nodejs_sends(report, gateway):
    def pair(mailbox):
        return {"email": mailbox[1], **({"name": mailbox[0]} if mailbox[0] else {})}

    body = {
        "from": pair(ANN), "subject": SUBJECT, "reply_to_list": [pair(REPLY)],
        "personalizations": [
            {"to": [pair(BOB), pair(CAROL)], "cc": [pair(DAN)], "bcc": [pair(EVE)], "headers": {"X-Note": NOTE}}],
        "content": [{"value": TEXT, "type": "text/plain"}, {"value": HTML, "type": "text/html"}],
        "headers": {"X-Campaign": "7", "X-Note": "of all messages"},
        "attachments": [
            {"content": encoded(LETTER), "filename": LETTER[0], "type": 'text/plain; charset="utf-8"'},
            {"content": encoded(REPORT), "filename": REPORT[0]},
            {"content": encoded(LOGO), "filename": LOGO[0], "type": LOGO[1], "disposition": "inline",
             "content_id": "logo.png"}]}
    response = gateway.request("POST", "/v3/mail/send", json.dumps(body, ensure_ascii=False).encode(), {
        "accept": "application/json", "content-type": "application/json", "user-agent": "sendgrid/8.1.6;nodejs",
        "authorization": f"Bearer {gateway.key}"})
    report.same("status", 202, response.status)
    report.one(gateway, {**FULL, "Message-ID": f"<{response.headers.get('x-message-id')}@example.org>"})


@case
def personalizations(report, gateway):
    mail = Mail("ann@example.org", None, "of all", "How are you?")
    mail.add_header(Header("X-All", "all"))
    for name in "bob", "carol", "dan":
        own = Personalization()
        own.add_to(To(f"{name}@example.net", name))
        own.add_bcc(Bcc(f"{name}-bcc@example.net"))
        if name != "dan":
            own.subject = f"for {name}"
            own.add_header(Header("X-Own", name))
        if name == "carol":
            own.set_from(From("carols@example.org", "Cärol's"))
        mail.add_personalization(own)
    before = gateway.requests()
    sent = send(mail)
    report.sent(sent)
    report.same("status", 202, sent.status)
    report.same("requests", 1, gateway.counted(before, 1))
    caught = {each["To"][0][0]: each for each in gateway.caught()}
    report.same("To", ["bob", "carol", "dan"], sorted(caught))
    for name, message in caught.items():
        report.message(message, {
            "envelope to": [f"{name}-bcc@example.net", f"{name}@example.net"], "Bcc": None, "X-All": "all",
            "To": [(name, f"{name}@example.net")], "text": "How are you?",
            "Subject": "of all" if name == "dan" else f"for {name}", "X-Own": None if name == "dan" else name,
            "From": [("Cärol's", "carols@example.org")] if name == "carol" else [("", "ann@example.org")]})
    report.same("different Message-IDs", 3, len({each["Message-ID"] for each in caught.values()}))


@case
def a_refused_personalization(report, gateway):
    before = gateway.requests()
    sent = send(personalizations=[{"to": [{"email": f"{name}@example.net"}]} for name in ("bob", "reject", "dan")])
    # Either way the response has to say that not all of them were sent, and that some were.
    report.within("status", (202, 400), sent.status)
    report.same("X-Postern-Outcome", "partially_accepted", sent.headers.get("x-postern-outcome"))
    recipients = sorted(each["envelope to"] for each in gateway.caught())
    report.same("recipients", [["bob@example.net"], ["dan@example.net"]], recipients)
    report.same("requests", 1, gateway.counted(before, 1))


@case
def a_recipient_that_is_refused(report, gateway):
    sent = send(personalizations=[{"to": [{"email": "bob@example.net"}, {"email": "reject@example.net"}]}])
    report.same("exception", None, sent.raised)
    report.same("X-Postern-Outcome", "partially_accepted", sent.headers.get("x-postern-outcome"))
    report.one(gateway, {"envelope to": ["bob@example.net"]})


@case
def the_sandbox_mode(report, gateway):
    mail = Mail("ann@example.org", "bob@example.net", "Hi", "How are you?")
    mail.mail_settings = MailSettings()
    mail.mail_settings.sandbox_mode = SandBoxMode(True)
    sent = send(mail)
    report.same("status", 200, sent.status)
    report.same("messages at the relay", 0, len(gateway.caught()))
    refused = send(mail_settings={"sandbox_mode": {"enable": True}}, **{"from": {"email": "nonsense"}})
    report.refused(gateway, refused, (400,), ["from"])
    report.same("status", 202, send(mail_settings={"sandbox_mode": {"enable": False}}).status)
    report.one(gateway, {"text": "How are you?"})


@case
def other_kinds_of_content(report, gateway):
    mail = Mail("ann@example.org", "bob@example.net", "Hi")
    mail.add_content(Content("text/plain", "How are you?"))
    mail.add_content(Content("text/html", "<p>How are you?</p>"))
    mail.add_content(Content("text/calendar", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"))
    report.sent(send(mail))
    report.one(gateway, {"types": ["text/calendar", "text/html", "text/plain"]})


@case
def fields_that_say_nothing(report, gateway):
    sent = send(
        attachments=[], headers={}, categories=[], custom_args={}, send_at=None, template_id="", reply_to=None,
        personalizations=[
            {"to": [{"email": "bob@example.net", "name": ""}], "cc": [], "substitutions": {}, "subject": None}])
    report.sent(sent)
    report.same("ignored", "", sent.ignored)
    report.one(gateway, {"Subject": "Hi", "To": [("", "bob@example.net")], "Cc": [], "Reply-To": []})


@case
def ignored_fields(report, gateway):
    mail = Mail("ann@example.org", "bob@example.net", "Hi", "How are you?")
    mail.category, mail.custom_arg = Category("c"), CustomArg("k", "v")
    mail.tracking_settings = TrackingSettings(ClickTracking(True, False), OpenTracking(True))
    sent = send(mail)
    report.sent(sent)
    report.mentions("X-Postern-Ignored", ["categories", "custom_args", "tracking_settings"], sent.ignored)
    report.one(gateway, {"text": "How are you?"})
    sent = send(ip_pool_name="pool", batch_id="batch", personalizations=[
        {"to": [{"email": "bob@example.net"}], "custom_args": {"anymail_id": "1"}}])
    report.sent(sent)
    report.mentions("X-Postern-Ignored", ["ip_pool_name", "batch_id", "custom_args"], sent.ignored)


@case
def refused_fields(report, gateway):
    to = {"to": [{"email": "bob@example.net"}]}
    for field, members in [
        ("template_id", {"template_id": "d-1"}),
        ("sections", {"sections": {"-a-": "b"}}),
        ("footer", {"mail_settings": {"footer": {"enable": True, "text": "Bye"}}}),
        ("send_at", {"send_at": 1893456000}),
        ("send_at", {"personalizations": [{**to, "send_at": 1893456000}]}),
        ("substitutions", {"personalizations": [{**to, "substitutions": {"-name-": "Bob"}}]}),
        ("dynamic_template_data", {"personalizations": [{**to, "dynamic_template_data": {"name": "Bob"}}]}),
    ]:
        refused = send(**members)
        report.refused(gateway, refused, (400,), [field])


@case
def invalid_messages(report, gateway):
    def to(*addresses):
        return [{"to": [{"email": address} for address in addresses]}]

    for mail, words in [
        (without("personalizations"), ["personalizations"]),
        (without("from"), ["from"]),
        ({**SMALL, "personalizations": [{"cc": [{"email": "bob@example.net"}]}]}, ["personalizations", "to"]),
        ({**SMALL, "personalizations": to("bob@example.net", "nonsense")}, ["personalizations.0.to.1"]),
        ({**SMALL, "personalizations": to("bob@example.net") + to("x y")}, ["personalizations", "to"]),
        ({**SMALL, "from": {"email": "ann@"}}, ["from"]),
        ({**SMALL, "content": [{"type": "text/plain"}]}, ["content"]),
        ({**SMALL, "headers": {"Bcc": "eve@example.net"}}, ["headers"]),
        ({**SMALL, "attachments": [{"content": "no base64!", "filename": "a"}]}, ["attachments"]),
        ({**SMALL, "personalizations": to("bob@example.net") * 1001}, ["personalizations", "1000"]),
    ]:
        refused = send(mail)
        report.refused(gateway, refused, (400,), words)
        report.same("exception", "BadRequestsError", refused.raised)


@case
def requests_that_are_no_message(report, gateway):
    headers = {"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json"}
    for method, path, body, changes, statuses in [
        ("POST", "/v3/mail/send", b"{", {}, (400,)),
        ("POST", "/v3/mail/send", b"[]", {}, (400,)),
        ("POST", "/v3/mail/send", b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, (400, 415)),
        ("GET", "/v3/mail/send", None, {}, (405,)),
    ]:
        response = gateway.request(method, path, body, {**headers, **changes})
        what = f"{method} {path} {body!r}"
        report.within(f"{what}: status", statuses, response.status)
        errors = (response.json or {}).get("errors") or [{}]
        report.same(f"{what}: members", {"message", "field", "help"}, set(errors[0]))


@case
def wrong_keys(report, gateway):
    connect(gateway, "wrong-key-0123456789")
    refused = send()
    report.refused(gateway, refused, (401,), [])
    report.same("exception", "UnauthorizedError", refused.raised)
    report.same("form", False, refused.message.startswith("not in SendGrid's form"))
    connect(gateway, gateway.limited)
    refused = send()
    report.refused(gateway, refused, (403,), ["may not send as ann@example.org"])
    report.within("field", ("from", "personalizations.0.from"), refused.message.split(":")[0])
    connect(gateway)


@case
def an_idempotency_key(report, gateway):
    def post(subject, key):
        headers = {"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json", "Idempotency-Key": key}
        return gateway.request("POST", "/v3/mail/send", json.dumps({**SMALL, "subject": subject}).encode(), headers)

    idempotency_key(report, gateway, post, 400)


@case
def failures_of_the_relay(report, gateway):
    relay_failures(report, gateway, lambda to: send(Mail("ann@example.org", to, "Hi", "How are you?")), FAILURES)
