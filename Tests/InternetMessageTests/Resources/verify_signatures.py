"""Verifies DKIM signatures with dkimpy, and that changes on the way void them.

The argument names a JSON file: a list of objects with the message in base64, the records of the DNS, and the number of
signatures. Prints one line for each fault; the exit status is 1 when there is one.
"""

import base64
import json
import re
import sys

import dkim


def verified(case, message):
    def record(name, timeout=5):
        return case["records"].get(name.decode().rstrip("."), "").encode()

    def one(index):
        try:
            return dkim.DKIM(message).verify(idx=index, dnsfunc=record)
        except dkim.DKIMException:
            return False

    return [one(index) for index in range(case["signatures"])]


def changed(message):
    """What servers and others could do to a message, by name."""
    head, body = message.split(b"\r\n\r\n", 1)
    yield "a second From", b"From: evil@example.com\r\n" + message
    yield "a second Subject behind", head + b"\r\nSubject: evil\r\n\r\n" + body
    yield "a second Content-Type", b"Content-Type: text/html\r\n" + message
    yield "another author", message.replace(b"\r\nFrom: ", b"\r\nFrom: x", 1)
    yield "no Date", re.sub(rb"\r\nDate: [^\r]*", b"", message, count=1)
    yield "a longer body", message + b"x"
    yield "another first octet", head + b"\r\n\r\n" + (b"R" if body.startswith(b"Q") else b"Q") + body[1:]


def unchanged(message):
    """What relaxed canonicalisation allows."""
    head, body = message.split(b"\r\n\r\n", 1)
    yield "as it is", message
    yield "a trace field in front", b"Received: from x by y; Tue, 1 Jul 2025 08:30:00 +0000\r\n" + message
    yield "empty lines at the end", message.rstrip(b"\r\n") + b"\r\n\r\n\r\n" if body.strip() else message
    yield "names in upper case", message.replace(b"\r\nFrom:", b"\r\nFROM:", 1)
    yield "other folds", message.replace(b"\r\nSubject: ", b"\r\nSubject:\r\n\t ", 1)


def faults(case):
    message = base64.b64decode(case["message"])
    if len(re.findall(rb"(?im)^dkim-signature:", message.split(b"\r\n\r\n")[0])) != case["signatures"]:
        yield f"{case['id']}: not {case['signatures']} signatures"
    if max(map(len, message.split(b"\r\nDate: ")[0].split(b"\r\n"))) > 78:
        yield f"{case['id']}: a line of more than 78 octets"
    for what, other in unchanged(message):
        if not all(verified(case, other)):
            yield f"{case['id']}: {what}: {verified(case, other)}"
    for what, other in changed(message):
        if any(verified(case, other)):
            yield f"{case['id']}: {what} was not found: {verified(case, other)}"


cases = json.load(open(sys.argv[1], encoding="utf-8"))
found = [fault for case in cases for fault in faults(case)]
print("\n".join(found[:20]))
print(f"{len(cases)} messages, {len(found)} faults")
sys.exit(1 if found else 0)
