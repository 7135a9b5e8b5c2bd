"""What openapi.yaml says in words, for schemathesis: the forms of its strings, and what goes with what.

Loaded by scripts/check-contract. Without it most of what is generated as valid would be refused for its addresses, and the
check that valid data is taken would have to be left out.
"""

import base64
import json
import os
import re
import string

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis.core.parameters import ParameterLocation

# The forms that JSON Schema has no word for. Each is a part of what the gateway takes, with the odd corners in it.
LETTERS = string.ascii_letters + string.digits
label = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12)
domain = st.lists(label, min_size=1, max_size=3).map(".".join) | st.sampled_from(
    ["[192.0.2.1]", "[IPv6:2001:db8::1]", "bücher.example", "παράδειγμα.example"]
)
atom = st.text(LETTERS + "!#$%&'*+-/=?^_`{|}~", min_size=1, max_size=12)
dot_atom = st.lists(atom, min_size=1, max_size=2).map(".".join)
quoted = st.text(LETTERS + ' "\\@,;<>()', max_size=10).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
)
address = st.builds("{}@{}".format, dot_atom | quoted | st.just("δοκιμή"), domain)
phrase = st.lists(atom, min_size=1, max_size=3).map(" ".join)
mailbox = address | st.builds("<{}>".format, address) | st.builds("{} <{}>".format, phrase | quoted, address)
token = st.text(LETTERS + "-+.", min_size=1, max_size=10)
media_type = st.builds("{}/{}".format, st.sampled_from(["application", "text", "image", "audio", "x-new"]), token)


@st.composite
def messages(draw):
    """A message as it is, with CRLF or LF, some of its body beyond ASCII."""
    fields = [f"From: {draw(mailbox)}", "To: " + ", ".join(draw(st.lists(mailbox, min_size=1, max_size=3)))]
    for name in draw(st.lists(st.sampled_from(["Subject", "Comments", "X-Campaign"]), unique=True)):
        fields.append(f"{name}: {draw(phrase)}")
    line_end = draw(st.sampled_from(["\r\n", "\n"]))
    body = draw(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60))
    return line_end.join([*fields, "", body])


schemathesis.openapi.format("address", address)
schemathesis.openapi.format("mailbox", mailbox)
schemathesis.openapi.format("mailbox-list", st.lists(mailbox, min_size=1, max_size=3).map(", ".join))
schemathesis.openapi.format(
    "media-type", media_type | st.builds("{}; {}={}".format, media_type, st.sampled_from(["name", "method"]), token)
)
schemathesis.openapi.format("base64", st.binary(max_size=60).map(lambda octets: base64.b64encode(octets).decode()))
schemathesis.openapi.format("message", messages())


@schemathesis.serializer("message/rfc822")
def as_it_is(context, value):
    if isinstance(value, bytes):
        return value
    return (value if isinstance(value, str) else json.dumps(value)).encode()


FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


def is_valid(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


def is_negated(case, location):
    component = case.meta.components.get(location)
    return component is not None and component.mode.is_negative


def operation(case):
    return case.operation.definition.raw.get("operationId")


def is_vendors(case):
    return bool(case.operation.definition.raw.get("tags"))


@schemathesis.hook
def filter_case(context, case):
    """Leaves out what is called invalid and is not once it is sent: a number in a form is text there, and may be right; of a
    query parameter that is an empty list nothing is left. An empty flag is true, an empty reverse-path is the null one, and
    null is the same as nothing, for which the contract has no word that generators of clients understand. An object in the
    place of a message is sent as JSON text, which may begin with what is a name, a colon and a value: a header field."""
    if is_negated(case, ParameterLocation.BODY) and case.media_type == "message/rfc822" and isinstance(case.body, (dict, list)):
        return False
    if is_negated(case, ParameterLocation.QUERY) and any(value in ([], {}, None, "") for value in case.query.values()):
        return False
    if is_negated(case, ParameterLocation.BODY) and case.media_type == "application/json" and holds_null(case.body):
        return False
    # In the formats of other vendors, more values say nothing.
    if is_negated(case, ParameterLocation.BODY) and is_vendors(case) and holds_nothing(case.body):
        return False
    if is_valid(case) or case.media_type not in FORMS or not isinstance(case.body, dict):
        return True
    values = [each for value in case.body.values() for each in (value if isinstance(value, list) else [value])]
    return all(isinstance(value, (str, bytes)) for value in values)


def holds_null(value):
    if isinstance(value, (dict, list)):
        return any(map(holds_null, value.values() if isinstance(value, dict) else value))
    return value is None or value == ""


def holds_nothing(value):
    if isinstance(value, (dict, list)):
        return not value or any(map(holds_nothing, value.values() if isinstance(value, dict) else value))
    return value in (None, "", "None", False)


def is_empty(value):
    return value is None or value == []


def completed(message):
    """A message of the schema with what the contract asks for in words."""
    if not isinstance(message, dict):
        return message
    message = dict(message)
    envelope = message.get("envelope")
    if isinstance(envelope, dict) and envelope.get("to", ...) == []:
        message["envelope"] = {**envelope, "to": ["bob@example.net"]}
    named = [message.get(name) for name in ("to", "cc", "bcc", "envelope[to]")]
    named.append((message.get("envelope") or {}).get("to") if isinstance(message.get("envelope"), dict) else None)
    if all(map(is_empty, named)):
        message["to"] = ["bob@example.net"]
    for alternative in message.get("alternatives") or []:
        if alternative.get("encoding") == "base64":
            alternative["content"] = base64.b64encode(alternative["content"].encode(errors="replace")).decode()
    identifiers = set()
    for attachment in message.get("attachments") or []:
        identifier = (attachment.get("content_id") or "").strip("<>")
        if identifier in identifiers:
            attachment.pop("content_id", None)
        identifiers.add(identifier)
    for place, name in ((message.get("dsn"), "notify"), (message, "dsn[notify]")):
        if isinstance(place, dict) and "never" in (place.get(name) or []):
            place[name] = ["never"]
    return message


@schemathesis.hook
def before_call(context, case, kwargs):
    # A wait that is valid is waited for, whatever else is wrong with the request.
    if operation(case) == "listSandboxMessages" and re.fullmatch(r"\d+(ms|s|m)", str((case.query or {}).get("wait", ""))):
        case.query["wait"] = "5ms"
    if not is_valid(case):
        return
    if operation(case) == "sendBatch" and isinstance(case.body, list):
        case.body = [completed(message) for message in case.body]
    if operation(case) == "sendMessage":
        case.body = completed(case.body)
        # schemathesis sends a file only under a name that the contract lists, and these names are a pattern.
        if case.media_type == "multipart/form-data" and isinstance(case.body, dict):
            case.body = {name: value for name, value in case.body.items() if not name.startswith("inline[")}
    # Nearly every id that is generated names no message, so every other time there is one, and it is asked for.
    if "Sandbox" in operation(case) and "id" in (case.path_parameters or {}) and len(case.path_parameters["id"]) % 2 == 0:
        base = case.operation.schema.get_base_url()
        headers = {"X-API-Key": os.environ["CONTRACT_KEY"]} if os.environ["CONTRACT_KEY"] else {}
        message = {"from": "ann@example.org", "to": "bob@example.net", "text": "How are you?", "html": "<p>How are you?",
                   "attachments": [{"filename": "a.pdf", "content": "aGVsbG8="}]}
        if "index" in case.path_parameters and is_valid(case):
            case.path_parameters["index"] = 0
        requests.post(base + "/messages", json=message, headers=headers, timeout=20).raise_for_status()
        caught = requests.get(base + "/sandbox/messages", headers=headers, timeout=20).json()["messages"]
        case.path_parameters["id"] = caught[0]["id"]


@schemathesis.check
def messages_are_what_the_contract_calls_them(context, response, case):
    """A valid message is not taken for an invalid one, also in a batch; and a batch names the message that is invalid.

    The checks that schemathesis has look at the status only, and a 422 may be the relay's, too.
    """
    if case.meta is None or operation(case) not in ("sendMessage", "sendBatch"):
        return
    if response.status_code not in (200, 422):
        return
    answer = response.json()
    kinds = [each.get("type", "").rsplit("/", 1)[-1] for each in answer.get("results", [answer])]
    refusals = {"invalid-message", "invalid-idempotency-key"} & set(kinds)
    if is_valid(case):
        assert not refusals, f"a valid request was refused: {kinds}"
    elif response.status_code == 200 and is_negated(case, ParameterLocation.BODY):
        # Behind a message that was not accepted, with on_error=stop, nobody has looked.
        assert refusals or "batch-stopped" in kinds, f"an invalid request was taken: {kinds}"
