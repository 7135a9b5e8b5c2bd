"""Checks the API of Postmark with postmarker, and with what postmark.js and the gem send."""

import base64
import json
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

from postmarker.core import PostmarkClient
from postmarker.exceptions import ClientError

from .support import (
    ANN, BOB, CAROL, DAN, EVE, FULL, HTML, LETTER, LOGO, NOTE, REPLY, REPORT, SUBJECT, TEXT, Cases, Failure, Result,
    attachments, idempotency_key, mailbox, relay_failures)

NAME = "Postmark"
CASES = case = Cases()
FAILURES = {
    "for good": Failure((422,), ("ClientError",)),
    "later": Failure((429, 503), ("ClientError",)),
    "unknown": Failure((422,), ("ClientError",)),
}
SMALL = {"From": "ann@example.org", "To": "bob@example.net", "Subject": "Hi", "TextBody": "How are you?"}
client = last = None


def connect(gateway, key=None):
    global client

    def remember(response, **_):
        global last
        last = response

    client = PostmarkClient(server_token=key or gateway.key, root_api_url=gateway.url)
    client.session.hooks["response"].append(remember)


def result(call, *arguments, **members):
    try:
        body = call(*arguments, **members)
    except ClientError as error:
        return Result(last.status_code, last.headers, raised=type(error).__name__, message=str(error),
                      code=error.error_code)
    return Result(last.status_code, last.headers, body, id=body.get("MessageID") if isinstance(body, dict) else None)


def send(members=(), **more):
    return result(client.emails.send, **{**SMALL, **dict(members), **more})


def post(gateway, path, body, **headers):
    """Sends what another client sends."""
    body = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return gateway.request("POST", path, body, {
        "X-Postmark-Server-Token": gateway.key, "Accept": "application/json", "Content-Type": "application/json",
        **headers})


def encoded(file):
    return base64.b64encode(file[2]).decode()


def full(headers):
    return {
        "From": mailbox(*ANN), "To": ",".join([mailbox(*BOB), mailbox(*CAROL)]), "Cc": mailbox(*DAN),
        "Bcc": mailbox(*EVE), "ReplyTo": mailbox(*REPLY), "Subject": SUBJECT, "TextBody": TEXT, "HtmlBody": HTML,
        "Headers": headers}


@case
def a_message_with_everything(report, gateway):
    sent = send(
        full({"X-Campaign": "7", "X-Note": NOTE}), To=[mailbox(*BOB), mailbox(*CAROL)],
        Attachments=[
            (LETTER[0], encoded(LETTER), "text/plain"),
            {"Name": REPORT[0], "Content": encoded(REPORT), "ContentType": "application/pdf"},
            (LOGO[0], encoded(LOGO), "image/png", "cid:logo.png")])
    report.sent(sent)
    report.one(gateway, {**FULL, "Message-ID": f"<{sent.id}@example.org>"})
    report.same("status", 200, sent.status)
    report.same("ErrorCode", 0, sent.body and sent.body["ErrorCode"])
    report.mentions("To", ["bob@example.net", "carol@example.net"], sent.body and sent.body["To"])
    report.same("SubmittedAt", True, bool(sent.body and sent.body["SubmittedAt"]))


@case
def what_postmark_js_and_the_gem_send(report, gateway):
    fields = [{"Name": name, "Value": value} for name, value in [
        ("X-Campaign", 7), ("X-Note", NOTE),
        # The gem sends every header field of a Mail object that it does not know.
        ("Message-ID", "<5f3c1f0a@host.example.org>"), ("Mime-Version", "1.0"), ("Content-Transfer-Encoding", "7bit")]]
    files = [
        {"Name": LETTER[0], "Content": encoded(LETTER), "ContentType": 'text/plain; charset="utf-8"',
         "ContentID": None},
        # email.mime and Ruby's pack("m") write lines of base64.
        {"Name": REPORT[0], "Content": base64.encodebytes(REPORT[2]).decode(), "ContentType": "application/pdf"},
        {"Name": LOGO[0], "Content": encoded(LOGO), "ContentType": "image/png", "ContentID": "cid:logo.png"}]
    response = post(gateway, "/email", {**full(fields), "Attachments": files, "TrackOpens": True},
                    **{"User-Agent": "Postmark.JS - 4.0.7"})
    report.same("status", 200, response.status)
    report.one(gateway, {**FULL, "Mime-Version": "1.0"})


@case
def a_message_of_email_mime(report, gateway):
    message = MIMEMultipart()
    message["From"], message["To"], message["Subject"] = "ann@example.org", "bob@example.net", SUBJECT
    message.attach(MIMEText(TEXT, "plain", "utf-8"))
    image = MIMEImage(LOGO[2], "png")
    image.add_header("Content-ID", "<logo.png>")
    image.add_header("Content-Disposition", "inline", filename="logo.png")
    message.attach(image)
    report.sent(result(client.emails.send, message))
    report.one(gateway, {"Subject": SUBJECT, "text": TEXT, "attachments": [LOGO]})


@case
def a_message_with_hardly_anything(report, gateway):
    # postmarker sends null and [] for everything else.
    sent = send(Subject=None)
    report.sent(sent)
    report.one(gateway, {"text": "How are you?", "html": None, "Cc": [], "Reply-To": [], "attachments": []})
    gateway.forget()
    response = post(gateway, "/email", {
        "From": "ann@example.org", "Cc": "bob@example.net", "HtmlBody": "<p>Hi</p>",
        "Attachments": [{"Name": "", "Content": "AAE=", "ContentType": "application/x-a"}]})
    report.same("status", 200, response.status)
    message = report.one(gateway, {"text": None, "html": "<p>Hi</p>", "To": [], "Cc": [("", "bob@example.net")]})
    report.same("attachments", [("application/x-a", b"\0\1")], attachments(message))


@case
def ignored_fields(report, gateway):
    sent = send(Tag="welcome", Metadata={"k": "v"}, TrackOpens=True, TrackLinks="HtmlOnly", MessageStream="outbound")
    report.sent(sent)
    report.mentions("X-Postern-Ignored", ["Tag", "Metadata", "TrackOpens", "TrackLinks", "MessageStream"], sent.ignored)
    report.one(gateway, {"text": "How are you?"})


@case
def templates(report, gateway):
    template = {"From": "ann@example.org", "To": "bob@example.net", "TemplateModel": {"a": 1}}
    refused = result(client.emails.send_with_template, TemplateId=1, **template)
    report.refused(gateway, refused, (404, 422), ["template"])
    refused = result(client.emails.send_template_batch, client.emails.EmailTemplate(TemplateId=1, **template))
    report.refused(gateway, refused, (404, 422), ["template"])
    for field, value in ("TemplateId", 1), ("TemplateAlias", "welcome"), ("TemplateModel", {"a": 1}):
        response = post(gateway, "/email", {**SMALL, field: value})
        report.same(f"{field}: status", 422, response.status)
        report.mentions(field, [field], (response.json or {}).get("Message"))
    report.same("messages at the relay", 0, len(gateway.caught()))
    for path in "/email/withTemplate", "/email/batchWithTemplates", "/email/bulk", "/email/nonsense":
        response = post(gateway, path, {})
        report.within(f"{path}: status", (404, 422), response.status)
        report.same(f"{path}: members", {"ErrorCode", "Message"}, set(response.json or {}))


@case
def invalid_messages(report, gateway):
    for members, words in [
        ({"To": "nonsense"}, ["To"]),
        ({"To": "bob@example.net, x y"}, ["To"]),
        ({"From": "ann@"}, ["From"]),
        ({"Bcc": "nonsense"}, ["Bcc"]),
        ({"ReplyTo": "nonsense"}, ["Reply"]),
        ({"Headers": {"Bcc": "eve@example.net"}}, ["Bcc"]),
        ({"Attachments": [{"Name": "a", "Content": "no base64!", "ContentType": "text/plain"}]}, ["attachment"]),
        ({"To": ",".join(f"bob{n}@example.net" for n in range(51))}, ["50"]),
    ]:
        refused = send(members)
        report.refused(gateway, refused, (422,), words)
        report.same(f"ErrorCode for {words[0]}", 300, refused.code)
    for missing in [["To"], ["From"], ["TextBody"]]:
        response = post(gateway, "/email", {name: value for name, value in SMALL.items() if name not in missing})
        report.same(f"without {missing}", (422, 300), (response.status, (response.json or {}).get("ErrorCode")))
    report.same("messages at the relay", 0, len(gateway.caught()))


@case
def requests_that_are_no_message(report, gateway):
    for path, body, headers, expected in [
        ("/email", b"{", {}, [(422, 402)]),
        ("/email", b"[]", {}, [(422, 402), (422, 403), (422, 300)]),
        ("/email/batch", b"{}", {}, [(422, 402), (422, 403), (422, 300)]),
    ]:
        response = post(gateway, path, body, **headers)
        report.within(f"{path} {body!r}", expected, (response.status, (response.json or {}).get("ErrorCode")))
    for path, body, headers, status in [
        ("/email", b"From=a", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ("/email", json.dumps({**SMALL, "TextBody": "x" * (10 * 1024 * 1024 + 1)}).encode(), {}, 413),
    ]:
        response = post(gateway, path, body, **headers)
        report.same(f"{status}: status", status, response.status)
        report.same(f"{status}: members", {"ErrorCode", "Message"}, set(response.json or {}))
    response = gateway.request("GET", "/email", headers={"X-Postmark-Server-Token": gateway.key})
    report.same("GET: status and members", (405, {"ErrorCode", "Message"}), (response.status, set(response.json or {})))


@case
def wrong_keys(report, gateway):
    connect(gateway, "wrong-key-0123456789")
    refused = send()
    report.refused(gateway, refused, (401,), [])
    report.same("ErrorCode", 10, refused.code)
    connect(gateway, gateway.limited)
    report.refused(gateway, send(), (403, 422), ["`From`", "may not send as ann@example.org"])
    connect(gateway)
    response = gateway.request("POST", "/email", json.dumps(SMALL).encode(), {"Content-Type": "application/json"})
    report.same("without a key", (401, 10), (response.status, (response.json or {}).get("ErrorCode")))


@case
def an_idempotency_key(report, gateway):
    def post_under(subject, key):
        return post(gateway, "/email", {**SMALL, "Subject": subject}, **{"Idempotency-Key": key})

    idempotency_key(report, gateway, post_under, 422)


@case
def failures_of_the_relay(report, gateway):
    relay_failures(report, gateway, lambda to: send(To=to), FAILURES)


@case
def refused_recipients(report, gateway):
    # postmark.js: /Found inactive addresses: (.+?)\.? Inactive/; the gem: /Found inactive addresses: (.+?)\. Inactive/.
    refused = send(To="Rob <reject@example.net>", Cc="reject+2@example.net", Bcc="reject+3@example.net")
    report.same("ErrorCode", 406, refused.code)
    names = ", ".join(["reject@example.net", "reject+2@example.net", "reject+3@example.net"])
    report.mentions("message", [f"Found inactive addresses: {names}. Inactive recipients"], refused.message)
    sent = send(To="bob@example.net, reject@example.net")
    report.same("exception", None, sent.raised)
    report.same("X-Postern-Outcome", "partially_accepted", sent.headers.get("x-postern-outcome"))
    report.mentions(
        "message", ["inactive addresses: reject@example.net. Inactive recipients"], sent.body and sent.body["Message"])
    report.one(gateway, {"envelope to": ["bob@example.net"]})


@case
def batches(report, gateway):
    before = gateway.requests()
    sent = result(
        client.emails.send_batch, {**SMALL, "Subject": "0"}, {**SMALL, "To": "nonsense"},
        {**SMALL, "To": "reject@example.net"}, {**SMALL, "To": "defer@example.net"}, {**SMALL, "Subject": "4"},
        client.emails.Email(**{**SMALL, "Subject": SUBJECT}), TrackOpens=False)
    report.same("status", 200, sent.status)
    body = sent.body or []
    codes = [each["ErrorCode"] for each in body]
    report.same("ErrorCodes", [0, 300, 406, 0, 0], codes[:3] + codes[4:])
    report.same("ErrorCode for 451", True, len(codes) > 3 and codes[3] not in (0, 300, 406))
    report.mentions("Message", ["To"], body[1]["Message"] if len(body) > 1 else "")
    words = ["550 5.1.1 User unknown", "reject@example.net"]
    report.mentions("Message", words, body[2]["Message"] if len(body) > 2 else "")
    expected = {("0", "4", SUBJECT)[n]: f"<{each['MessageID']}@example.org>"
                for n, each in enumerate(each for each in body if each["ErrorCode"] == 0)}
    report.same("Message-IDs", expected, {each["Subject"]: each["Message-ID"] for each in gateway.caught()})
    report.same("requests", 1, gateway.counted(before, 1))
    gateway.forget()
    response = post(gateway, "/email/batch", [SMALL] * 501)
    report.same("501 messages", (422, 410), (response.status, (response.json or {}).get("ErrorCode")))
    report.same("messages at the relay", 0, len(gateway.caught()))
