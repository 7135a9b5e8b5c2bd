"""Checks all four APIs with django-anymail, whose backends read more of the responses than the SDKs."""

from datetime import datetime, timezone
from email.mime.image import MIMEImage

import django
from anymail.exceptions import AnymailError, AnymailUnsupportedFeature
from anymail.message import AnymailMessage
from django.conf import settings
from django.core.mail import get_connection

from .support import (
    ANN, BOB, CAROL, DAN, EVE, FULL, HTML, LETTER, LOGO, NOTE, REPLY, REPORT, SUBJECT, TEXT, Cases, Failure, Result,
    attachments, mailbox, relay_failures)

NAME = "django-anymail"
CASES = case = Cases()
VENDORS = ["resend", "postmark", "sendgrid", "mailgun"]
API = ("AnymailRequestsAPIError",)
FAILURES = {
    "resend": {"for good": Failure((422,), API), "later": Failure((429, 503), API), "unknown": Failure((409,), API)},
    "postmark": {
        "for good": Failure((422, None), API + ("AnymailRecipientsRefused",)), "later": Failure((429, 503), API),
        "unknown": Failure((422,), API)},
    "sendgrid": {"for good": Failure((400,), API), "later": Failure((429, 503), API), "unknown": Failure((400,), API)},
    "mailgun": {"for good": Failure((400,), API), "later": Failure((429, 503), API), "unknown": Failure((400,), API)},
}
BOTH = ["bob@example.net", "Carol <carol@example.net>"]


def connect(gateway):
    settings.configure(
        DEFAULT_CHARSET="utf-8", USE_TZ=True,
        ANYMAIL={
            "RESEND_API_KEY": gateway.key, "RESEND_API_URL": gateway.url,
            "POSTMARK_SERVER_TOKEN": gateway.key, "POSTMARK_API_URL": gateway.url,
            "SENDGRID_API_KEY": gateway.key, "SENDGRID_API_URL": f"{gateway.url}/v3/",
            "MAILGUN_API_KEY": gateway.key, "MAILGUN_API_URL": f"{gateway.url}/v3"})
    django.setup()


def small(**more):
    return AnymailMessage(**{
        "subject": "Hi", "body": "How are you?", "from_email": "ann@example.org", "to": ["bob@example.net"], **more})


def send(vendor, message=None, **more):
    message = message or small(**more)
    message.connection = get_connection(f"anymail.backends.{vendor}.EmailBackend")
    try:
        message.send()
    except AnymailError as error:
        response = error.response if error.response is not None else message.anymail_status.esp_response
        return Result(error.status_code, response.headers if response is not None else {}, raised=type(error).__name__,
                      message=response.text if response is not None else str(error))
    status = message.anymail_status
    return Result(status.esp_response.status_code, status.esp_response.headers, status, id=status.message_id)


def each_vendor(function):
    """A check of every vendor."""

    def check(report, gateway):
        name = report.name
        for vendor in VENDORS:
            gateway.forget()
            report.run(f"{name}, {vendor}", function, gateway, vendor)

    check.__name__ = function.__name__
    return case(check)


@each_vendor
def a_message_with_everything(report, gateway, vendor):
    message = AnymailMessage(
        subject=SUBJECT, body=TEXT, from_email=mailbox(*ANN), to=[mailbox(*BOB), mailbox(*CAROL)], cc=[mailbox(*DAN)],
        bcc=[mailbox(*EVE)], reply_to=[mailbox(*REPLY)], headers={"X-Campaign": 7, "X-Note": NOTE})
    message.attach_alternative(HTML, "text/html")
    message.attach(LETTER[0], LETTER[2], LETTER[1])
    message.attach(*REPORT[:1], REPORT[2], REPORT[1])
    image = MIMEImage(LOGO[2], "png")
    image.add_header("Content-ID", "<logo.png>")
    image.add_header("Content-Disposition", "inline", filename=LOGO[0])
    message.attach(image)
    sent = send(vendor, message)
    report.sent(sent)
    caught = report.one(gateway, FULL)
    if caught and sent.body:
        addresses = {"bob@example.net", "carol@example.net", "dan@example.net", "eve@example.net"}
        statuses = {address: each.status for address, each in sent.body.recipients.items()}
        report.same("statuses", dict.fromkeys(addresses, "sent" if vendor == "postmark" else "queued"), statuses)
        # With SendGrid the id is one of django-anymail.
        if vendor != "sendgrid":
            report.same("id", caught["Message-ID"], sent.id if vendor == "mailgun" else f"<{sent.id}@example.org>")


@each_vendor
def an_international_domain(report, gateway, vendor):
    report.sent(send(vendor, to=["Bøb <bob@bücher.example>"]))
    report.one(gateway, {"envelope to": ["bob@xn--bcher-kva.example"], "To": [("Bøb", "bob@xn--bcher-kva.example")]})


@each_vendor
def only_html(report, gateway, vendor):
    message = small(body="<p>How are you?</p>")
    message.content_subtype = "html"
    report.sent(send(vendor, message))
    report.one(gateway, {"text": None, "html": "<p>How are you?</p>"})


@each_vendor
def an_attachment_without_a_name(report, gateway, vendor):
    message = small()
    message.attach(None, b"\0\1\2", "application/octet-stream")
    report.sent(send(vendor, message))
    caught = report.one(gateway, {"text": "How are you?"})
    report.same("attachments", [("application/octet-stream", b"\0\1\2")], attachments(caught))


@each_vendor
def a_message_for_each_recipient(report, gateway, vendor):
    before = gateway.requests()
    sent = send(vendor, to=BOTH, cc=["dan@example.net"], merge_data={})
    report.same("exception", None, sent.raised)
    report.same("requests", 1, gateway.counted(before, 1))
    caught = sorted(gateway.caught(), key=lambda each: each["To"])
    report.same("To", [[("", "bob@example.net")], [("Carol", "carol@example.net")]], [each["To"] for each in caught])
    if sent.body and vendor in ("resend", "postmark"):
        ids = {address: f"<{each.message_id}@example.org>" for address, each in sent.body.recipients.items()}
        report.same("ids", [ids[each["To"][0][1]] for each in caught], [each["Message-ID"] for each in caught])


@each_vendor
def header_fields_for_each_recipient(report, gateway, vendor):
    field = {"List-Unsubscribe": "<https://example.org/bob>"}
    sent = send(vendor, to=BOTH, headers={"X-All": "all"}, merge_headers={"bob@example.net": field})
    if vendor == "mailgun":
        # They are variables there.
        report.refused(gateway, sent, (400,), ["recipient-variables"])
        return
    report.same("exception", None, sent.raised)
    fields = {each["To"][0][1]: (each["X-All"], each["List-Unsubscribe"]) for each in gateway.caught()}
    expected = {"bob@example.net": ("all", field["List-Unsubscribe"]), "carol@example.net": ("all", None)}
    report.same("fields", expected, fields)


@each_vendor
def metadata_and_tags(report, gateway, vendor):
    sent = send(vendor, metadata={"order": 7}, tags=["welcome"])
    report.sent(sent)
    caught = report.one(gateway, {"text": "How are you?"})
    if vendor == "resend":
        # The backend makes header fields of them.
        report.message(caught, {"X-Metadata": '{"order": 7}', "X-Tags": '["welcome"]'})
    else:
        words = {
            "postmark": ["Metadata", "Tag"], "sendgrid": ["custom_args", "categories"], "mailgun": ["v:order", "o:tag"]}
        report.mentions("X-Postern-Ignored", words[vendor], sent.ignored)


@each_vendor
def what_changes_the_message(report, gateway, vendor):
    for members, words in [
        ({"send_at": datetime(2030, 1, 1, tzinfo=timezone.utc)},
         {"resend": "scheduled_at", "sendgrid": "send_at", "mailgun": "o:deliverytime"}),
        ({"template_id": "1"}, {"postmark": "template", "sendgrid": "template_id", "mailgun": "template"}),
        ({"merge_data": {"bob@example.net": {"name": "Bob"}}},
         {"sendgrid": "substitutions", "mailgun": "recipient-variables"}),
    ]:
        try:
            refused = send(vendor, **members)
        except AnymailUnsupportedFeature:
            continue
        # What the backend itself refuses has no response.
        if refused.raised != "AnymailUnsupportedFeature":
            report.refused(gateway, refused, (400, 404, 422), [words[vendor]])


@each_vendor
def failures_of_the_relay(report, gateway, vendor):
    relay_failures(report, gateway, lambda to: send(vendor, to=[to]), FAILURES[vendor])


@each_vendor
def refused_recipients(report, gateway, vendor):
    refused = send(vendor, to=["Rob <reject@example.net>", "reject+2@example.net"], cc=["reject+3@example.net"])
    expected = "AnymailRecipientsRefused" if vendor == "postmark" else "AnymailRequestsAPIError"
    report.same("exception", expected, refused.raised)
    sent = send(vendor, to=["bob@example.net", "reject@example.net"])
    report.same("exception", None, sent.raised)
    report.one(gateway, {"envelope to": ["bob@example.net"]})
    if vendor == "postmark" and sent.body:
        statuses = {address: each.status for address, each in sent.body.recipients.items()}
        report.same("statuses", {"bob@example.net": "sent", "reject@example.net": "rejected"}, statuses)


@each_vendor
def a_recipient_that_the_gateway_refuses(report, gateway, vendor):
    # django-anymail lets it pass; a response that it cannot read would look like a success.
    refused = send(vendor, to=["bob@example.net", "carol@[not-a-domain"])
    report.same("an exception", True, refused.raised is not None)
    report.same("messages at the relay", 0, len(gateway.caught()))
