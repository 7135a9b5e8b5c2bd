"""Sends messages with the client that scripts/check-client generated, and reads each kind of response."""

import base64
import sys

from postern_client import AuthenticatedClient, Client
from postern_client.api.default import ready, send_batch, send_message
from postern_client.models import (
    Accepted, AcceptedResult, AcceptedStatus, Attachment, DryRun, Envelope, Message, MessageHeadersType0, MessageRecipientPolicy,
    NamedAddress, Problem, ProblemOutcome, ProblemResult, ProblemStage, SendMessageRecipientPolicy, TextForm)

address, key = sys.argv[1:]
client = AuthenticatedClient(base_url=f"http://{address}", token=key, timeout=30)
count = 0


def message(*to, **members):
    return Message(from_="Ann <ann@example.org>", to=list(to), subject="Größe", text="How are you?", **members)


def send(body, status, kind, **parameters):
    """Sends a message; the response has the status and is read as what the contract calls it."""
    global count
    response = send_message.sync_detailed(client=client, body=body, **parameters)
    assert response.status_code == status, (response.status_code, response.content)
    assert isinstance(response.parsed, kind), response.parsed
    count += 1
    return response.parsed


accepted = send(message("bob@example.net"), 200, Accepted)
assert accepted.status is AcceptedStatus.ACCEPTED and accepted.code == 250 and accepted.id.startswith("<")
assert accepted.accepted == ["bob@example.net"] and accepted.rejected == []

everything = message(
    NamedAddress(name="Bob", address="bob@example.net"), "Carol <carol@example.net>", cc="dan@example.net", html="<p>How?</p>",
    headers=MessageHeadersType0.from_dict({"X-Campaign": "7"}), envelope=Envelope(from_="bounces@example.org"),
    attachments=[Attachment(filename="ä.pdf", content=base64.b64encode(b"%PDF").decode())],
    recipient_policy=MessageRecipientPolicy.ALL)
# Other generators send what the contract once called the defaults.
defaults = {"recipient_policy": SendMessageRecipientPolicy.ANY, "require_tls": False, "dry_run": False}
assert len(send(everything, 200, Accepted, **defaults).accepted) == 3

shown = send(everything, 200, DryRun, dry_run=True)
assert shown.envelope.from_ == "bounces@example.org" and "X-Campaign: 7\r\n" in shown.message

partial = send(message("bob@example.net", "reject@example.net"), 200, Accepted)
assert partial.status is AcceptedStatus.PARTIALLY_ACCEPTED
assert [each.address for each in partial.rejected] == ["reject@example.net"] and partial.rejected[0].code == 550

invalid = send(message("bob", "carol@example.net", headers=MessageHeadersType0.from_dict({"Bcc": "x"})), 422, Problem)
assert [error.pointer for error in invalid.errors] == ["/to/0", "/headers/Bcc"] and invalid.outcome is ProblemOutcome.NOT_SENT

refused = send(message("reject@example.net"), 422, Problem)
assert refused.stage is ProblemStage.RCPT and refused.code == 550 and refused.retryable is False and len(refused.rejected) == 1
assert send(message("defer@example.net"), 503, Problem).retryable is True
assert send(message("drop@example.net"), 504, Problem).outcome is ProblemOutcome.UNKNOWN
assert send(message("bob@example.net"), 200, Accepted, idempotency_key="once").id == send(
    message("bob@example.net"), 200, Accepted, idempotency_key="once").id
send(message("carol@example.net"), 422, Problem, idempotency_key="once")
send(TextForm(from_="ann@example.org", to=["bob@example.net"], text="How?"), 200, Accepted)

nobody = send_message.sync_detailed(client=Client(base_url=f"http://{address}"), body=message("bob@example.net"))
assert nobody.status_code == 401 and isinstance(nobody.parsed, Problem), nobody

batch = send_batch.sync(client=client, body=[message("bob@example.net"), message("bob"), message("defer@example.net")])
kinds = [type(result) for result in batch.results]
assert kinds == [AcceptedResult, ProblemResult, ProblemResult], kinds
assert [result.http_status for result in batch.results] == [200, 422, 503]

health = ready.sync(client=client)
assert health.status == "ok" and health.relays[0].error is None, health
print(f"{count} messages and a batch were sent with the generated client, and each response was read")
