"""Reads messages as most Python programs do, with the default policy of the email package, and compares what went in.

The argument names a JSON file: a list of objects with the message in base64 and what it was made of.
Prints one line for each difference; the exit status is 1 when there is one.
"""

import base64
import email
import email.header
import email.utils
import json
import sys


def lines(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")


def words(text):
    """A text without the white space and the quotes that this reader does not keep."""
    return None if text is None else " ".join(text.translate(quotes).split())


quotes = {ord(character): None for character in '"\\<>'}


def decoded(value):
    return None if value is None else str(email.header.make_header(email.header.decode_header(value.replace("\r\n", ""))))


def mailboxes(message, name):
    pairs = email.utils.getaddresses([value.replace("\r\n", "") for value in message.get_all(name, [])])
    return [[words(decoded(display)), address] for display, address in pairs]


def differences(case):
    message = email.message_from_bytes(base64.b64decode(case["message"]))
    want = case["expected"]

    def same(what, got, wanted):
        if got != wanted:
            yield f"{case['id']}: {what}: {got!r:.300} instead of {wanted!r:.300}"

    for name in ("From", "To", "Cc", "Reply-To"):
        wanted = [[words(display), address] for display, address in want["mailboxes"].get(name, [])]
        yield from same(name, mailboxes(message, name), wanted)
    yield from same("Subject", words(decoded(message["Subject"])), words(want.get("subject")))
    yield from same("Message-ID", message["Message-ID"], want["messageID"])
    yield from same("Date", email.utils.parsedate_to_datetime(message["Date"]).timestamp(), want["date"])
    parts = [part for part in message.walk() if part.get_content_maintype() != "multipart"]
    yield from same("types", [p.get_content_type() for p in parts], [p["type"] for p in want["parts"]])
    for number, (part, wanted) in enumerate(zip(parts, want["parts"])):
        got = part.get_payload(decode=True)
        if wanted["isText"]:
            yield from same(f"part {number}", lines(got.decode()), lines(base64.b64decode(wanted["content"]).decode()))
        else:
            yield from same(f"part {number}", got, base64.b64decode(wanted["content"]))
        yield from same(f"part {number} filename", words(part.get_filename()), words(wanted.get("filename")))
        yield from same(f"part {number} disposition", part.get_content_disposition(), wanted.get("disposition"))
    for part in message.walk():
        yield from same("defects", [repr(d) for d in part.defects], [])


cases = json.load(open(sys.argv[1], encoding="utf-8"))
found = [difference for case in cases for difference in differences(case)]
print("\n".join(found[:20]))
print(f"{len(cases)} messages, {len(found)} differences")
sys.exit(1 if found else 0)
