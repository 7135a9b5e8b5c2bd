"""Reads messages with GMime and compares every field that went in.

The argument names a JSON file: a list of objects with the message in base64 and what it was made of.
Prints one line for each difference; the exit status is 1 when there is one.
"""

import base64
import json
import os
import sys

import gi

gi.require_version("GMime", "3.0")
from gi.repository import GMime  # noqa: E402

GMime.init()


def lines(text):
    return text.replace("\r\n", "\n").replace("\r", "\n")


def mailboxes(addresses):
    found = []
    for index in range(addresses.length() if addresses else 0):
        address = addresses.get_address(index)
        # Not get_addr(), which shows A-labels as U-labels.
        found.append([address.get_name() or "", address.get_idn_addr()])
    return found


def leaves(part):
    if isinstance(part, GMime.Multipart):
        return [leaf for index in range(part.get_count()) for leaf in leaves(part.get_part(index))]
    return [part]


def content(part):
    """The decoded octets, by way of a file in memory."""
    wrapper = part.get_content()
    if wrapper is None:
        return b""
    number = os.memfd_create("content")
    stream = GMime.StreamFs.new(os.dup(number))
    wrapper.write_to_stream(stream)
    stream.flush()
    stream.close()
    os.lseek(number, 0, os.SEEK_SET)
    with os.fdopen(number, "rb") as file:
        return file.read()


def differences(case):
    octets = base64.b64decode(case["message"])
    message = GMime.Parser.new_with_stream(GMime.StreamMem.new_with_buffer(octets)).construct_message(None)
    want = case["expected"]

    def same(what, got, wanted):
        if got != wanted:
            yield f"{case['id']}: {what}: {got!r:.300} instead of {wanted!r:.300}"

    def trimmed(found):
        # GMime takes white space from the ends of a name even where it is encoded.
        return [[name.strip(" "), address] for name, address in found]

    headers = message.get_header_list()
    names = [headers.get_header_at(index).get_name() for index in range(headers.get_count())]
    body = message.get_mime_part()
    own = [name for name in want["names"] if not name.startswith("Content-")]
    yield from same("header names", sorted(names), sorted(own))
    for name, addresses in (
            ("From", message.get_from()), ("To", message.get_to()), ("Cc", message.get_cc()),
            ("Reply-To", message.get_reply_to())):
        yield from same(name, mailboxes(addresses), trimmed(want["mailboxes"].get(name, [])))
    yield from same("Subject", message.get_subject(), want.get("subject"))
    for name, value in want["headers"].items():
        yield from same(name, headers.get_header(name).get_value(), value)
    yield from same("Message-ID", f"<{message.get_message_id()}>", want["messageID"])
    yield from same("Date", message.get_date().to_unix(), want["date"])
    parts = leaves(body)
    yield from same("types", [p.get_content_type().get_mime_type() for p in parts], [p["type"] for p in want["parts"]])
    for number, (part, wanted) in enumerate(zip(parts, want["parts"])):
        got = content(part)
        if wanted["isText"]:
            yield from same(f"part {number} charset", part.get_content_type().get_parameter("charset"), "utf-8")
            yield from same(f"part {number}", lines(got.decode()), lines(base64.b64decode(wanted["content"]).decode()))
        else:
            yield from same(f"part {number}", got, base64.b64decode(wanted["content"]))
        yield from same(f"part {number} filename", part.get_filename(), wanted.get("filename"))
        yield from same(f"part {number} disposition", part.get_disposition(), wanted.get("disposition"))
        identifier = part.get_content_id()
        yield from same(f"part {number} id", identifier and f"<{identifier}>", wanted.get("contentID"))


cases = json.load(open(sys.argv[1], encoding="utf-8"))
found = [difference for case in cases for difference in differences(case)]
print("\n".join(found[:20]))
print(f"{len(cases)} messages, {len(found)} differences")
sys.exit(1 if found else 0)
