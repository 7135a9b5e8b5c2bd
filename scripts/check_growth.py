"""Sends requests in sizes that double, and checks what they cost. Started by scripts/check-growth.

Each kind of input is a function of a size. It is doubled until its response takes long enough to be measured, or until a
limit of the gateway ends it. The times of n, 2n, 4n and 8n are measured several times, and the best of each counts: noise only
ever adds to a time. Linear work takes 8 times as long for 8n as for n, and quadratic work 64 times.

Other programs may keep the processors busy. So the time that threads waited for a processor is subtracted; Linux counts it.
"""

import argparse
import contextlib
import glob
import multiprocessing
import os
import re
import smtplib
import socket
import subprocess
import sys
import tempfile
import threading
import time

# What 8n may take, in times of n: linear is 8, n log n about 10, quadratic 64.
MOST_GROWTH = 16
# Seconds of a response that is large enough to measure.
TARGET = 0.02
# A response that is quicker than this harms nobody, however its time grows up to the limit.
HARMLESS = 0.008
# How often each size is measured.
REPETITIONS = 2
# How often a kind that breaks a rule is measured again, because the machine may have been busy.
ATTEMPTS = 3
# The largest problem, and how large any other response may be without being compared with its request.
MOST_OCTETS = 64 * 1024
# How many times its request a larger response may have.
MOST_TIMES = 16
# How many seconds longer than usual /livez may take.
MOST_WAIT = 0.1
TIMEOUT = 60
# Octets of the largest body, and at the limits: the gateway takes 26,214,400.
BODY = 3_000_000
BODY_AT_THE_LIMITS = 24_000_000


class Failure(Exception):
    """What broke a rule."""


# MARK: The client


class Response:
    def __init__(self, status, fields, length):
        self.status, self.fields, self.length = status, fields, length

    def values(self, name):
        return [value for field, value in self.fields if field == name]


class Client:
    """A connection that is kept, and made again after the server has closed it."""

    def __init__(self, port):
        self.port, self.socket = port, None

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def ask(self, octets):
        """Sends a request. Returns the response and the seconds until all of it had arrived."""
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        start = time.perf_counter()
        try:
            self.socket.sendall(octets)
        except OSError:
            # The server may have answered already, and closed.
            pass
        try:
            response = self.read(octets.startswith(b"HEAD "))
        except OSError as error:
            raise Failure(f"no response: {error!r}") from error
        elapsed = time.perf_counter() - start
        if "close" in response.values("connection"):
            self.close()
        return response, elapsed

    def read(self, is_head):
        data = bytearray()
        while (end := data.find(b"\r\n\r\n")) < 0:
            self.more(data)
        lines = bytes(data[:end]).decode("latin-1").split("\r\n")
        fields = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
        status = int(lines[0].split(" ")[1])
        length = 0 if is_head or status == 204 else int(dict(fields).get("content-length", "0"))
        left = end + 4 + length - len(data)
        while left > 0:
            piece = self.socket.recv(min(left, 1 << 20))
            if not piece:
                raise Failure("the connection ended within the response")
            left -= len(piece)
        if left < 0:
            raise Failure(f"{-left} octets after the response")
        return Response(status, fields, length)

    def more(self, data):
        piece = self.socket.recv(65536)
        if not piece:
            raise Failure("the connection ended without a response")
        data += piece


# MARK: Time


def threads(pattern):
    """For each thread, the seconds in which it ran, and in which it waited for a processor."""
    found = {}
    for path in glob.glob(pattern + "/schedstat"):
        # The thread may have ended, and a kernel need not count.
        with contextlib.suppress(OSError, ValueError), open(path, encoding="ascii") as statistics:
            ran, waited, _ = statistics.read().split()
            found[path] = (int(ran) / 1e9, int(waited) / 1e9)
    return found


class Processors:
    """The time that a server's threads run, and in which they and the caller wait for a processor, from now on."""

    def __init__(self, pid):
        self.server = f"/proc/{pid}/task/*"
        self.before = self.now()

    def now(self):
        return threads(self.server), threads("/proc/thread-self")

    def since(self):
        """Seconds that the server ran, and in which the caller or the thread that waited most did not get a processor."""
        (serverBefore, ownBefore), (serverNow, ownNow) = self.before, self.now()

        def differences(now, before, index):
            return [now[path][index] - before.get(path, (0, 0))[index] for path in now]

        waited = max(differences(serverNow, serverBefore, 1), default=0) + sum(differences(ownNow, ownBefore, 1))
        return sum(differences(serverNow, serverBefore, 0)), waited


# MARK: /livez meanwhile


def ask_livez(port, pid, isActive, worst):
    """Asks /livez again and again, and notes the longest time while that is wanted. Runs in a process of its own."""
    client = Client(port)
    question = request("GET", "/livez")

    while True:
        time.sleep(0.003)
        if not isActive.value:
            continue
        processors = Processors(pid)
        try:
            _, elapsed = client.ask(question)
        except (Failure, OSError):
            client.close()
            elapsed = TIMEOUT
        with worst.get_lock():
            worst.value = max(worst.value, elapsed - processors.since()[1])


class Watch:
    """Asks /livez from another connection while requests are handled."""

    def __init__(self, port, pid):
        self.isActive, self.worst = multiprocessing.Value("b", 0), multiprocessing.Value("d", 0)
        self.process = multiprocessing.Process(target=ask_livez, args=(port, pid, self.isActive, self.worst), daemon=True)
        self.process.start()

    def start(self):
        self.worst.value = 0
        self.isActive.value = 1

    def stop(self):
        """Returns the longest time since the start."""
        # A question that was asked meanwhile is answered first.
        time.sleep(0.005)
        self.isActive.value = 0
        return self.worst.value

    def usual(self, seconds):
        """The longest time while nothing else is asked."""
        self.start()
        time.sleep(seconds)
        return self.stop()

    def close(self):
        self.process.terminate()
        self.process.join()


# MARK: Measuring


class Kind:
    """A kind of input: a function from a size to a request."""

    def __init__(self, name, make, largest, *statuses, first=1, messages=None):
        self.name, self.make, self.largest, self.first = name, make, largest, first
        self.statuses = statuses or (200,)
        # How many messages a request of a size holds, each of which may have a problem of its own.
        self.messages = messages or (lambda size: 1)


class Result:
    """What requests of a kind cost."""

    def __init__(self):
        self.times, self.octets, self.responses, self.livez = {}, {}, {}, 0

    def sizes(self):
        largest = max(self.times)
        return [size for size in (largest // 8, largest // 4, largest // 2, largest) if size in self.times]

    def response_growth(self):
        """How many times larger the response to 8n is than that to n, if it is large at all."""
        sizes = self.sizes()
        return self.responses[sizes[-1]] / max(self.responses[sizes[0]], MOST_OCTETS / MOST_GROWTH)

    def growth(self):
        """How much longer 8n takes than n; of fewer sizes, in proportion."""
        sizes = self.sizes()
        return self.times[sizes[-1]] / self.times[sizes[0]] * 8 / (sizes[-1] / sizes[0])


class Measurement:
    """Measures kinds of input at one server."""

    def __init__(self, port, pid, watch, sandbox=None):
        self.client, self.pid, self.watch, self.sandbox = Client(port), pid, watch, sandbox

    def once(self, kind, size, result, octets):
        """Sends a request, and returns the seconds that it cost."""
        processors = Processors(self.pid)
        if isinstance(octets, Mail):
            # The sandbox reads a message when it arrives, and again when it is asked for.
            response, _ = self.client.ask(self.sandbox.deliver(octets))
            elapsed = max(processors.since()[0], 1e-4)
        else:
            response, elapsed = self.client.ask(octets)
            ran, waited = processors.since()
            elapsed = max(elapsed - waited, ran, 1e-4)
        if response.status not in kind.statuses:
            raise Failure(f"status {response.status} for {size}, not {' or '.join(map(str, kind.statuses))}")
        if len(response.values("x-request-id")) != 1:
            raise Failure(f"the response to {size} has no X-Request-Id")
        count = len(octets)
        isProblem = response.status >= 400
        allowed = MOST_OCTETS if isProblem else max(MOST_OCTETS * kind.messages(size), MOST_TIMES * count)
        if response.length > allowed:
            raise Failure(f"{count:,} octets got a {'problem' if isProblem else 'response'} of {response.length:,} octets")
        result.times[size] = min(elapsed, result.times.get(size, elapsed))
        result.octets[size], result.responses[size] = count, response.length
        return elapsed

    def measure(self, kind):
        result = Result()
        size = max(kind.first, kind.largest >> 12)
        while self.once(kind, size, result, kind.make(size)) > TARGET / 8 and size >= 2 * kind.first:
            size //= 2
        while result.times[size] < TARGET and size * 2 <= kind.largest:
            size *= 2
            if size not in result.times:
                self.once(kind, size, result, kind.make(size))
        result.times = {tried: seconds for tried, seconds in result.times.items() if tried <= size}
        self.watch.start()
        try:
            for size in result.sizes():
                octets = kind.make(size)
                for _ in range(REPETITIONS):
                    self.once(kind, size, result, octets)
        finally:
            result.livez = self.watch.stop()
        return result

    def check(self, kind, usual):
        """Measures a kind, again if a rule is broken. Returns the result; raises a Failure if it is broken each time."""
        results = []
        for _ in range(ATTEMPTS):
            results.append(self.measure(kind))
            if results[-1].response_growth() > MOST_GROWTH:
                raise Failure(f"the response to 8n is {results[-1].response_growth():.0f} times as large as that to n")
            isSuperlinear = all(max(result.times.values()) > HARMLESS and result.growth() > MOST_GROWTH for result in results)
            livez = min(result.livez for result in results)
            if not isSuperlinear and livez <= usual + MOST_WAIT:
                return results[-1]
        result = min(results, key=Result.growth)
        if isSuperlinear:
            raise Failure(f"8n takes {result.growth():.0f} times as long as n: {describe(result)}")
        raise Failure(f"/livez took {livez * 1000:.0f} ms: {describe(result)}")


def describe(result):
    return ", ".join(f"{result.octets[size]:,} octets {result.times[size] * 1000:.1f} ms" for size in result.sizes())


# MARK: Requests


def request(method, target, body=b"", *fields, host="127.0.0.1"):
    body = body.encode() if isinstance(body, str) else body
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *fields]
    if body and not any(field.startswith("Transfer-Encoding") for field in fields):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


JSON = "Content-Type: application/json"
FORM = "Content-Type: application/x-www-form-urlencoded"
MULTIPART = "Content-Type: multipart/form-data; boundary=XXXXXXXXXXXXXXXX"
RAW = "Content-Type: message/rfc822"
CHUNKED = "Transfer-Encoding: chunked"
DRY = "/messages?dry_run=true"

# Pieces of JSON that are repeated.
SAME, ESCAPED, EMPTY, WORD = '"a":1', r'"\u0061%d":1', '""', '"a"'
FIELD, BAD_FIELD, POSTMARK_FIELD = '"X-%d":""', '"X %d":""', '{"Name":"X-%d","Value":""}'
SMALL_FILE, BROKEN, SLASHES = '{"content":"eHg="}', r"QUJD\n", r"\/\/\/\/"
ENVELOPE = '"from":"a@example.org","to":"b@example.net"'


def post(target, body, *fields):
    return request("POST", target, body, *(fields or (JSON,)))


def get(target, *fields):
    return request("GET", target, b"", *fields)


def times(text, count, separator=","):
    """A text several times."""
    return (text + separator) * (count - 1) + text if count else ""


def numbered(pattern, count, separator=","):
    """A pattern with a number in it, for each number."""
    return separator.join(pattern % index for index in range(count))


def listed(letter, count):
    """Addresses in a JSON array."""
    return numbered(f'"{letter}%d@example.net"', count)


def document(members):
    """A message as JSON with more members."""
    return post(DRY, "{" + ENVELOPE + ("," if members else "") + members + "}")


def text(value):
    return document(f'"text":"{value}"')


def subject(value):
    return document(f'"text":"x","subject":"{value}"')


def header(name, value):
    return document(f'"text":"x","headers":{{"{name}":"{value}"}}')


def author(value):
    return post(DRY, f'{{"from":"{value}","to":"b@example.net","text":"x"}}')


def recipients(value):
    return post(DRY, f'{{"from":"a@example.org","to":[{value}],"text":"x"}}')


def batch(messages):
    return post("/messages/batch?dry_run=true", f"[{messages}]")


def form(fields):
    return post(DRY, "from=a@example.org&to=b@example.net&" + fields, FORM)


def part(disposition, content="x"):
    return f"--XXXXXXXXXXXXXXXX\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{content}\r\n"


def multipart(parts, end="--XXXXXXXXXXXXXXXX--\r\n", fields=(MULTIPART,)):
    addresses = part('name="from"', "a@example.org") + part('name="to"', "b@example.net")
    return post(DRY, addresses + parts + end, *fields)


def raw(fields, body="x", target=DRY, envelope="From: a@example.org\r\nTo: b@example.net\r\n"):
    return post(target, f"{envelope}{fields}\r\n{body}", RAW)


def chunks(body, size=1, extension="", end="0\r\n\r\n"):
    """A body in chunks of that many octets."""
    body = body.encode() if isinstance(body, str) else body
    pieces = [body[index : index + size] for index in range(0, len(body), size)]
    head = (f"{size:x}{extension}\r\n").encode()
    full = b"\r\n".join(head + piece for piece in pieces if len(piece) == size)
    rest = pieces[-1] if pieces and len(pieces[-1]) < size else b""
    if rest:
        full += (b"\r\n" if full else b"") + f"{len(rest):x}\r\n".encode() + rest
    return full + b"\r\n" + end.encode()


def sendgrid(personalizations, value="x", more=""):
    return post(
        "/v3/mail/send",
        f'{{"from":{{"email":"a@example.org"}},"subject":"s","content":[{{"type":"text/plain","value":"{value}"}}],'
        f'"mail_settings":{{"sandbox_mode":{{"enable":true}}}},"personalizations":[{personalizations}]{more}}}',
    )


def mailgun(fields):
    return post("/v3/example.org/messages", "from=a@example.org&o:testmode=yes&text=x&subject=s&" + fields, FORM)


def postmark(members):
    return post(
        "/email",
        '{"From":"a@example.org","To":"b@example.net",' + members + "}",
        JSON,
        "X-Postmark-Server-Token: POSTMARK_API_TEST",
    )


# MARK: Messages in the sandbox


class Mail:
    """A message for the sandbox, and where of it is read."""

    def __init__(self, text, after):
        self.text, self.after = text.encode("latin-1"), after

    def __len__(self):
        return len(self.text)


class Sandbox:
    """Sends messages to the sandbox's SMTP server, as other programs do, and finds them there."""

    def __init__(self, port, smtp):
        self.port, self.smtp = port, smtp

    def deliver(self, mail):
        """Sends a message. Returns the request that reads it."""
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=TIMEOUT) as session:
            session.sendmail("a@example.org", ["b@example.net"], mail.text)
        with socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT) as connection:
            connection.sendall(get("/sandbox/messages?limit=1", "Connection: close"))
            data = b""
            while piece := connection.recv(65536):
                data += piece
        identifier = re.search(r'"id":"([^"]+)"', data.decode(errors="replace")).group(1)
        return get(f"/sandbox/messages/{identifier}{mail.after}")


HEAD = "From: a@example.org\r\nTo: b@example.net\r\nSubject: s\r\nMIME-Version: 1.0\r\n"


def mixed(boundary):
    return f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n"


def nested(count):
    """Multiparts in one another."""
    opening = "".join(mixed(f"b{level}") + f"--b{level}\r\n" for level in range(count))
    return HEAD + opening + "\r\nx\r\n" + "".join(f"--b{level}--\r\n" for level in reversed(range(count)))


def kinds():
    """All kinds of input. The largest size is where a limit of the gateway ends the kind, or is of a body of some MB."""

    def caught(name, make, largest, *statuses, after=""):
        return Kind(f"sandbox: {name}", lambda n: Mail(make(n), after), largest, *statuses)

    member = '"q%d":1'
    return [
        # The shape of a JSON document
        Kind("json: lists in one another", lambda n: document('"x":' + "[" * n), BODY, 400),
        Kind("json: objects in one another", lambda n: document('"x":' + '{"a":' * n), BODY // 5, 400),
        Kind("json: lists up to the deepest level",
            lambda n: document(f'"x":[{times("[" * 500 + "]" * 500, n)}]'),
            BODY // 1001, 422),
        Kind("json: unknown members", lambda n: document(numbered(member, n)), 1990, 422),
        Kind("json: more members than there may be", lambda n: document(numbered(member, n)), 2_000_000, 400, first=2048),
        Kind("json: unknown members in attachments",
            lambda n: document(f'"attachments":[{times("{" + numbered(member, 1900) + "}", n)}]'),
            1000, 422),
        Kind("json: unknown members like known ones", lambda n: document(numbered('"atachment%d":1', n)), 1990, 422),
        Kind("json: a member again and again", lambda n: document(times('"a":1', n)), 1990, 422, first=2),
        Kind("json: repeated members under a long name",
            lambda n: document(f'"{"n" * n}":{{{times(SAME, 1999)}}}'),
            BODY // 2, 422),
        Kind("json: repeated members in many objects",
            lambda n: document(f'"x":[{times("{" + times(SAME, 20) + "}", n)}]'),
            BODY // 128, 422),
        Kind("json: names with escapes", lambda n: document(f'"x":{{{numbered(ESCAPED, n)}}}'), 1990, 422),
        Kind("json: a long name", lambda n: document(f'"{"n" * n}":1'), BODY, 422),
        Kind("json: white space between tokens", lambda n: document(" " * n + '"text":"x"' + "\n" * n), BODY // 2),
        Kind("json: long numbers", lambda n: document('"require_tls":' + "1" * n), BODY, 422),
        Kind("json: numbers with long fractions", lambda n: document('"require_tls":0.' + "1" * n), BODY, 422),
        Kind("json: numbers with long exponents", lambda n: document('"require_tls":1e' + "0" * n + "1"), BODY, 422),
        Kind("json: a list of words", lambda n: document(f'"x":[{times("true,null", n)}]'), BODY // 10, 422),
        # Texts
        Kind("text: plain", lambda n: text("x" * n), BODY),
        Kind("text: words", lambda n: text("word " * n), BODY // 5),
        Kind("text: lines", lambda n: text("line\\r\\n" * n), BODY // 8),
        Kind("text: escaped quotes", lambda n: text('\\"' * n), BODY // 2),
        Kind("text: escaped surrogates", lambda n: text("\\ud83d\\ude00" * n), BODY // 12),
        Kind("text: surrogates without their halves", lambda n: text("\\ud83d" * n), BODY // 6, 400),
        Kind("text: beyond ASCII", lambda n: text("ä" * n), BODY // 2),
        Kind("text: octets that are not UTF-8",
            lambda n: post(DRY, b'{"text":"' + b"x" * n + b"\xff" * n + b'"}'),
            BODY // 2, 400),
        Kind("text: lines of a dot", lambda n: text(".\\n" * n), BODY // 3),
        Kind("html: tags", lambda n: document(f'"html":"{"<p>" * n}"'), BODY // 3),
        Kind("html: no end of the string", lambda n: post(DRY, '{"html":"' + "\\n" * n), BODY // 2, 400),
        # Header fields
        Kind("subject: one word", lambda n: subject("x" * n), 100_000, 200, 422),
        Kind("subject: words", lambda n: subject("word " * n + "x"), 20_000, 200, 422),
        Kind("subject: beyond ASCII", lambda n: subject("ä" * n), 50_000, 200, 422),
        Kind("subject: like encoded words", lambda n: subject("=?utf-8?q?x?= " * n + "x"), 7_000, 200, 422),
        Kind("headers: many", lambda n: document(f'"text":"x","headers":{{{numbered(FIELD, n)}}}'), 990, 200),
        Kind("headers: bad names", lambda n: document(f'"headers":{{{numbered(BAD_FIELD, n)}}}'), 1990, 422),
        Kind("headers: a long value", lambda n: header("X-A", "word " * n + "x"), BODY // 5, 200, 422),
        Kind("headers: many identifiers",
            lambda n: header("References", "<a@b.example> " * n + "<a@b.example>"),
            BODY // 14, 200, 422),
        Kind("headers: many addresses", lambda n: header("X-Addresses", times("c@example.net", n)), BODY // 14, 200, 422),
        Kind("headers: senders", lambda n: header("Resent-From", times("c@example.net", n)), BODY // 14, 200, 422),
        Kind("headers: comments in one another", lambda n: header("References", "(" * n + ")" * n), BODY // 2, 200, 422),
        # Addresses
        Kind("addresses: recipients", lambda n: recipients(listed("b", n)), 1000),
        Kind("addresses: the same recipient", lambda n: recipients(times('"b@example.net"', n)), 1000),
        Kind("addresses: recipients as objects",
            lambda n: recipients(numbered('{"name":"b","address":"b%d@example.net"}', n)),
            1000),
        Kind("addresses: empty recipients", lambda n: recipients(times('""', n)), BODY // 3, 422),
        Kind("addresses: recipients that are numbers", lambda n: recipients(times("1", n)), BODY // 2, 422),
        Kind("addresses: recipients that are wrong objects", lambda n: recipients(times('{"a":1}', n)), BODY // 8, 422),
        Kind("addresses: of the envelope", lambda n: document(f'"text":"x","envelope":{{"to":[{listed("b", n)}]}}'), 1000),
        Kind("addresses: of cc, bcc and reply_to",
            lambda n: document(
                f'"text":"x","cc":[{listed("c", n)}],' f'"bcc":[{listed("d", n)}],' f'"reply_to":[{listed("e", n)}]'
            ),
            490),
        Kind("addresses: a long local part", lambda n: author("a" * n + "@example.org"), BODY, 200, 422),
        Kind("addresses: a long domain", lambda n: author("a@" + "a." * n + "org"), BODY // 2, 200, 422),
        Kind("addresses: a long domain beyond ASCII", lambda n: author("a@" + "ü." * n + "org"), BODY // 3, 200, 422),
        Kind("addresses: a label beyond ASCII", lambda n: author("a@" + "ü" * n + ".org"), BODY // 2, 200, 422),
        Kind("addresses: a long name", lambda n: author("N" * n + " <a@example.org>"), BODY, 200, 422),
        Kind("addresses: a name of words", lambda n: author("N " * n + "<a@example.org>"), BODY // 2, 200, 422),
        Kind(
            "addresses: comments in one another", lambda n: author("(" * n + ")" * n + "<a@example.org>"), BODY // 2, 200, 422
        ),
        Kind("addresses: comments side by side", lambda n: author("(c)" * n + "<a@example.org>"), BODY // 3, 200, 422),
        Kind("addresses: encoded words in a name",
            lambda n: author("=?utf-8?q?x?= " * n + "<a@example.org>"),
            BODY // 14, 200, 422),
        Kind("addresses: quoted pairs", lambda n: author('\\"' + "\\\\x" * n + '\\" <a@example.org>'), BODY // 3, 200, 422),
        # Attachments
        Kind("attachments: empty objects", lambda n: document(f'"attachments":[{times("{}", n)}]'), BODY // 3, 422),
        Kind("attachments: small ones", lambda n: document(f'"attachments":[{times(SMALL_FILE, n)}]'), 990),
        Kind("attachments: alternatives", lambda n: document(f'"alternatives":[{times("{}", n)}]'), BODY // 3, 422),
        Kind("base64: a large content", lambda n: document(f'"attachments":[{{"content":"{"QUJD" * n}"}}]'), BODY // 4),
        Kind("base64: white space",
            lambda n: document(f'"attachments":[{{"content":"{"QUJD" * n} {"QUJD" * n}"}}]'),
            BODY // 8, 422),
        Kind("base64: line breaks", lambda n: document(f'"attachments":[{{"content":"{BROKEN * n}"}}]'), BODY // 6),
        Kind("base64: escapes", lambda n: document(f'"attachments":[{{"content":"{SLASHES * n}"}}]'), BODY // 8),
        Kind("base64: wrong at the end", lambda n: document(f'"attachments":[{{"content":"{"QUJD" * n}!"}}]'), BODY // 4, 422),
        Kind("base64: padding", lambda n: document(f'"attachments":[{{"content":"{"=" * n}"}}]'), BODY, 422),
        Kind("base64: a data URL", lambda n: document(f'"attachments":[{{"content":"data:{"x" * n}"}}]'), BODY, 422),
        Kind("attachments: a long file name",
            lambda n: document(f'"attachments":[{{"content":"","filename":"{"ä" * n}"}}]'),
            BODY // 2, 200, 422),
        Kind("attachments: a type with parameters",
            lambda n: document(f'"attachments":[{{"content":"","content_type":"a/b{numbered("; p%d=x", n, "")}"}}]'),
            BODY // 10, 200, 413, 422),
        # Batches
        Kind("batch: messages", lambda n: batch(times("{" + ENVELOPE + ',"text":"x"}', n)), 100),
        Kind("batch: more messages than there may be", lambda n: batch(times("{}", n)), BODY // 3, 422, first=128),
        Kind("batch: numbers", lambda n: batch(times("1", n)), BODY // 2, 422, first=128),
        Kind("batch: messages with a hundred errors",
            lambda n: batch(times(f'{{"to":[{times(EMPTY, 100)}]}}', n)),
            100, messages=lambda n: n),
        Kind("batch: messages with long unknown members",
            lambda n: batch(times("{" + numbered('"' + "n" * 190 + '%d":1', 100) + "}", n)),
            100, messages=lambda n: n),
        Kind("batch: large messages",
            lambda n: batch(times("{" + ENVELOPE + ',"text":"' + "x" * 1000 * n + '"}', 10)),
            BODY // 10_000),
        # Forms
        Kind("form: recipients", lambda n: form(numbered("to=b%d@example.net", n, "&")), 990),
        Kind("form: unknown fields", lambda n: form(numbered("q%d=", n, "&")), 1900, 422),
        Kind("form: more fields than there may be", lambda n: form(numbered("q%d=", n, "&")), BODY // 10, 400, first=4096),
        Kind("form: header fields", lambda n: form("text=x&" + numbered("headers[X-%d]=y", n, "&")), 990),
        Kind("form: header fields of many kinds", lambda n: form(numbered("h%d[X]=y", n, "&")), 1900, 422),
        Kind("form: escapes", lambda n: form("text=" + "%41" * n), BODY // 3),
        Kind("form: no octets between the fields", lambda n: form("&" * n + "text=x"), BODY),
        Kind("form: escapes that are none", lambda n: form("text=" + "%" * n), BODY),
        Kind("form: long names", lambda n: form(numbered("n" * 1000 + "%d=", n, "&")), 1900, 422),
        Kind("form: brackets", lambda n: form("text=x&" + "[" * 1000 + times("]=&a[", n)), 1900, 400, 422),
        Kind("multipart: recipients",
            lambda n: multipart("".join(part('name="to"', f"b{index}@example.net") for index in range(n))),
            990, 422, 200),
        Kind(
            "multipart: unknown fields", lambda n: multipart("".join(part(f'name="q{index}"') for index in range(n))), 1900, 422
        ),
        Kind("multipart: files", lambda n: multipart(part('name="attachment"; filename="a.txt"') * n), 990),
        Kind("multipart: a large file", lambda n: multipart(part('name="attachment"; filename="a.txt"', "x" * n)), BODY),
        Kind(
            "multipart: parameters of a part", lambda n: multipart(part('name="q"' + numbered(";a%d=", n, ""))), 2000, 400, 422
        ),
        Kind("multipart: parameters of many parts",
            lambda n: multipart(part('name="q"' + numbered(";a%d=", 2000, "")) * n),
            1500, 400, 422),
        Kind("multipart: parameters without names", lambda n: multipart(part('name="q"' + ";" * n)), 16_000, 422),
        Kind("multipart: a long name", lambda n: multipart(part(f'name="{"n" * n}"')), 16_000, 422),
        Kind("multipart: quoted pairs in a name", lambda n: multipart(part('name="' + '\\"' * n + '"')), 8_000, 422),
        Kind("multipart: folded fields", lambda n: multipart(part('name="q"' + "\r\n " * n)), 5_000, 422),
        Kind("multipart: fields of a part", lambda n: multipart(part('name="q"\r\n' + times("X: y", n, "\r\n"))), 2_500, 422),
        Kind("multipart: nearly delimiters", lambda n: multipart(part('name="text"', "\r\n--XXXXXXXXXXXXXXX" * n)), BODY // 20),
        Kind("multipart: delimiters that overlap", lambda n: multipart(part('name="text"', "X" * n)), BODY),
        Kind("multipart: a preamble of hyphens", lambda n: post(DRY, "-" * n, MULTIPART), BODY, 400),
        Kind("multipart: parts without end", lambda n: multipart(part('name="q"') * n, end=""), 1900, 400),
        Kind("multipart: a part without end", lambda n: multipart(part('name="q"', "\r\n" * n), end=""), BODY // 2, 400),
        Kind("multipart: a long epilogue",
            lambda n: multipart(part('name="text"'), end="--XXXXXXXXXXXXXXXX--" + "\r\n--X" * n),
            BODY // 5),
        Kind("multipart: padding after a delimiter",
            lambda n: multipart(f"--XXXXXXXXXXXXXXXX{' ' * n}\r\n" + part('name="text"')[20:]),
            16_000, 200, 400),
        Kind("multipart: a boundary of hyphens",
            lambda n: post(DRY, "-" * n, 'Content-Type: multipart/form-data; boundary="' + "-" * 69 + '!"'),
            BODY, 400),
        Kind("form: parameters of the type",
            lambda n: post(DRY, "x", "Content-Type: multipart/form-data; boundary=X" + numbered(";a%d=", n, "")),
            4_000, 400),
        # Raw messages
        Kind("raw: header fields", lambda n: raw(numbered("X-%d: y\r\n", n, "")), 990),
        Kind("raw: more header fields than there may be",
            lambda n: raw(numbered("X-%d: y\r\n", n, "")),
            BODY // 14, 400, first=1024),
        Kind("raw: a folded field", lambda n: raw("X-A: y\r\n" + " y\r\n" * n), 60_000),
        Kind("raw: a line without end", lambda n: raw("X-A: " + "y" * n + "\r\n"), 250_000),
        Kind("raw: no header section", lambda n: post(DRY, "y" * n, RAW), BODY, 400),
        Kind("raw: recipients",
            lambda n: raw("", envelope=f"From: a@example.org\r\nTo: {numbered('b%d@example.net', n)}\r\n"),
            1000),
        Kind("raw: more recipients than there may be",
            lambda n: raw("", envelope=f"From: a@example.org\r\nTo: {times('b@e.net', n)}\r\n"),
            32_000, 200, 422),
        Kind("raw: groups",
            lambda n: raw("", envelope=f"From: a@example.org\r\nTo: b@example.net,{times('g:;', n)}\r\n"),
            60_000, 200, 422),
        Kind("raw: comments in one another",
            lambda n: raw("", envelope=f"From: a@example.org\r\nTo: {'(' * n}{')' * n}b@example.net\r\n"),
            120_000, 422, first=32),
        Kind("raw: comments side by side",
            lambda n: raw("", envelope=f"From: a@example.org\r\nTo: {'(c)' * n}b@example.net\r\n"),
            80_000),
        Kind("raw: encoded words", lambda n: raw("Subject: " + "=?utf-8?b?eA==?= " * n + "\r\n"), 15_000),
        Kind("raw: Received fields", lambda n: raw("Received: from a by b; Sun, 29 Nov 2026 00:00:00 +0000\r\n" * n), 990),
        Kind("raw: Resent fields", lambda n: raw(numbered("Resent-" + "x" * 200 + "%d: y\r\n", n, "")), 990, 200, 422),
        Kind("raw: From again and again", lambda n: raw("From: a@example.org\r\n" * n), 990, 422),
        Kind("raw: Bcc fields", lambda n: raw("Bcc: c@example.net\r\n" * n), 990),
        Kind("raw: lines that end in LF", lambda n: raw("", "x\n" * n), BODY // 2),
        Kind("raw: lines that end in CR", lambda n: raw("", "x\r" * n), BODY // 2),
        Kind("raw: lines of a dot", lambda n: raw("", ".\r\n" * n), BODY // 3),
        Kind("raw: octets above 127", lambda n: raw("", "ä" * n), BODY // 2),
        Kind("raw: sent while it arrives", lambda n: raw("", "x\r\n" * n, "/messages"), BODY // 3),
        # Targets and header sections
        Kind("target: recipients",
            lambda n: post(f"{DRY}&{numbered('to=b%d@a.io', n, '&')}", "{" + ENVELOPE + ',"text":"x"}'),
            1000),
        Kind("target: unknown parameters", lambda n: get("/livez?" + numbered("q%d=", n, "&")), 4_000, 422),
        Kind("target: parameters of one letter", lambda n: get("/sandbox/messages?" + times("a", n, "&")), 16_000, 422),
        Kind("target: no parameters", lambda n: get("/livez?" + "&" * n), 32_000),
        Kind("target: escapes", lambda n: get("/" + "%41" * n), 10_000, 404),
        Kind("target: slashes", lambda n: get("/" * n), 32_000, 404, first=2),
        Kind("target: escapes in a parameter", lambda n: get("/sandbox/messages?subject=" + "%C3%A4" * n), 5_000, 200, 422),
        Kind("target: a long one", lambda n: get("/" + "x" * n), BODY, 404, 414),
        Kind("section: fields", lambda n: get("/livez", *(f"X-{index}: y" for index in range(n))), 120),
        Kind("section: more fields than there may be",
            lambda n: get("/livez", *(f"X-{index}: y" for index in range(n))),
            500_000, 431, first=256),
        Kind("section: a long value", lambda n: get("/livez", "X-A: " + "y" * n), 32_000),
        Kind("section: connection options", lambda n: get("/livez", "Connection: " + times("x", n)), 16_000),
        Kind("section: transfer codings", lambda n: get("/livez", "Transfer-Encoding: " + "," * n), 32_000, 400),
        Kind("section: cookies", lambda n: get("/livez", "Cookie: " + times("a=b", n, "; ")), 6_000),
        Kind("section: proxies", lambda n: get("/livez", "X-Forwarded-For: " + times("127.0.0.1", n)), 3_000),
        Kind("section: entity tags", lambda n: get("/", "If-None-Match: " + times('"x"', n)), 8_000),
        Kind("section: codings", lambda n: get("/", "Accept-Encoding: " + times("x;q=0", n)), 5_000),
        Kind("section: a trace's state",
            lambda n: document('"text":"x"').replace(
                b"Content-Type", f"tracestate: {times('a=b', n)}\r\nContent-Type".encode(), 1
            ),
            7_000),
        Kind("section: empty lines", lambda n: b"\r\n" * n + get("/livez"), BODY // 2, 200, 400),
        # Chunked bodies
        Kind("chunks: of an octet",
            lambda n: post(DRY, chunks("{" + ENVELOPE + ',"text":"' + "x" * n + '"}'), JSON, CHUNKED),
            BODY),
        Kind("chunks: of an octet, a form",
            lambda n: post(DRY, chunks("from=a@example.org&to=b@example.net&text=" + "x" * n), FORM, CHUNKED),
            BODY),
        Kind("chunks: of an octet, multipart",
            lambda n: post(
                DRY,
                chunks(
                    part('name="from"', "a@example.org")
                    + part('name="to"', "b@example.net")
                    + part('name="text"', "x" * n)
                    + "--XXXXXXXXXXXXXXXX--"
                ),
                MULTIPART,
                CHUNKED,
            ),
            BODY),
        Kind("chunks: of an octet, sent while they arrive",
            lambda n: post("/messages", chunks("From: a@example.org\r\nTo: b@example.net\r\n\r\n" + "x\r\n" * n), RAW, CHUNKED),
            BODY // 3),
        Kind("chunks: extensions",
            lambda n: post(
                DRY, chunks("{" + ENVELOPE + ',"text":"' + "x" * n + '"}', extension=";" + "e" * 4000), JSON, CHUNKED
            ),
            20_000, 200, 400),
        Kind("chunks: trailer fields",
            lambda n: post(DRY, chunks("{" + ENVELOPE + ',"text":"x"}', end="0\r\n" + "X: y\r\n" * n + "\r\n"), JSON, CHUNKED),
            BODY // 6, 200, 400),
        Kind("chunks: larger than a body may be",
            lambda n: post(DRY, chunks(b"[" * 26_300_000, 65_536), JSON, CHUNKED)[: 26_300_000 + n],
            2, 413),
        # Vendors' documents
        Kind("resend: recipients",
            lambda n: post("/emails", f'{{"from":"a@example.org","subject":"s","text":"x","to":[{times(EMPTY, n)}]}}'),
            BODY // 3, 422),
        Kind("resend: tags",
            lambda n: post(
                "/emails",
                '{"from":"a@example.org","to":"b@example.net","subject":"s","text":"x","tags":['
                + times('{"name":"a"}', n)
                + "]}",
            ),
            BODY // 13),
        Kind("resend: a batch of errors",
            lambda n: post("/emails/batch", f'[{times("{" + numbered(member, 100) + "}", n)}]'),
            100, 422),
        Kind("postmark: header fields", lambda n: postmark(f'"TextBody":"x","Headers":[{numbered(POSTMARK_FIELD, n)}]'), 990),
        Kind("postmark: carbon copies",
            lambda n: postmark(f'"TextBody":"x","Cc":"{numbered("c%d@example.net", n)}"'),
            40, 200, 422),
        Kind("postmark: more carbon copies than there may be",
            lambda n: postmark(f'"TextBody":"x","Cc":"{times("c@example.net", n)}"'),
            BODY // 14, 413, 422, first=2048),
        Kind("postmark: a batch of errors",
            lambda n: post(
                "/email/batch",
                f'[{times("{" + numbered(member, 100) + "}", n)}]',
                JSON,
                "X-Postmark-Server-Token: POSTMARK_API_TEST",
            ),
            500),
        Kind("sendgrid: personalizations", lambda n: sendgrid(times('{"to":[{"email":"b@example.net"}]}', n)), 1000),
        Kind("sendgrid: a text in all personalizations",
            lambda n: sendgrid(times('{"to":[{"email":"b@example.net"}]}', 100), "x" * n),
            1_000_000),
        Kind("sendgrid: a text in too many personalizations",
            lambda n: sendgrid(times('{"to":[{"email":"b@example.net"}]}', 1000), "x" * n),
            BODY // 2, 200, 413),
        Kind("sendgrid: personalizations without recipients", lambda n: sendgrid(times("{}", n)), BODY // 3, 400),
        Kind("sendgrid: categories",
            lambda n: sendgrid('{"to":[{"email":"b@example.net"}]}', more=f',"categories":[{times(WORD, n)}]'),
            BODY // 4),
        Kind("mailgun: variables", lambda n: mailgun("to=b@example.net&" + numbered("v:" + "n" * 200 + "%d=", n, "&")), 1900),
        Kind("mailgun: recipients of their own",
            lambda n: mailgun("recipient-variables={}&to=" + numbered("b%d@example.net", n)),
            1000),
        Kind("mailgun: recipients", lambda n: mailgun("to=" + times("b@example.net", n)), BODY // 14, 200, 400),
        Kind("mailgun: variables of recipients",
            lambda n: mailgun("to=b@example.net&recipient-variables={" + numbered('"b%d@example.net":{}', n) + "}"),
            1990),
        Kind(
            "mailgun: options that do not exist", lambda n: mailgun("to=b@example.net&" + numbered("o:x%d=", n, "&")), 1900, 400
        ),
        # What the sandbox has caught
        caught("multiparts in one another", nested, 20_000),
        caught("parts", lambda n: HEAD + mixed("b") + "--b\r\n\r\nx\r\n" * n + "--b--\r\n", 40_000),
        caught("parts with large header sections",
            lambda n: HEAD + mixed("b") + ("--b\r\n" + "X: y\r\n" * 100 + "\r\nx\r\n") * n,
            4_000),
        caught(
            "parameters", lambda n: HEAD + "Content-Type: text/plain" + numbered(";\r\n p%d=x", n, "") + "\r\n\r\nx\r\n", 40_000
        ),
        caught("parts with parameters",
            lambda n: HEAD
            + mixed("b")
            + ("--b\r\nContent-Disposition: attachment" + numbered(";\r\n filename*%d=x", 700, "") + "\r\n\r\nx\r\n") * n,
            990),
        caught("continued parameters",
            lambda n: HEAD + "Content-Disposition: attachment" + numbered(";\r\n filename*%d*=%%41", n, "") + "\r\n\r\nx\r\n",
            40_000),
        caught("quoted pairs in a parameter",
            lambda n: HEAD + 'Content-Type: text/plain; name="' + ("\\x" * 400 + "\r\n ") * n + '"\r\n\r\nx\r\n',
            4_000),
        caught("header fields", lambda n: HEAD + "X: y\r\n" * n + "\r\nx\r\n", 40_000),
        caught("a folded field", lambda n: HEAD + "X: y\r\n" + " y\r\n" * n + "\r\nx\r\n", 200_000),
        caught("encoded words", lambda n: "Subject:" + "\r\n =?utf-8?q?x?=" * n + "\r\n\r\nx\r\n", 100_000),
        caught("encoded words without end", lambda n: "Subject:" + ("\r\n " + "=?x?q?" * 100) * n + "\r\n\r\nx\r\n", 10_000),
        caught("recipients",
            lambda n: "From: a@example.org\r\nTo: b@example.net" + ",\r\n b@example.net" * n + "\r\n\r\nx\r\n",
            60_000),
        caught("comments in one another", lambda n: "To: b@example.net" + ("\r\n " + "(" * 500) * n + "\r\n\r\nx\r\n", 4_000),
        caught("nearly delimiters", lambda n: HEAD + mixed("b" * 60) + ("--" + "b" * 59 + "\r\n") * n, 60_000),
        caught("base64", lambda n: HEAD + "Content-Transfer-Encoding: base64\r\n\r\n" + ("QUJD" * 19 + "\r\n") * n, 60_000),
        caught("quoted-printable",
            lambda n: HEAD + "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + ("=41" * 25 + "=\r\n") * n,
            60_000),
        caught("messages in one another", lambda n: HEAD + "Content-Type: message/rfc822\r\n\r\n" * n + "x\r\n", 60_000),
        caught("an attachment",
            lambda n: HEAD + mixed("b") + "--b\r\nContent-Disposition: attachment\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n" + ("QUJD" * 19 + "\r\n") * n + "--b--\r\n",
            60_000, after="/attachments/0"),
    ]


# MARK: Servers that break the rules


def artificial(seconds, octets, oneAtATime):
    """Starts a server that takes so many seconds for a request of a size, and responds with so many octets.

    One that handles one request at a time keeps /livez waiting meanwhile.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    busy = threading.Lock()

    def answer(isLivez, length):
        if isLivez:
            with busy:
                return b""
        if oneAtATime:
            with busy:
                time.sleep(seconds(length))
        else:
            time.sleep(seconds(length))
        return b"x" * octets(length)

    def serve(connection):
        data = b""
        while piece := connection.recv(1 << 20):
            data += piece
            while (end := data.find(b"\r\n\r\n")) >= 0:
                length = int((re.search(rb"Content-Length: (\d+)", data[:end]) or [0, 0])[1])
                while len(data) < end + 4 + length:
                    data += connection.recv(1 << 20)
                isLivez, data = data.startswith(b"GET /livez"), data[end + 4 + length :]
                body = answer(isLivez, length)
                connection.sendall(f"HTTP/1.1 200 OK\r\nX-Request-Id: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    def serve_until_closed(connection):
        with connection, contextlib.suppress(OSError):
            serve(connection)

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve_until_closed, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def try_itself():
    """Checks that each rule that is broken is found, and that linear work passes."""

    def small(_):
        return 10

    cases = [
        ("linear work", lambda n: n * 2e-6, small, False, None),
        ("quadratic work", lambda n: n * n * 2e-10, small, False, "times as long"),
        ("quadratic work beside linear work", lambda n: n * 5e-7 + n * n * 2e-10, small, False, "times as long"),
        ("quadratic work up to a limit", lambda n: n * n * 2e-10, small, False, "times as long"),
        ("a response that is 20 times the request", lambda n: n * 2e-6, lambda n: n * 20, False, "got a response of"),
        ("/livez that waits for other requests", lambda n: 0.2, small, True, "/livez took"),
    ]
    for name, seconds, octets, oneAtATime, expected in cases:
        port = artificial(seconds, octets, oneAtATime)
        watch = Watch(port, os.getpid())
        largest = 10_000 if "limit" in name else 1 << 20
        try:
            Measurement(port, os.getpid(), watch).check(
                Kind(name, lambda n: request("POST", "/", "x" * n), largest), watch.usual(0.1)
            )
            found = None
        except Failure as failure:
            found = str(failure)
        finally:
            watch.close()
        if (found is None) != (expected is None) or (expected and expected not in found):
            sys.exit(f"the check does not work: {name}: expected {expected!r}, and got {found!r}")
    print(f"the check works: {len(cases)} servers of which the answer is known", flush=True)


# MARK: The gateway


class Gateway:
    """A gateway with its sandbox."""

    def __init__(self, program, folder):
        self.log = os.path.join(folder, "log")
        settings = {name: value for name, value in os.environ.items() if not name.startswith("POSTERN_")}
        settings |= {
            "POSTERN_LISTEN": "127.0.0.1:0",
            "POSTERN_LOG_FORMAT": "json",
            "POSTERN_SANDBOX_MESSAGES": "2000",
            # Two thousand messages of this check fit.
            "POSTERN_SANDBOX_BYTES": str(1 << 28),
            "POSTERN_TRUSTED_PROXIES": "127.0.0.1",
        }
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([program, "serve", "--sandbox"], env=settings, stderr=log)
        for _ in range(300):
            ports = [re.search(rf'"{name}":"127\.0\.0\.1:(\d+)"', self.text()) for name in ("address", "relay")]
            if all(ports):
                self.port, self.smtp = (int(port.group(1)) for port in ports)
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.process.kill()
        sys.exit(f"the gateway did not start: {self.text()}")

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def memory(self):
        """The most memory that it has had, in MB."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)) // 1024

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def check_kinds(arguments, gateway, watch, chosen, usual, deadline):
    sandbox = Sandbox(gateway.port, gateway.smtp)
    measurement = Measurement(gateway.port, gateway.process.pid, watch, sandbox)
    failures, untried = [], []
    worst = (0, "")
    for kind in chosen:
        if time.monotonic() > deadline:
            untried.append(kind.name)
            continue
        try:
            if arguments.at_the_limits:
                result, octets = Result(), kind.make(kind.largest)
                watch.start()
                try:
                    measurement.once(kind, kind.largest, result, octets)
                finally:
                    result.livez = watch.stop()
                if result.livez > usual + MOST_WAIT:
                    failures.append(f"{kind.name}: /livez took {result.livez * 1000:.0f} ms: {describe(result)}")
                shown = ""
            else:
                result = measurement.check(kind, usual)
                shown = f"{result.growth():5.1f}"
            size = max(result.times)
            print(
                f"{kind.name:55} {result.octets[size]:>10,} {result.responses[size]:>10,} "
                f"{result.times[size] * 1000:8.1f} {shown:>6} {result.livez * 1000:7.1f}",
                flush=True,
            )
            worst = max(worst, (result.livez, kind.name))
        except Failure as failure:
            measurement.client.close()
            failures.append(f"{kind.name}: {failure}")
            print(f"{kind.name:55} {failure}", flush=True)
        if gateway.process.poll() is not None:
            failures.append(f"{kind.name}: the gateway ended: {gateway.text()[-1000:]}")
            break
    return failures, untried, worst


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--at-the-limits", action="store_true")
    parser.add_argument("--seconds", type=float, default=None)
    parser.add_argument("program")
    arguments = parser.parse_args()
    if arguments.at_the_limits:
        global BODY
        BODY = BODY_AT_THE_LIMITS
    if arguments.list:
        print("\n".join(kind.name for kind in kinds()))
        return
    start = time.monotonic()
    deadline = start + (arguments.seconds or (1100 if arguments.at_the_limits else 110))
    try_itself()
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(arguments.program, folder)
        watch = Watch(gateway.port, gateway.process.pid)
        try:
            watch.usual(0.2)
            usual = watch.usual(1)
            print(f"/livez usually takes {usual * 1000:.1f} ms at most")
            print(f"{'kind':55} {'octets':>10} {'response':>10} {'ms':>8} {'growth':>6} {'livez':>7}")
            chosen = [kind for kind in kinds() if arguments.only in kind.name]
            failures, untried, worst = check_kinds(arguments, gateway, watch, chosen, usual, deadline)
            memory = gateway.memory() if gateway.process.poll() is None else 0
            noise = [line for line in gateway.text().splitlines() if not line.startswith("{")]
        finally:
            watch.close()
            gateway.stop()
    if not chosen:
        sys.exit(f"no kind has a name that contains {arguments.only!r}")
    if noise:
        failures.append(f"a line of the log is not JSON: {noise[0][:200]}")
    if untried:
        failures.append(f"no time was left for {len(untried)} kinds, from {untried[0]!r} on")
    print(
        f"{len(chosen) - len(untried)} kinds of input in {time.monotonic() - start:.0f} s; the longest /livez took "
        f"{worst[0] * 1000:.1f} ms ({worst[1]}); {memory} MB of memory at most"
    )
    if failures:
        sys.exit("\n".join(["rules were broken:", *failures]))


if __name__ == "__main__":
    main()
