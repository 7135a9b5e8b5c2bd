"""Many requests at once against a slow relay, and many idle connections."""

import asyncio
import json
import socket
import threading
import time

import gateways
from processes import Failure, smtp_sink

RELAY_DELAY = 5
RELAY_SESSIONS = 500
MESSAGE = json.dumps({"from": "ann@example.org", "to": ["bob@example.net"], "subject": "How are you?",
                      "text": "How are you then, and how are those around you? We are all fine\n" * 16}).encode()
REQUEST = (b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
           b"Content-Length: %d\r\n\r\n" % len(MESSAGE)) + MESSAGE


class Sampler(threading.Thread):
    """The most threads and memory of a process, asked ten times a second."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.threads, self._ended = process, 0, threading.Event()

    def run(self):
        while not self._ended.wait(0.1):
            try:
                self.threads = max(self.threads, self.process.status()["threads"])
            except (OSError, KeyError):
                return

    def end(self):
        self._ended.set()
        self.join()


async def _answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    body = await reader.readexactly(length)
    return int(head.split(b" ", 2)[1]), body


async def _all_at_once(port, count, patience):
    connections = []
    for _ in range(count):
        connections.append(await asyncio.open_connection("127.0.0.1", port))
    began = time.monotonic()
    for _, writer in connections:
        writer.write(REQUEST)

    async def one(reader):
        try:
            status, body = await asyncio.wait_for(_answer(reader), patience)
            return status, b'"code":250' in body.replace(b" ", b""), time.monotonic() - began
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            return type(error).__name__, False, time.monotonic() - began

    answers = await asyncio.gather(*(one(reader) for reader, _ in connections))
    for _, writer in connections:
        writer.close()
    return answers


def many_requests(binary, work, count):
    """`count` requests at once; the relay takes 5 s for each message, on 500 sessions."""
    relay, relay_port = smtp_sink(work, "-W", f".:{RELAY_DELAY}", "-m", str(RELAY_SESSIONS + 50))
    with relay:
        gateway = gateways.postern(binary, work, RELAY_SESSIONS, POSTERN_QUEUE_TIMEOUT="60s")
        process, port = gateway.start(relay_port)
        with process:
            before = process.status()
            sampler = Sampler(process)
            sampler.start()
            answers = asyncio.run(_all_at_once(port, count, patience=60 + 2 * RELAY_DELAY))
            sampler.end()
            process.check()
            after = process.status()
    statuses = {}
    for status, _, _ in answers:
        statuses[str(status)] = statuses.get(str(status), 0) + 1
    return {
        "requests": count, "relay_delay_s": RELAY_DELAY, "relay_sessions": RELAY_SESSIONS, "statuses": statuses,
        "all_accepted": all(status == 200 and accepted for status, accepted, _ in answers),
        "first_answer_s": min(at for _, _, at in answers), "last_answer_s": max(at for _, _, at in answers),
        "threads": max(sampler.threads, after["threads"]), "rss_before_mib": before["rss_mib"],
        "peak_mib": after["peak_mib"], "kib_per_request": (after["peak_mib"] - before["rss_mib"]) * 1024 / count}


def many_connections(binary, work, count):
    """`count` open connections that say nothing, and a message on the last of them."""
    relay, relay_port = smtp_sink(work)
    with relay:
        process, port = gateways.postern(binary, work).start(relay_port)
        with process:
            time.sleep(0.5)  # until the connection that asked for its readiness is gone
            before, sockets_before = process.status(), process.sockets()
            opened = []
            try:
                for _ in range(count):
                    opened.append(socket.create_connection(("127.0.0.1", port), 5))
            except OSError as error:
                if not opened:
                    raise Failure(f"cannot connect to postern: {error}") from error
            until = time.monotonic() + 5
            while process.sockets() - sockets_before < len(opened) and time.monotonic() < until:
                time.sleep(0.05)
            accepted = process.sockets() - sockets_before
            after = process.status()
            last = opened[-1]
            last.settimeout(10)
            try:
                last.sendall(REQUEST)
                answer = last.recv(65536).split(b"\r\n", 1)[0].decode("ascii", "replace")
            except OSError as error:
                answer = type(error).__name__
            for connection in opened:
                connection.close()
            process.check()
    return {"asked": count, "opened": len(opened), "accepted": accepted, "answer_on_the_last": answer,
            "served": answer.startswith("HTTP/1.1 200"), "threads": after["threads"], "rss_mib": after["rss_mib"],
            "kib_per_connection": (after["rss_mib"] - before["rss_mib"]) * 1024 / max(1, accepted)}
