"""Gateways with many relays each, and the requests to them."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "Benchmarks"))

from processes import Failure, Process, clean_environment  # noqa: E402

# Relays of one gateway: each has its own certificates to load.
RELAYS = 100


class Gateway:
    """A process of Postern with a relay of its own for each slot: `s7.test` is the domain of the recipients of slot 7."""

    def __init__(self, program, folder, number, slots, timeout):
        self.program, self.slots = program, slots
        self.log = Path(folder) / f"gateway-{number}.log"
        options = {
            "none": "smtp://user:password@127.0.0.1:{}?tls=none&insecure_auth=true&auth=plain",
            "starttls": "smtp://user:password@127.0.0.1:{}?tls=required&auth=plain",
            "implicit": "smtps://user:password@127.0.0.1:{}?auth=plain",
        }
        urls = {f"POSTERN_RELAY_S{index}_URL": options[relay.tls].format(relay.port) for index, relay in enumerate(slots)}
        self.environment = clean_environment(
            POSTERN_LISTEN="127.0.0.1:0",
            POSTERN_RELAY_URL="smtp://127.0.0.1:1?tls=none",
            POSTERN_ROUTES=",".join(f"to:s{index}.test=s{index}" for index in range(len(slots))),
            POSTERN_RELAY_CA_FILE=str(Path(folder) / "trusted.pem"),
            # One session, so that messages can be chained, and every message meets the session that the last one left.
            POSTERN_RELAY_CONNECTIONS="1",
            # What the relay does to one message is no reason to spare it the next.
            POSTERN_RELAY_BREAKER_FAILURES="10000",
            POSTERN_RELAY_CONNECT_TIMEOUT=timeout, POSTERN_RELAY_REPLY_TIMEOUT=timeout,
            POSTERN_RELAY_FINAL_REPLY_TIMEOUT=timeout,
            POSTERN_HELO_NAME="gateway.test", POSTERN_LOG_FORMAT="json", POSTERN_SHUTDOWN_DELAY="0s",
            SWIFT_BACKTRACE="enable=no", **urls)

    async def start(self):
        self.process = Process([self.program, "serve"], self.log, self.environment)
        for _ in range(6000):
            found = re.search(rb'"address":"127\.0\.0\.1:(\d+)"', self.log.read_bytes())
            if found:
                self.port = int(found[1])
                return
            self.process.check()
            await asyncio.sleep(0.02)
        raise Failure(f"the gateway does not start (see {self.log})")

    def stop(self):
        self.process.stop()


class Response:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    def member(self, name):
        return self.body.get(name)


async def post(port, head, body, hold=None, seconds=60):
    """Sends a request and reads its response.

    - Parameter hold: waits until the second half of the body may be sent; nil where it goes out at once.
    """
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            lines = [b"POST /messages HTTP/1.1", b"Host: localhost", b"Connection: close",
                     b"Content-Length: %d" % len(body), *head]
            writer.write(b"\r\n".join(lines) + b"\r\n\r\n")
            response = asyncio.ensure_future(_read(reader))
            try:
                if hold is None:
                    writer.write(body)
                else:
                    half = len(body) * 3 // 4
                    writer.write(body[:half])
                    await writer.drain()
                    waiting = asyncio.ensure_future(hold())
                    await asyncio.wait([waiting, response], return_when=asyncio.FIRST_COMPLETED)
                    waiting.cancel()
                    writer.write(body[half:])
                await writer.drain()
            except ConnectionError:
                pass
            return await response
        finally:
            writer.close()


async def _read(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:])}
    body = await reader.readexactly(int(fields.get("content-length", "0")))
    return Response(int(head.split()[1]), fields, json.loads(body))


LINE = "The quick brown fox jumps over the lazy dog, and then it does so once more.\r\n"


def request(name, slot, form, key=None, recipients=1, lines=3):
    """Header fields and body of a message whose sender, recipients and text carry its name."""
    sender = f"{name}@example.org"
    to = [f"{name}@s{slot}.test", f"{name}.second@s{slot}.test"][:recipients]
    text = f"BEGIN-{name}-\r\n" + LINE * lines + f"END-{name}-\r\n"
    head = [b"Idempotency-Key: " + key.encode()] if key else []
    if form == "json":
        head.append(b"Content-Type: application/json")
        return head, json.dumps({"from": sender, "to": to, "subject": "fault", "text": text}).encode()
    head.append(b"Content-Type: message/rfc822")
    message = f"From: {sender}\r\nTo: {', '.join(to)}\r\nSubject: fault\r\n\r\n{text}"
    return head, message.encode()


def certificates(folder):
    """A key and a certificate for 127.0.0.1 that gateways trust, and another one that they do not."""
    import ssl

    contexts = {}
    for name in ("trusted", "untrusted"):
        path = Path(folder) / name
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{path}.key", "-out", f"{path}.pem"],
            check=True, capture_output=True)
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[name].load_cert_chain(f"{path}.pem", f"{path}.key")
        os.unlink(f"{path}.key")
    return contexts
