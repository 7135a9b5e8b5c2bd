"""What the checks share: the gateway, what its relay received, the report, and one message with everything."""

import email
import email.policy
import http.client
import json
import re
import time
import traceback
from dataclasses import dataclass, field

# ---- The message that each SDK sends in its own words.

ANN = ("Änn Müller", "ann@example.org")
BOB = ("Bøb, Jr.", "bob@example.net")
CAROL = ("", "carol@example.net")
DAN = ("Dän", "dan@example.net")
EVE = ("", "eve@example.net")
REPLY = ("Ørsted 漢字", "reply@example.org")
SUBJECT = "Größe 📨 in 漢字"
TEXT = "Wie groß?\n.\n..zwei Punkte\nEnde 漢字"
HTML = '<p>Größe 漢字 <img src="cid:logo.png"></p>'
NOTE = "süß 漢字"
# (name, type, octets, Content-ID)
LETTER = ("größe 📎.txt", "text/plain", "ä\r\nß\n漢字".encode(), None)
REPORT = ("report.pdf", "application/pdf", bytes(range(256)), None)
LOGO = ("logo.png", "image/png", b"\x89PNG\r\n\x1a\n\x00\xff", "logo.png")

# What the relay receives of it.
FULL = {
    "envelope from": "ann@example.org",
    "envelope to": sorted(address for _, address in (BOB, CAROL, DAN, EVE)),
    "From": [ANN], "To": [BOB, CAROL], "Cc": [DAN], "Reply-To": [REPLY], "Bcc": None, "Subject": SUBJECT,
    "text": TEXT, "html": HTML, "attachments": sorted([LETTER, REPORT, LOGO], key=lambda file: file[0]),
    "X-Campaign": "7", "X-Note": NOTE,
}


def mailbox(name, address):
    return f'"{name}" <{address}>' if name else address


# ---- What is read back.

class Caught:
    """A message that the relay received."""

    def __init__(self, envelope, raw):
        self.envelope = envelope
        # Header fields may hold UTF-8 (RFC 6532), which the parser of octets would take for an unknown charset.
        head = raw.split(b"\r\n\r\n", 1)[0].decode()
        self.header = email.message_from_string(head + "\r\n\r\n", policy=email.policy.default)
        self.message = email.message_from_bytes(raw, policy=email.policy.default)

    def __getitem__(self, what):
        match what:
            case "envelope from":
                return self.envelope["from"]
            case "envelope to":
                return sorted(self.envelope["to"])
            case "From" | "To" | "Cc" | "Reply-To":
                fields = self.header.get_all(what, [])
                return [(each.display_name, each.addr_spec) for field in fields for each in field.addresses]
            case "text" | "html":
                part = self.body(what)
                return part and part.get_content().replace("\r\n", "\n").removesuffix("\n")
            case "attachments":
                return sorted((self.file(part) for part in self.leaves()), key=lambda file: file[0])
            case "types":
                return sorted(part.get_content_type() for part in self.message.walk() if not part.is_multipart())
            case _:
                values = self.header.get_all(what)
                return None if values is None else str(values[0]) if len(values) == 1 else list(map(str, values))

    def body(self, kind):
        return self.message.get_body(("plain" if kind == "text" else "html",))

    def leaves(self):
        """The parts that are neither the text nor the HTML, nor a multipart."""
        bodies = [self.body("text"), self.body("html")]
        return [part for part in self.message.walk()
                if not part.is_multipart() and not any(part is body for body in bodies)]

    @staticmethod
    def file(part):
        content_id = part["Content-ID"]
        return (part.get_filename() or "", part.get_content_type(), part.get_payload(decode=True),
                content_id and content_id.strip().strip("<>"))


@dataclass
class Result:
    """What an SDK made of a response."""

    status: int
    headers: dict
    body: object = None
    # The name of the exception's class.
    raised: str | None = None
    message: str = ""
    code: object = None
    id: str | None = None

    def __post_init__(self):
        self.headers = {name.lower(): value for name, value in dict(self.headers).items()}

    @property
    def ignored(self):
        return self.headers.get("x-postern-ignored", "")


@dataclass
class Response:
    """A response to a request that no SDK made."""

    status: int
    headers: dict
    octets: bytes
    json: object = field(default=None)


class Gateway:
    """The gateway under test, and the messages that its relay received."""

    def __init__(self, address, key, limited):
        self.address, self.key = address, key
        # A key that may not send as ann@example.org.
        self.limited = limited
        self.url = f"http://{address}"

    def request(self, method, path, body=None, headers=None):
        """Sends a request with the names of the header fields as they are given. A list is sent in chunks."""
        connection = http.client.HTTPConnection(self.address, timeout=60)
        try:
            connection.request(method, path, body, headers or {}, encode_chunked=isinstance(body, list))
            response = connection.getresponse()
            octets = response.read()
        finally:
            connection.close()
        fields = {name.lower(): value for name, value in response.getheaders()}
        is_json = fields.get("content-type", "").split(";")[0] == "application/json"
        return Response(response.status, fields, octets, json.loads(octets) if is_json else None)

    def read(self, path):
        response = self.request("GET", path, headers={"X-API-Key": self.key})
        assert response.status == 200, (path, response.status, response.octets)
        return response

    def forget(self):
        """Forgets the messages that the relay received."""
        response = self.request("DELETE", "/sandbox/messages", headers={"X-API-Key": self.key})
        assert response.status == 204, response

    def caught(self):
        """The messages that the relay received since the last `forget`, the oldest first."""
        messages = json.loads(self.read("/sandbox/messages").octets)["messages"]
        return [Caught(each["envelope"], self.read(f"/sandbox/messages/{each['id']}/raw").octets)
                for each in reversed(messages)]

    def requests(self):
        """How many requests were answered, but for those of this class; by route.

        A response can be read before it is counted, so two readings have to agree.
        """
        before, counts = None, self.counts()
        while before != counts:
            before, counts = counts, self.counts()
        return counts

    def counts(self):
        counts = {}
        pattern = r'^postern_http_requests_total\{route="([^"]*)",status="[^"]*"\} ([0-9.e+]+)$'
        for route, value in re.findall(pattern, self.read("/metrics").octets.decode(), re.MULTILINE):
            if route != "/metrics" and not route.startswith("/sandbox"):
                counts[route] = counts.get(route, 0) + int(float(value))
        return counts

    def counted(self, before, expected):
        """How many requests were answered since `before`, waiting for as many as are expected."""
        for _ in range(50):
            count = sum(self.requests().values()) - sum(before.values())
            if count >= expected:
                break
            time.sleep(0.1)
        return count


class Cases(list):
    """The checks of a vendor, each a function with this as its decorator."""

    def __call__(self, function):
        self.append(function)
        return function


class Report:
    """Counts the checks, and prints one line for each that fails."""

    def __init__(self):
        self.count = self.failures = 0
        self.name = ""

    def run(self, name, case, *arguments):
        self.name = name
        try:
            case(self, *arguments)
        except Exception as error:
            self.count += 1
            place = traceback.extract_tb(error.__traceback__)
            line = next((each for each in reversed(place) if "/vendors/" in each.filename), place[-1])
            self.fail(f"line {line.lineno}", "no exception", f"{type(error).__name__}: {error}")

    def fail(self, what, expected, got):
        self.failures += 1
        text = f"{self.name}: {what}: expected {expected}, got {got}"
        print(text.replace("\r", "\\r").replace("\n", "\\n")[:1000])

    def same(self, what, expected, got):
        self.count += 1
        if expected != got:
            self.fail(what, repr(expected), repr(got))

    def within(self, what, expected, got):
        """Got is one of what is expected."""
        self.count += 1
        if got not in expected:
            self.fail(what, " or ".join(map(repr, expected)), repr(got))

    def mentions(self, what, words, got):
        """Each of the words stands in what was got, in any case of letters."""
        for word in words:
            self.count += 1
            if word.lower() not in str(got).lower():
                self.fail(what, f"a text with {word!r}", repr(got))

    def message(self, caught, expected):
        """A message that the relay received has what is expected of it."""
        for what, value in expected.items():
            self.same(what, value, caught[what])

    def one(self, gateway, expected):
        """The relay received exactly one message, and it has what is expected of it."""
        messages = gateway.caught()
        self.same("messages at the relay", 1, len(messages))
        if messages:
            self.message(messages[0], expected)
            return messages[0]

    def sent(self, result):
        """The vendor's SDK takes the response for a success."""
        self.same("exception", None, result.raised)
        self.same("X-Postern-Outcome", "accepted", result.headers.get("x-postern-outcome"))

    def refused(self, gateway, result, statuses, words):
        """The vendor's SDK takes the response for an error that names what is wrong, and nothing was sent."""
        self.within("status", statuses, result.status)
        self.mentions("message", words, result.message)
        count = len(gateway.caught())
        self.same("messages at the relay", 0, count)
        if count:
            gateway.forget()


# ---- What is the same with every vendor.

def attachments(message):
    """The types and octets of a message's attachments."""
    return message and [(kind, octets) for _, kind, octets, _ in message["attachments"]]


def idempotency_key(report, gateway, post, reused):
    """The same key and the same message get the first response again, another message does not.

    - post: sends a message with a subject under a key, and returns a Response.
    - reused: the status of another message under the key.
    """
    first, again = (post("Hi", f"once with {report.name}") for _ in range(2))
    report.same("responses", (first.status, first.octets), (again.status, again.octets))
    report.same("Idempotency-Replayed", "true", again.headers.get("idempotency-replayed"))
    report.same("X-Message-Id", first.headers.get("x-message-id"), again.headers.get("x-message-id"))
    report.same("another message", reused, post("Other", f"once with {report.name}").status)
    report.one(gateway, {"Subject": "Hi"})


@dataclass
class Failure:
    """How a vendor's SDK sees a failure: one of the statuses, one of the exceptions, and how many requests it makes."""

    statuses: tuple
    raised: tuple
    requests: int = 1


# The sandbox's recipient, what the relay replies, the outcome, and which of the vendor's failures it is.
RELAY = [
    ("reject@example.net", "550 5.1.1 User unknown", "not_sent", "for good"),
    ("full@example.net", "552 5.2.2 Mailbox full", "not_sent", "for good"),
    ("defer@example.net", "451 4.3.0 Try again later", "not_sent", "later"),
    ("drop@example.net", None, "unknown", "unknown"),
]


def relay_failures(report, gateway, send, failures):
    """Whatever the relay does, the SDK reports it as the vendor's error, and sends the message no second time.

    - send: sends a message to an address, and returns a Result.
    """
    case = report.name
    for recipient, reply, outcome, kind in RELAY:
        report.name = f"{case}, {recipient.split('@')[0]}"
        gateway.forget()
        expected = failures[kind]
        before = gateway.requests()
        result = send(recipient)
        report.within("status", expected.statuses, result.status)
        report.within("exception", expected.raised, result.raised)
        report.same("X-Postern-Outcome", outcome, result.headers.get("x-postern-outcome"))
        if reply:
            report.same("X-Postern-Reply", reply, result.headers.get("x-postern-reply"))
            report.mentions("message", [reply.split()[0], reply.split()[1], reply.split(maxsplit=2)[2]], result.message)
        if kind == "later":
            report.same("Retry-After has digits", True, result.headers.get("retry-after", "").isdigit())
        report.same("requests", expected.requests, gateway.counted(before, expected.requests))
        report.same("messages at the relay", 0, len(gateway.caught()))
        # A message that arrives in between also keeps the relay's circuit breaker closed.
        report.name = f"{case}, after {recipient.split('@')[0]}"
        report.sent(send("bob@example.net"))
        report.one(gateway, {"envelope to": ["bob@example.net"]})
    report.name = case
