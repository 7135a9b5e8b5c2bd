"""What has to come of each cell. The rules are those of docs/errors.md and of docs/reliability.md; the table that follows from
them is scripts/faults.tsv.

1.  A reply counts by its code, however its octets arrive and however long its lines are.
2.  A negative reply decides, whatever the connection does afterwards. 4yz and 421: 503, may be sent again. 5yz: before MAIL
    502, from MAIL on 422; neither may be sent again. Its code is in the response. Nothing was sent.
3.  A reply that breaks the protocol, or octets before the command that they could answer: before the final dot 502, not sent,
    not to be repeated. After it 504, unknown.
4.  Silence, or a reply that does not end in time: before the final dot 504, not sent, may be sent again (502 if it is the
    connection itself that is not set up). After it 504, unknown.
5.  A connection that cannot be made, or breaks: before the final dot 502, not sent, may be sent again. After it 504, unknown.
6.  TLS that fails: 502, not sent, not to be repeated.
7.  An outcome that is unknown is never to be repeated.
8.  A session that has carried a message, and that the relay has given up (5; 421; silence to MAIL) or has had enough of (4yz,
    503 or 530 to MAIL or DATA), is replaced silently, once, if it is the envelope that met it.
9.  An envelope that went out behind another message's content and was lost, mishandled (3, 4) or refused at MAIL is sent
    again, alone.
10. What the relay does after it has confirmed a message changes nothing about it.
11. One refused recipient of two: the message is sent to the other one.
12. The next message, whatever happened to this one, is accepted, with its own reply.
13. A request that is repeated with its Idempotency-Key gets the same response again if that was final (accepted, refused by
    the relay for good, unknown), and the relay sees nothing of it. If nothing was sent and it may be repeated, it is sent.
"""

import collections

from cells import ENVELOPE, SETUP

# `relay`: what the relay had of the message. `-` nothing or a part; `whole` all of it, without a reply; `refused`; `confirmed`.
Expected = collections.namedtuple("Expected", "status stage outcome retryable code relay attempts")

NEXT = {"greeting": "ehlo", "ehlo-tls": "auth", "auth": "mail", "mail": "rcpt", "rcpt": "data", "rcpt2": "data",
        "data": "content", "content": "content"}
CODES = {"refuse4": 451, "refuse421": 421, "refuse503": 503, "refuse530": 530}


def code(cell):
    """The code of the relay's refusal."""
    if cell.kind == "refuse5":
        if cell.stage == "auth":
            return 535
        return 550 if cell.stage in ("mail", "rcpt", "rcpt2") else 554
    return CODES[cell.kind]


def _accepted(attempts="1", status="accepted"):
    return Expected("200", "-", status, "-", "250", "confirmed", attempts)


def _stage(cell):
    if cell.stage == "tls":
        return "connect" if cell.tls == "implicit" else "starttls"
    return {"ehlo-tls": "ehlo", "rcpt2": "rcpt", "final": "content"}.get(cell.stage, cell.stage)


def _next(cell):
    """The stage after one whose reply came with more octets than were asked for."""
    if cell.stage == "starttls":
        return "starttls"
    if cell.stage == "ehlo":
        return "starttls" if cell.tls == "starttls" else "auth"
    # With PIPELINING all commands of the envelope have been sent: the replies are shifted, and DATA meets a 250.
    if cell.pipelining and cell.stage in ("mail", "rcpt", "rcpt2"):
        return "data"
    return NEXT[cell.stage]


def _of_fault(cell):
    """Of a message that meets the fault, on a session that is not replaced."""
    kind, stage = cell.kind, _stage(cell)
    setup, final = cell.stage in SETUP, cell.stage == "final"
    attempts = "0" if setup else "1"
    if cell.stage == "rset":
        # The refusal of DATA before it has decided.
        return Expected("422", "data", "not_sent", "no", "554", "-", "1")
    if kind == "good" or cell.stage == "after":
        return _accepted()
    if kind.startswith("refuse"):
        if cell.stage == "rcpt2" and kind != "refuse421":
            if cell.fault.endswith("close") or cell.fault.endswith("reset"):
                return Expected("502", "data", "not_sent", "yes", "-", "-", attempts)
            if cell.fault.endswith("silent"):
                return Expected("504", "data", "not_sent", "yes", "-", "-", attempts)
            return _accepted(status="partially_accepted")
        transient = code(cell) < 500
        status = "503" if transient else "502" if setup else "422"
        return Expected(status, stage, "not_sent", "yes" if transient else "no", str(code(cell)), "refused" if final else "-",
                        attempts)
    if kind == "unasked" and cell.stage == "data" and cell.fault == "early-5yz":
        # A refusal while the content is on its way is a reply like any other.
        return Expected("422", "content", "not_sent", "no", "554", "-", attempts)
    if final or cell.fault == "early-piece":
        return Expected("504", "content", "unknown", "no", "-", "whole", attempts)
    if kind == "unasked":
        if cell.stage == "auth":
            attempts = "0"
        return Expected("502", _next(cell), "not_sent", "no", "-", "-", attempts)
    if kind in ("violation", "tls"):
        return Expected("502", stage, "not_sent", "no", "-", "-", attempts)
    if kind == "silence":
        return Expected("502" if stage == "connect" else "504", stage, "not_sent", "yes", "-", "-", attempts)
    return Expected("502", stage, "not_sent", "yes", "-", "-", attempts)


def _is_replaced(cell):
    """Rule 8."""
    if cell.stage not in ENVELOPE:
        return False
    if cell.kind in ("refuse4", "refuse503", "refuse530"):
        return cell.stage in ("mail", "data")
    return cell.kind in ("broken", "refuse421") or cell.kind == "silence" and cell.stage == "mail"


def _is_sent_alone(cell):
    """Rules 8 and 9."""
    if cell.stage not in ENVELOPE:
        return False
    if cell.kind in ("violation", "silence") or cell.kind == "unasked" and cell.stage != "data":
        return True
    return cell.stage == "mail" and cell.kind == "refuse5" or _is_replaced(cell)


def expected(cell):
    first = _of_fault(cell)
    again = cell.position == "later" and _is_replaced(cell) or cell.position == "chained" and _is_sent_alone(cell)
    if again:
        first = _accepted("2") if cell.mode == "once" else first._replace(attempts="2")
    # A chained envelope may be taken back, and sent elsewhere, whenever the message in front takes long.
    return first._replace(attempts="*") if cell.position == "chained" else first


def repeated(expectation):
    """What a repeated request with the same Idempotency-Key gets: `replay`, `sent`, or `either`, where nothing is promised."""
    if expectation.status in ("200", "422") or expectation.outcome == "unknown":
        return "replay"
    return "sent" if expectation.retryable == "yes" else "either"
