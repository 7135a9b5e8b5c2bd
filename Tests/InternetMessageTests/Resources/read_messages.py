"""Reads messages with Python's email package and compares every field that went in.

The argument names a JSON file: a list of objects with the message in base64 and what it was made of.
Prints one line for each difference; the exit status is 1 when there is one.
"""

import base64
import email
import email.header
import email.policy
import email.utils
import json
import re
import sys


def lines(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")


def mailboxes(message, name):
    """Names and addresses, the names decoded as RFC 2047 says: white space between encoded words does not count."""
    field = message[name]
    if field is None:
        return []
    raw = [value for key, value in message.raw_items() if key.lower() == name.lower()][0]
    parsed = [[address.display_name, address.addr_spec] for address in field.addresses]
    # Python 3.11 keeps that white space in display names (CPython issue 92081 and relatives), so where there are
    # encoded words the names come from the older decoder.
    if "=?" in raw:
        pairs = email.utils.getaddresses([raw.replace("\r\n", "")])
        parsed = [[str(email.header.make_header(email.header.decode_header(n))), a] for n, a in pairs]
    return parsed


def leaves(part):
    if part.is_multipart() and part.get_content_maintype() == "multipart":
        return [leaf for child in part.iter_parts() for leaf in leaves(child)]
    return [part]


def could_be_folded(line):
    """Whether a line of more than 78 octets has white space, apart from its first and what is in quotes."""
    rest = re.sub(rb'"(?:[^"\\]|\\.)*"', b"", line).split(b": ")[-1]
    return len(line) > 78 and b" " in rest[1:]


def differences(case):
    octets = base64.b64decode(case["message"])
    message = email.message_from_bytes(octets, policy=email.policy.default)
    want = case["expected"]

    def same(what, got, wanted):
        if got != wanted:
            yield f"{case['id']}: {what}: {got!r:.300} instead of {wanted!r:.300}"

    yield from same("header names", sorted(message.keys()), sorted(want["names"]))
    for name in ("From", "To", "Cc", "Reply-To"):
        yield from same(name, mailboxes(message, name), want["mailboxes"].get(name, []))
    subject = message["Subject"]
    yield from same("Subject", None if subject is None else str(subject), want.get("subject"))
    for name, value in want["headers"].items():
        yield from same(name, str(message[name]), value)
    yield from same("Message-ID", str(message["Message-ID"]), want["messageID"])
    yield from same("Date", message["Date"].datetime.timestamp(), want["date"])
    parts = leaves(message)
    yield from same("types", [p.get_content_type() for p in parts], [p["type"] for p in want["parts"]])
    for number, (part, wanted) in enumerate(zip(parts, want["parts"])):
        got = part.get_payload(decode=True)
        if wanted["isText"]:
            yield from same(f"part {number} charset", part.get_content_charset(), "utf-8")
            yield from same(f"part {number}", lines(got.decode()), lines(base64.b64decode(wanted["content"]).decode()))
        else:
            yield from same(f"part {number}", got, base64.b64decode(wanted["content"]))
        # Not get_filename(), which strips white space.
        disposition = part["Content-Disposition"]
        filename = disposition.params.get("filename") if disposition else None
        yield from same(f"part {number} filename", filename, wanted.get("filename"))
        yield from same(f"part {number} disposition", part.get_content_disposition(), wanted.get("disposition"))
        identifier = part["Content-ID"]
        yield from same(f"part {number} id", identifier and str(identifier), wanted.get("contentID"))
    for part in message.walk():
        yield from same("defects", [repr(d) for d in part.defects], [])
        for name, value in part.items():
            yield from same(f"defects of {name}", [repr(d) for d in value.defects], [])
    head = octets.split(b"\r\n\r\n")[0].split(b"\r\n")
    yield from same("longest line", max(map(len, octets.split(b"\r\n"))) <= 998, True)
    yield from same("lines that could be folded", [line for line in head if could_be_folded(line)], [])
    if not want["needsSMTPUTF8"]:
        yield from same("ASCII", octets.isascii(), True)


cases = json.load(open(sys.argv[1], encoding="utf-8"))
found = [difference for case in cases for difference in differences(case)]
print("\n".join(found[:20]))
print(f"{len(cases)} messages, {len(found)} differences")
sys.exit(1 if found else 0)
