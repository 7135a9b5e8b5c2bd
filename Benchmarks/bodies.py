"""The request bodies, each a file that the load generators read."""

import functools
import json

# 1 KB of text.
TEXT = "How are you then, and how are those around you? We are all fine\n" * 16
# 48 octets are 64 characters of base64; nothing repeats within a line of 76.
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def _message(**members):
    return {"from": "ann@example.org", "to": ["bob@example.net"], "subject": "How are you?", "text": TEXT, **members}


def _attached(octets):
    content = (BASE64 * (octets // 48 + 1))[:octets // 3 * 4]
    return _message(attachments=[{"filename": "file.bin", "content": content}])


def make(name):
    """The body of that name as a value: text, recipients, invalid, batch or attachment-OCTETS."""
    if name == "recipients":
        return _message(to=[f"recipient{number}@example.net" for number in range(10)])
    if name == "invalid":
        return _message(to=[])
    if name == "batch":
        return [_message() for _ in range(100)]
    if name.startswith("attachment-"):
        return _attached(int(name.partition("-")[2]))
    return _message()


def encoded(name):
    return json.dumps(make(name)).encode()


@functools.cache
def file(work, name):
    """The path of the file with that body, written when it is first asked for."""
    path = f"{work}/body-{name}.json"
    with open(path, "wb") as to:
        to.write(encoded(name))
    return path
