"""Checks the API of Resend with resend-python, and with what resend-node and resend-go send."""

import base64
import json

import resend
from resend.exceptions import ResendError

from .support import (
    ANN, BOB, CAROL, DAN, EVE, FULL, HTML, LETTER, LOGO, NOTE, REPLY, REPORT, SUBJECT, TEXT, Cases, Failure, Result,
    mailbox, relay_failures)

NAME = "Resend"
CASES = case = Cases()
FAILURES = {
    "for good": Failure((422,), ("ValidationError",)),
    "later": Failure((429, 503), ("RateLimitError", "ResendError")),
    "unknown": Failure((409,), ("ResendError",)),
}
SMALL = {"from": "ann@example.org", "to": "bob@example.net", "subject": "Hi", "text": "How are you?"}


def connect(gateway):
    resend.api_url, resend.api_key = gateway.url, gateway.key


def result(call, *arguments):
    try:
        body = call(*arguments)
    except ResendError as error:
        return Result(error.code, error.headers, raised=type(error).__name__, message=error.message,
                      code=error.error_type)
    return Result(200, body["http_headers"], body, id=body.get("id"))


def send(params=(), options=None, without=(), **more):
    params = {**SMALL, **dict(params), **more}
    return result(resend.Emails.send, {name: params[name] for name in params if name not in without}, options)


def batch(messages, **options):
    return result(resend.Batch.send, messages, options)


def attachment(file, content, **more):
    return {"filename": file[0], "content": content, **more}


def full(*attachments):
    return {
        "from": mailbox(*ANN), "to": [mailbox(*BOB), mailbox(*CAROL)], "cc": mailbox(*DAN), "bcc": [mailbox(*EVE)],
        "reply_to": mailbox(*REPLY), "subject": SUBJECT, "text": TEXT, "html": HTML,
        "headers": {"X-Campaign": "7", "X-Note": NOTE}, "attachments": list(attachments)}


@case
def a_message_with_everything(report, gateway):
    sent = send(full(
        attachment(LETTER, list(LETTER[2])),
        attachment(REPORT, base64.b64encode(REPORT[2]).decode(), content_type="application/pdf"),
        attachment(LOGO, list(LOGO[2]), content_type="image/png", inline_content_id="logo.png")))
    report.sent(sent)
    report.one(gateway, {**FULL, "Message-ID": f"<{sent.id}@example.org>"})
    report.same("ignored", "", sent.ignored)


@case
def what_resend_node_sends(report, gateway):
    def buffer(file):
        return attachment(file, {"type": "Buffer", "data": list(file[2])})

    message = full(buffer(LETTER), buffer(REPORT), {**buffer(LOGO), "content_id": "logo.png"})
    body = json.dumps(message, ensure_ascii=False)
    headers = {"authorization": f"Bearer {gateway.key}", "content-type": "application/json",
               "user-agent": "resend-node:6.22.0", "accept": "*/*"}
    response = gateway.request("POST", "/emails", body.encode(), headers)
    report.same("status", 200, response.status)
    report.one(gateway, {**FULL, "Message-ID": f"<{(response.json or {}).get('id')}@example.org>"})
    for key, expected in ("node-1", 1), ("node-1", 1), ("node-2", 2):
        gateway.forget()
        message = {**SMALL, "subject": key}
        response = gateway.request(
            "POST", "/emails/batch", json.dumps([message] * expected).encode(),
            {**headers, "x-batch-validation": "strict", "idempotency-key": key})
        report.same("status of a batch", 200, response.status)
        report.same("ids of a batch", expected, len((response.json or {}).get("data", [])))


@case
def what_resend_go_sends(report, gateway):
    body = json.dumps({**SMALL, "to": ["bob@example.net"], "attachments": [attachment(REPORT, list(REPORT[2]))]}) + "\n"
    response = gateway.request(
        "POST", "/emails", [body[:10].encode(), body[10:].encode()],
        {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json; charset=utf-8",
         "User-Agent": "resend-go/2.0", "Authorization": f"Bearer {gateway.key}"})
    report.same("status", 200, response.status)
    report.one(gateway, {"attachments": [REPORT]})


@case
def addresses_as_text_and_as_lists(report, gateway):
    for to, cc, expected in [
        ("bob@example.net", None, ["bob@example.net"]),
        (["bob@example.net"], "Carol <carol@example.net>", ["bob@example.net", "carol@example.net"]),
        ("<bob@example.net>", [], ["bob@example.net"]),
    ]:
        gateway.forget()
        report.sent(send(to=to, cc=cc))
        report.one(gateway, {"envelope to": expected, "Cc": [("Carol", "carol@example.net")] if cc else []})


@case
def fields_that_say_nothing(report, gateway):
    nothing = {"cc": None, "bcc": [], "reply_to": "", "html": None, "headers": {}, "attachments": [], "tags": [],
               "scheduled_at": None, "template": None, "topic_id": ""}
    sent = send(nothing)
    report.sent(sent)
    report.same("ignored", "", sent.ignored)
    report.one(gateway, {"text": "How are you?", "html": None, "Cc": [], "Reply-To": [], "attachments": []})


@case
def an_empty_text_beside_html(report, gateway):
    report.sent(send(text="", html="<p>How are you?</p>"))
    report.one(gateway, {"text": None, "html": "<p>How are you?</p>", "types": ["text/html"]})


@case
def ignored_fields(report, gateway):
    sent = send(tags=[{"name": "a", "value": "b"}], topic_id="topic-1")
    report.sent(sent)
    report.mentions("X-Postern-Ignored", ["tags", "topic_id"], sent.ignored)
    report.one(gateway, {"text": "How are you?"})


@case
def refused_fields(report, gateway):
    for field, value in [
        ("scheduled_at", "2030-01-01T00:00:00Z"),
        ("template", {"id": "welcome", "variables": {"a": 1}}),
    ]:
        refused = send({field: value})
        report.refused(gateway, refused, (400, 422), [field])
        report.same("exception", "ValidationError", refused.raised)
    refused = send(attachments=[{"path": "https://example.org/a.pdf", "filename": "a.pdf"}])
    report.refused(gateway, refused, (422,), ["path"])
    report.within("name", ("invalid_attachment", "validation_error"), refused.code)


@case
def invalid_messages(report, gateway):
    for params, without, raised, word in [
        ({}, ["to"], "MissingRequiredFieldsError", "to"),
        ({}, ["from"], "MissingRequiredFieldsError", "from"),
        ({"to": ["bob@example.net", "nonsense"]}, [], "ValidationError", "to"),
        ({"from": "Ann <ann@>"}, [], "ValidationError", "from"),
        ({"cc": ["bob@example.net", "x y"]}, [], "ValidationError", "cc"),
        ({"headers": {"Bcc": "eve@example.net"}}, [], "ValidationError", "Bcc"),
        ({"to": [f"bob{n}@example.net" for n in range(51)]}, [], "ValidationError", "to"),
    ]:
        refused = send(params, without=without)
        report.refused(gateway, refused, (400, 422), [word])
        report.same(f"exception for {word}", raised, refused.raised)
    refused = send(attachments=[{"filename": "a.pdf", "content": "no base64!"}])
    report.refused(gateway, refused, (422,), ["attachment"])
    report.within("name", ("invalid_attachment", "validation_error"), refused.code)


@case
def wrong_keys(report, gateway):
    resend.api_key = "wrong-key-0123456789"
    refused = send()
    resend.api_key = gateway.key
    expected = (401, "validation_error"), (403, "invalid_api_key")
    report.within("status and name", expected, (refused.status, refused.code))
    resend.api_key = gateway.limited
    refused = send()
    resend.api_key = gateway.key
    report.refused(gateway, refused, (403,), ["`from`", "may not send as ann@example.org"])
    response = gateway.request("POST", "/emails", json.dumps(SMALL).encode(), {"Content-Type": "application/json"})
    report.same("status without a key", 401, response.status)
    report.same("name without a key", "missing_api_key", (response.json or {}).get("name"))
    report.same("messages at the relay", 0, len(gateway.caught()))


@case
def failures_of_the_relay(report, gateway):
    relay_failures(report, gateway, lambda to: send(to=[to]), FAILURES)


@case
def a_recipient_that_is_refused(report, gateway):
    sent = send(to=["bob@example.net", "reject@example.net"])
    report.same("exception", None, sent.raised)
    report.same("X-Postern-Outcome", "partially_accepted", sent.headers.get("x-postern-outcome"))
    report.one(gateway, {"envelope to": ["bob@example.net"]})


@case
def idempotency_keys(report, gateway):
    first, again = (send(options={"idempotency_key": "once"}) for _ in range(2))
    report.sent(first)
    report.same("id", first.id, again.id)
    report.same("Idempotency-Replayed", "true", again.headers.get("idempotency-replayed"))
    report.one(gateway, {"Message-ID": f"<{first.id}@example.org>"})
    other = send(options={"idempotency_key": "once"}, subject="Other")
    report.same("status and name", (409, "invalid_idempotent_request"), (other.status, other.code))
    long = send(options={"idempotency_key": "k" * 257})
    report.same("status and name", (400, "invalid_idempotency_key"), (long.status, long.code))
    report.one(gateway, {})


@case
def a_key_that_is_free_again(report, gateway):
    for _ in range(2):
        refused = send(to="defer@example.net", options={"idempotency_key": "deferred"})
        report.within("status", (429, 503), refused.status)
        report.same("Idempotency-Replayed", None, refused.headers.get("idempotency-replayed"))


@case
def an_unknown_outcome_under_a_key(report, gateway):
    before = gateway.requests()
    first, again = (send(to="drop@example.net", options={"idempotency_key": "dropped"}) for _ in range(2))
    report.same("status", (409, 409), (first.status, again.status))
    report.same("X-Postern-Outcome", "unknown", again.headers.get("x-postern-outcome"))
    report.same("requests", 2, gateway.counted(before, 2))
    report.sent(send())


@case
def batches(report, gateway):
    sent = batch([{**SMALL, "subject": f"{n}"} for n in range(3)])
    report.same("exception", None, sent.raised)
    ids = [each["id"] for each in sent.body["data"]] if sent.body else []
    caught = {each["Subject"]: each["Message-ID"] for each in gateway.caught()}
    report.same("Message-IDs", {f"{n}": f"<{id}@example.org>" for n, id in enumerate(ids)}, caught)
    report.same("different ids", 3, len(set(ids)))


@case
def invalid_messages_in_batches(report, gateway):
    bad = {**SMALL, "to": "nonsense"}
    for options in {}, {"batch_validation": "strict"}:
        refused = batch([SMALL, bad], **options)
        report.refused(gateway, refused, (400, 422), ["1", "to"])
        report.same("exception", "ValidationError", refused.raised)
    sent = batch([SMALL, bad, {**SMALL, "subject": "third"}], batch_validation="permissive")
    report.same("exception", None, sent.raised)
    body = sent.body or {}
    report.same("ids", 2, len(body.get("data", [])))
    report.same("indexes of errors", [1], [each["index"] for each in body.get("errors", [])])
    report.mentions("message", ["to"], (body.get("errors") or [{}])[0].get("message"))
    report.same("subjects", ["Hi", "third"], sorted(each["Subject"] for each in gateway.caught()))
    for messages, word in [
        ([SMALL] * 101, "100"),
        ([SMALL, {**SMALL, "attachments": [attachment(REPORT, "AAAA")]}], "attachments"),
        ([SMALL, {**SMALL, "scheduled_at": "2030-01-01T00:00:00Z"}], "scheduled_at"),
        ([], ""),
    ]:
        gateway.forget()
        report.refused(gateway, batch(messages), (400, 413, 422), [word])


@case
def refused_messages_in_batches(report, gateway):
    before = gateway.requests()
    messages = [SMALL, {**SMALL, "to": "reject@example.net"}, {**SMALL, "subject": "third"}]
    sent = batch(messages, batch_validation="permissive")
    report.same("exception", None, sent.raised)
    body = sent.body or {}
    report.same("ids", 2, len(body.get("data", [])))
    report.same("indexes of errors", [1], [each["index"] for each in body.get("errors", [])])
    report.mentions("message", ["550 5.1.1 User unknown"], body.get("errors"))
    report.same("subjects", ["Hi", "third"], sorted(each["Subject"] for each in gateway.caught()))
    report.same("requests", 1, gateway.counted(before, 1))


@case
def batches_under_a_key(report, gateway):
    first, again = (batch([SMALL, SMALL], idempotency_key="batch") for _ in range(2))
    report.same("exceptions", (None, None), (first.raised, again.raised))
    report.same("ids", first.body and first.body["data"], again.body and again.body["data"])
    report.same("messages at the relay", 2, len(gateway.caught()))
    other = batch([SMALL], idempotency_key="batch")
    report.same("status and name", (409, "invalid_idempotent_request"), (other.status, other.code))


@case
def requests_that_are_no_message(report, gateway):
    headers = {"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json"}
    for method, path, body, changes, statuses in [
        ("POST", "/emails", b"{", {}, (400, 422)),
        ("POST", "/emails", b"[]", {}, (400, 422)),
        ("POST", "/emails/batch", b"{}", {}, (400, 422)),
        ("POST", "/emails", b"{}", {"Content-Type": "text/plain"}, (400, 415, 422)),
        ("PUT", "/emails", b"{}", {}, (405,)),
        ("POST", "/emails/5f3c1f0a-0000-4000-8000-000000000001/cancel", b"{}", {}, (404, 405, 422)),
    ]:
        response = gateway.request(method, path, body, {**headers, **changes})
        what = f"{method} {path} {body!r}"
        report.within(f"{what}: status", statuses, response.status)
        report.same(f"{what}: members", {"statusCode", "name", "message"}, set(response.json or {}))
        report.same(f"{what}: statusCode", response.status, (response.json or {}).get("statusCode"))
