"""Many requests at once against a slow relay, and many idle connections."""

import asyncio
import collections
import socket
import time

import bodies
import load
import relays
from columns import FILES, OWN, OWN_PEAK, THREADS, Column
from gateways import Setting, started
from processes import Sampler

REQUESTS, IDLE, SMOKE_PART = 2000, 5000, 10
RELAY_DELAY, RELAY_SESSIONS = 5, 500
# Until memory is looked at: what can be given back has been by then.
KEPT_SECONDS = 3
COLUMNS = (Column("last answer after s", "last_answer_s", ".1f"), THREADS, OWN_PEAK, FILES,
           Column("own KiB a request", "kib_per_request", ".1f"))
IDLE_COLUMNS = (Column("accepted", "accepted", ",.0f"), THREADS, OWN, FILES,
                Column("own KiB a connection", "kib_per_connection", ".1f"))
KEPT_COLUMNS = (Column("kept", "kept", ",.0f"), *IDLE_COLUMNS[1:])


def message_request():
    """A whole request with a message."""
    body = bodies.encoded("text")
    return (b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)) + body


async def read_status(reader):
    """The status of an answer, whose header section is read."""
    head = await reader.readuntil(b"\r\n\r\n")
    return head.split(b" ", 2)[1].decode()


async def _all_at_once(port, count, patience):
    """The statuses of so many requests sent together, and the seconds until the last."""
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    request, began = message_request(), time.monotonic()
    for _, writer in connections:
        writer.write(request)

    async def one(reader):
        try:
            return await asyncio.wait_for(read_status(reader), patience)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            return type(error).__name__
    statuses = await asyncio.gather(*(one(reader) for reader, _ in connections))
    seconds = time.monotonic() - began
    for _, writer in connections:
        writer.close()
    return collections.Counter(statuses), seconds


def many_requests(series, bench):
    """All are taken, and few threads wait for them."""
    options, count = bench.options, REQUESTS // (SMOKE_PART if bench.options.smoke else 1)
    delay = 1 if options.smoke else RELAY_DELAY
    more = {"POSTERN_QUEUE_TIMEOUT": "60s"}
    with relays.smtp_sink(options.work, "-W", f".:{delay}") as relay_port, \
            started(series, Setting(relay_port, RELAY_SESSIONS, more=more), options) as gateway:
        before = gateway.process.status()
        with Sampler(lambda: gateway.process.status()["threads"]) as threads:
            statuses, seconds = asyncio.run(_all_at_once(gateway.port, count, 60 + 2 * delay))
        after = gateway.process.status()
    return {"last_answer_s": seconds, **after, "threads": threads.most,
            "kib_per_request": (after["own_peak_mib"] - before["own_mib"]) * 1024 / count,
            "faults": [f"{number} × {status}" for status, number in statuses.items() if status != "200"]}


def idle_connections(series, bench):
    """Connections that say nothing, and one that does."""
    options, count = bench.options, IDLE // (SMOKE_PART if bench.options.smoke else 1)
    with relays.smtp_sink(options.work) as relay_port, \
            started(series, Setting(relay_port), options) as gateway:
        time.sleep(0.5)  # until the connection that asked whether it is ready is gone
        before, sockets = gateway.process.status(), gateway.process.sockets()
        opened = [socket.create_connection(("127.0.0.1", gateway.port), 5) for _ in range(count)]
        accepted = _accepted(gateway.process, sockets, count)
        after = gateway.process.status()
        answer = _answer_on(opened[-1])
        for connection in opened:
            connection.close()
    faults = ([] if accepted >= count else [f"only {accepted} connections were accepted"]) \
        + ([] if answer.startswith("HTTP/1.1 200") else [f"on the last: {answer}"])
    return {"accepted": accepted, **after, "faults": faults,
            "kib_per_connection": (after["own_mib"] - before["own_mib"]) * 1024 / count}


def kept_connections(series, bench):
    """Connections that have each sent a message and had its answer, and are silent since."""
    options, count = bench.options, IDLE // (SMOKE_PART if bench.options.smoke else 1)
    with relays.smtp_sink(options.work) as relay_port, \
            started(series, Setting(relay_port), options) as gateway:
        # What the sessions with the relay take is there before.
        load.wrk(gateway, "/messages", "text", 32, 1, options)
        time.sleep(1)
        before = gateway.process.status()
        opened, refused = [], collections.Counter()
        for _ in range(count):
            opened.append(socket.create_connection(("127.0.0.1", gateway.port), 5))
            answer = _answer_on(opened[-1])
            refused.update([] if answer.startswith("HTTP/1.1 200") else [answer])
        time.sleep(KEPT_SECONDS)
        after = gateway.process.status()
        still_open = gateway.process.sockets() >= count
        for connection in opened:
            connection.close()
    return {"kept": count, **after, "kib_per_connection": (after["own_mib"] - before["own_mib"]) * 1024 / count,
            "faults": [f"{number} × {answer}" for answer, number in refused.items()]
            + ([] if still_open else ["connections were closed"])}


def _accepted(process, before, count):
    until = time.monotonic() + 5
    while process.sockets() - before < count and time.monotonic() < until:
        time.sleep(0.05)
    return process.sockets() - before


def _answer_on(connection):
    connection.settimeout(10)
    try:
        connection.sendall(message_request())
        return connection.recv(65536).split(b"\r\n", 1)[0].decode("ascii", "replace")
    except OSError as error:
        return type(error).__name__
