"""Whether every gateway sends the message it was asked to send: what arrives at a relay is compared with the request."""

import base64
import email
import email.policy
import http.client
import json

import bodies
import load
import relays
from gateways import Setting, started
from workloads import FAST

PATIENCE = 20


def _post(gateway, path, body, content_type="application/json"):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=PATIENCE)
    try:
        connection.request("POST", path, body, {"Content-Type": content_type})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _differences(asked, recipients, octets):
    """What of a message that arrived is not as it was asked for."""
    message = email.message_from_bytes(octets, policy=email.policy.SMTP)
    text = message.get_body(("plain",)).get_content().rstrip().replace("\r\n", "\n")
    attached = [part.get_content() for part in message.iter_attachments()]
    wanted = [base64.b64decode(one["content"]) for one in asked.get("attachments", ())]
    found = {"recipients": recipients == asked["to"], "subject": message["Subject"] == asked["subject"],
             "sender": message["From"].addresses[0].addr_spec == asked["from"], "text": text == asked["text"].rstrip(),
             "attachments": attached == wanted, "date": message["Date"] is not None}
    return [f"{name} differs" for name, same in found.items() if not same]


def _one(gateway, relay, name):
    asked = bodies.make(name)
    status, answer = _post(gateway, "/messages", bodies.encoded(name))
    if status != 200 or json.loads(answer)["code"] != 250:
        return [f"answered {status}"]
    return _differences(asked, *relay.messages.pop())


def _raw(gateway, relay):
    asked = load.HEADER + load.PIECE + b".\r\n"
    status, _ = _post(gateway, "/messages?from=ann@example.org&to=bob@example.net", asked, "message/rfc822")
    if status != 200:
        return [f"answered {status}"]
    # The line of a full stop alone goes to a relay with one more.
    right = (["bob@example.net"], load.HEADER + load.PIECE + b"..\r\n")
    return [] if relay.messages.pop() == right else ["recipients or octets differ"]


def _batch(gateway, relay):
    status, answer = _post(gateway, "/messages/batch", bodies.encoded("batch"))
    codes = [one["code"] for one in json.loads(answer)["results"]] if status == 200 else []
    arrived, relay.messages = len(relay.messages), []
    return [] if codes == [250] * 100 and arrived == 100 else [f"answered {status}, {arrived} of 100 arrived"]


def _not_sent(gateway, relay):
    refused, _ = _post(gateway, "/messages", bodies.encoded("invalid"))
    tried, answer = _post(gateway, "/messages?dry_run=true", bodies.encoded("text"))
    if relay.messages:
        return ["something was sent"]
    return [] if refused == 422 and tried == 200 and bodies.TEXT[:60] in json.loads(answer)["message"] else \
        [f"answered {refused} and {tried}"]


def run(names, options):
    """The faults of each gateway, by what it was asked for."""
    faults = []
    for name in names:
        with relays.ScriptedRelay(keep=True) as relay, started(name, Setting(relay.port), options) as gateway:
            found = {body: _one(gateway, relay, body) for body in ("text", "recipients", "attachment-100000")}
            if name in FAST:
                found |= {"raw": _raw(gateway, relay), "batch": _batch(gateway, relay),
                          "refusal and dry run": _not_sent(gateway, relay)}
        faults += [f"{name}, {what}: {', '.join(wrong)}" for what, wrong in found.items() if wrong]
    return faults
