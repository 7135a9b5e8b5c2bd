"""Checks the API of Mailgun with mailgun-python, and with what mailgun.js sends."""

import base64
import json
from urllib.parse import urlencode

from mailgun.builders import MailgunMessageBuilder
from mailgun.client import Client
from mailgun.config import RetryPolicy
from mailgun.handlers.error_handler import ApiError

from .support import (
    ANN, BOB, CAROL, DAN, EVE, FULL, HTML, LETTER, LOGO, NOTE, REPLY, REPORT, SUBJECT, TEXT, Cases, Failure, Result,
    idempotency_key, mailbox, relay_failures)

NAME = "Mailgun"
CASES = case = Cases()
# The SDK raises for no status, and repeats a request with 429, 500, 502, 503 or 504 three times by itself.
FAILURES = {
    "for good": Failure((400,), (None,)),
    "later": Failure((429, 503), (None,), requests=4),
    "unknown": Failure((400,), (None,)),
}
SMALL = {"from": "ann@example.org", "to": "bob@example.net", "subject": "Hi", "text": "How are you?"}
BOTH = ["bob@example.net", "carol@example.net"]
EML = ("From: Ann <ann@example.org>\r\nTo: list@example.net\r\nBcc: hidden@example.net\r\nSubject: Raw\r\n"
       "X-Campaign: 7\r\nMessage-ID: <raw-1@example.org>\r\n\r\nHow are you?\r\n")
client = None


def connect(gateway, key=None):
    global client
    policy = RetryPolicy(base_delay=0, max_delay=0)
    client = Client(auth=("api", key or gateway.key), api_url=gateway.url, retry_policy=policy)


def result(response):
    try:
        body = response.json()
    except ValueError:
        body = None
    message = body.get("message", "") if isinstance(body, dict) else response.text
    return Result(response.status_code, response.headers, body, message=message,
                  id=body.get("id") if isinstance(body, dict) else None)


def send(data=(), files=None, domain="example.org", endpoint="messages", without=(), **more):
    data = {**SMALL, **dict(data), **more} if endpoint == "messages" else dict(data)
    data = {name: data[name] for name in data if name not in without}
    try:
        return result(getattr(client, endpoint).create(data=data, files=files, domain=domain))
    except ApiError as error:
        return Result(0, {}, raised=type(error).__name__, message=str(error))


def authorization(gateway):
    return {"Authorization": f"Basic {base64.b64encode(f'api:{gateway.key}'.encode()).decode()}"}


def sent(report, result):
    report.same("status", 200, result.status)
    report.sent(result)
    # django-anymail takes everything else for an error.
    report.same("message", "Queued", result.message[:6])


@case
def a_message_with_everything(report, gateway):
    response = send(
        {"from": mailbox(*ANN), "to": [mailbox(*BOB), mailbox(*CAROL)], "cc": mailbox(*DAN), "bcc": EVE[1],
         "h:Reply-To": mailbox(*REPLY), "subject": SUBJECT, "text": TEXT, "html": HTML, "h:X-Campaign": "7",
         "h:X-Note": NOTE},
        [("attachment", (LETTER[0], LETTER[2], 'text/plain; charset="utf-8"')), ("attachment", (REPORT[0], REPORT[2])),
         ("inline", LOGO[:1] + (LOGO[2], "image/png"))])
    sent(report, response)
    report.one(gateway, {**FULL, "Message-ID": response.id})
    report.same("ignored", "", response.ignored)


@case
def a_message_without_files(report, gateway):
    # The SDK sends it as application/x-www-form-urlencoded.
    response = send(to=f"{mailbox(*BOB)}, {mailbox(*CAROL)}", subject=SUBJECT, text=TEXT, bcc=[DAN[1], EVE[1]])
    sent(report, response)
    report.one(gateway, {
        "To": [BOB, CAROL], "envelope to": FULL["envelope to"], "Bcc": None, "Subject": SUBJECT, "text": TEXT,
        "html": None, "Message-ID": response.id})


@case
def a_message_of_the_builder(report, gateway):
    builder = MailgunMessageBuilder("ann@example.org").set_subject(SUBJECT).set_text(TEXT)
    builder.add_recipient("bob@example.net").add_recipient("carol@example.net").add_recipient("eve@example.net", "bcc")
    builder.set_amp_html("<html ⚡4email></html>").add_custom_header("X-Note", NOTE)
    builder.add_custom_variable("k", {"a": 1}).add_option("tracking", value=True)
    data, files = builder.build()
    response = result(client.messages.create(data=data, files=files, domain="example.org"))
    sent(report, response)
    report.mentions("X-Postern-Ignored", ["v:k", "o:tracking"], response.ignored)
    report.one(gateway, {
        "envelope to": ["bob@example.net", "carol@example.net", "eve@example.net"], "X-Note": NOTE,
        "types": ["text/plain", "text/x-amp-html"]})


@case
def what_mailgun_js_sends(report, gateway):
    def form(*fields):
        disposition = "Content-Disposition: form-data; name="
        parts = [f'--b0\r\n{disposition}"{name}"{more}\r\n\r\n{value}\r\n' for name, more, value in fields]
        return "".join([*parts, "--b0--\r\n"]).encode()

    headers = {"Content-Type": "multipart/form-data; boundary=b0", **authorization(gateway)}
    body = form(
        ("from", "", mailbox(*ANN)), ("to", "", mailbox(*BOB)), ("to", "", CAROL[1]), ("subject", "", SUBJECT),
        ("text", "", TEXT), ("o:tracking", "", "yes"), ("o:require-tls", "", "no"),
        ("attachment", '; filename="file"\r\nContent-Type: application/octet-stream', "%PDF"))
    response = gateway.request("POST", "/v3/example.org/messages", body, headers)
    report.same("status", 200, response.status)
    report.one(gateway, {
        "From": [ANN], "To": [BOB, CAROL], "Subject": SUBJECT, "text": TEXT,
        "attachments": [("file", "application/octet-stream", b"%PDF", None)]})
    # A raw message is a file with a Buffer, and a field with a string.
    for more in "", '; filename="MimeMessage"\r\nContent-Type: application/octet-stream':
        gateway.forget()
        body = form(("to", "", "bob@example.net, carol@example.net"), ("message", more, EML))
        response = gateway.request("POST", "/v3/example.org/messages.mime", body, headers)
        report.same("status of messages.mime", 200, response.status)
        report.one(gateway, {
            "envelope to": BOTH, "To": [("", "list@example.net")], "Subject": "Raw", "X-Campaign": "7", "Bcc": None,
            "text": "How are you?"})


@case
def raw_messages(report, gateway):
    message = {"message": ("m.eml", EML.encode())}
    response = send({"to": BOTH}, message, endpoint="mimemessage")
    sent(report, response)
    report.one(gateway, {"envelope to": BOTH, "Subject": "Raw", "Bcc": None, "Message-ID": response.id})
    gateway.forget()
    for data, files, word in [
        ({}, message, "to"),
        ({"to": "nonsense"}, message, "to"),
        ({"to": "bob@example.net"}, {"other": ("m.eml", b"x")}, "message"),
    ]:
        report.refused(gateway, send(data, files, endpoint="mimemessage"), (400,), [word])


@case
def a_message_for_each_recipient(report, gateway):
    response = send(to=["bob@example.net", "Carol <carol@example.net>"], **{"recipient-variables": "{}"})
    sent(report, response)
    caught = sorted((each["To"], each["envelope to"]) for each in gateway.caught())
    report.same("To and envelope", [
        ([("", "bob@example.net")], ["bob@example.net"]),
        ([("Carol", "carol@example.net")], ["carol@example.net"])], caught)
    gateway.forget()
    sent(report, send(to=BOTH))
    report.one(gateway, {"envelope to": BOTH})
    gateway.forget()
    for variables in {BOTH[0]: {"name": "Bob"}}, {BOTH[0]: {"name": "Bob"}, BOTH[1]: {}}:
        refused = send(to=BOTH, **{"recipient-variables": json.dumps(variables)})
        report.refused(gateway, refused, (400,), ["recipient-variables"])
    response = send(to=["bob@example.net", "reject@example.net"], **{"recipient-variables": "{}"})
    # Either way the response has to say that not all of them were sent, and that some were.
    report.within("status", (200, 400), response.status)
    report.same("X-Postern-Outcome", "partially_accepted", response.headers.get("x-postern-outcome"))
    report.one(gateway, {"envelope to": ["bob@example.net"]})
    refused = send(to=["reject@example.net", "reject+2@example.net"], **{"recipient-variables": "{}"})
    report.same("status", 400, refused.status)
    report.same("X-Postern-Outcome", "not_sent", refused.headers.get("x-postern-outcome"))


@case
def the_test_mode(report, gateway):
    response = send(**{"o:testmode": "yes"})
    report.same("status", 200, response.status)
    report.same("message", "Queued", response.message[:6])
    report.same("id", True, (response.id or "").startswith("<"))
    report.same("messages at the relay", 0, len(gateway.caught()))
    report.refused(gateway, send(to="nonsense", **{"o:testmode": "yes"}), (400,), ["to"])
    sent(report, send(**{"o:testmode": "no"}))
    report.one(gateway, {})


@case
def domains(report, gateway):
    for domain, sender, status in [
        ("example.org", "ann@example.org", 200), ("example.org", "ann@mail.example.org", 200),
        ("EXAMPLE.org", "ann@example.ORG", 200), ("mail.example.org", "ann@example.org", 401),
        ("ample.org", "ann@example.org", 401), ("example.com", "ann@example.org", 401),
    ]:
        report.same(f"{domain} for {sender}", status, send({"from": sender}, domain=domain).status)
    report.same("messages at the relay", 3, len(gateway.caught()))


@case
def fields_that_say_nothing(report, gateway):
    response = send(dict.fromkeys(["cc", "bcc", "html", "template", "o:deliverytime", "h:Reply-To", "o:tag"], ""))
    sent(report, response)
    report.same("ignored", "", response.ignored)
    report.one(gateway, {"text": "How are you?", "html": None, "Cc": [], "Reply-To": []})


@case
def ignored_fields(report, gateway):
    fields = {
        "o:tag": ["a", "b"], "o:tracking": "yes", "o:tracking-clicks": "htmlonly", "o:tracking-opens": "yes",
        "o:skip-verification": "yes", "v:user": '{"id": 7}'}
    response = send(fields)
    sent(report, response)
    report.mentions("X-Postern-Ignored", fields, response.ignored)
    report.one(gateway, {"text": "How are you?"})


@case
def refused_fields(report, gateway):
    for field, value in [
        ("o:deliverytime", "Tue, 01 Jan 2030 00:00:00 GMT"), ("o:deliverytime-optimize-period", "24h"),
        ("o:time-zone-localize", "02:00PM"), ("template", "welcome"), ("t:variables", '{"name": "Bob"}'),
    ]:
        report.refused(gateway, send({field: value}), (400,), [field])


@case
def invalid_messages(report, gateway):
    for data, missing, word in [
        ({}, ["to"], "to"),
        ({}, ["from"], "from"),
        ({"to": "bob@example.net, nonsense"}, [], "to"),
        ({"from": "ann@"}, [], "from"),
        ({"cc": "bob@example.net, x y"}, [], "cc"),
        ({"h:Bcc": "eve@example.net"}, [], "h:Bcc"),
        # What asks for protection or for no message at all must not be taken for the opposite.
        ({"o:require-tls": "maybe"}, [], "o:require-tls"),
        ({"o:testmode": "maybe"}, [], "o:testmode"),
    ]:
        refused = send(data, without=missing)
        report.refused(gateway, refused, (400,), [word])
        report.same("form", {"message"}, set(refused.body or {}))
    for method, kind, statuses in ("POST", "application/json", (400, 415)), ("GET", "text/plain", (405,)):
        response = gateway.request(
            method, "/v3/example.org/messages", b"{}", {"Content-Type": kind, **authorization(gateway)})
        report.within(f"{method} {kind}: status", statuses, response.status)
        report.same(f"{method} {kind}: members", {"message"}, set(response.json or {}))


@case
def wrong_keys(report, gateway):
    connect(gateway, "wrong-key-0123456789")
    refused = send()
    report.refused(gateway, refused, (401,), [])
    report.same("text", "Forbidden", refused.message.strip())
    connect(gateway, gateway.limited)
    report.refused(gateway, send(), (403,), ["`from`", "may not send as ann@example.org"])
    connect(gateway)
    response = gateway.request(
        "POST", "/v3/example.org/messages", urlencode(SMALL), {"Content-Type": "application/x-www-form-urlencoded"})
    report.same("status without a key", 401, response.status)
    report.same("messages at the relay", 0, len(gateway.caught()))


@case
def an_idempotency_key(report, gateway):
    def post(subject, key):
        return gateway.request(
            "POST", "/v3/example.org/messages", urlencode({**SMALL, "subject": subject}),
            {"Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": key, **authorization(gateway)})

    idempotency_key(report, gateway, post, 400)


@case
def failures_of_the_relay(report, gateway):
    relay_failures(report, gateway, lambda to: send(to=to), FAILURES)


@case
def a_recipient_that_is_refused(report, gateway):
    response = send(to=["bob@example.net", "reject@example.net"])
    report.same("status", 200, response.status)
    report.same("message", "Queued", response.message[:6])
    report.same("X-Postern-Outcome", "partially_accepted", response.headers.get("x-postern-outcome"))
    report.one(gateway, {"envelope to": ["bob@example.net"]})
