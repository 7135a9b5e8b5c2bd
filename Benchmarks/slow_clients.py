"""Clients that hold connections: many that are idle, and many that write an octet now and then; and one that wants to
send a message meanwhile."""

import asyncio
import collections
import statistics
import time

import relays
from columns import FILES, OWN, THREADS, Column
from gateways import Setting, started
from in_flight import SMOKE_PART, message_request, read_status
from processes import Failure

IDLE, SLOW = 5000, 500
REQUEST_TIMEOUT = 10
# How much later than its deadline a connection may end: the deadlines are looked at twice a second.
TOLERANCE = 2
PAUSE = 0.3
PROBES = 40
LIVE = b"HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
COLUMNS = (Column("message, median ms", "answer_median_ms", ".1f"), Column("longest ms", "answer_longest_ms", ".1f"),
           Column("slow ones ended after s", "last_end_s", ".1f"), THREADS, OWN, FILES,
           Column("own KiB a connection", "kib_per_connection", ".1f"))

# Where each slow client goes on an octet at a time.
BEGINNINGS = [
    b"POST /mess",
    b"POST /messages HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
    b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 1000\r\n\r\nfrom=ann%40example.org&text=",
    b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: message/rfc822\r\nContent-Length: 1000\r\n\r\n"
    b"From: ann@example.org\r\nSubject: ",
]


async def _idle(port):
    """A connection that has had an answer, and says nothing any more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(LIVE)
    status = await read_status(reader)
    if status != "200":
        raise Failure(f"HEAD /livez was answered with {status}")
    return reader, writer


async def _slow(port, beginning):
    """Writes an octet at a time until the server ends it: what it got, and when."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()
    writer.write(beginning)
    ended = asyncio.ensure_future(reader.read())
    while not ended.done() and time.monotonic() - began < 6 * REQUEST_TIMEOUT:
        await asyncio.wait([ended], timeout=PAUSE)
        if not ended.done():
            writer.write(b"a")
    lasted = time.monotonic() - began
    try:
        text = await asyncio.wait_for(ended, 1)
        got = text.split(b" ", 2)[1].decode() if text else "closed"
    except OSError:
        got = "closed"
    except asyncio.TimeoutError:
        got = "still open"
    writer.close()
    return got, lasted


async def _message(port, connection=None):
    """Sends a message, on a connection of its own or on that one: its status and how long it took."""
    began = time.monotonic()
    reader, writer = connection or await asyncio.open_connection("127.0.0.1", port)
    writer.write(message_request())
    try:
        status = await asyncio.wait_for(read_status(reader), 30)
    except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
        status = type(error).__name__
    writer.close()
    return status, time.monotonic() - began


async def _measure(gateway, idle_count, slow_count):
    process, port = gateway.process, gateway.port
    before = process.status()
    # A few at a time, so that the queue of connections to accept does not run over.
    idle = []
    while len(idle) < idle_count:
        idle += await asyncio.gather(*(_idle(port) for _ in range(min(250, idle_count - len(idle)))))
    slow = [asyncio.ensure_future(_slow(port, BEGINNINGS[number % len(BEGINNINGS)])) for number in range(slow_count)]
    await asyncio.sleep(1)
    probes = []
    for _ in range(PROBES):
        probes.append(await _message(port))
        await asyncio.sleep(REQUEST_TIMEOUT / 2 / PROBES)
    held = sum(not one.done() for one in slow)
    status = process.status()
    ends = await asyncio.gather(*slow)
    still_open = sum(not reader.at_eof() for reader, _ in idle)
    probes.append(await _message(port, idle[-1]))
    for _, writer in idle:
        writer.close()
    first, last = min(lasted for _, lasted in ends), max(lasted for _, lasted in ends)
    faults = [f"a message: {found}" for found in sorted({found for found, _ in probes} - {"200"})] \
        + [f"{count} slow clients: {found}" for found, count in collections.Counter(found for found, _ in ends).items()
           if found not in ("408", "closed")] \
        + ([] if held == slow_count else [f"only {held} slow clients were held while messages were sent"]) \
        + ([] if still_open == idle_count else [f"only {still_open} idle connections stayed open"]) \
        + ([] if abs(first - REQUEST_TIMEOUT) <= TOLERANCE and abs(last - REQUEST_TIMEOUT) <= TOLERANCE
           else [f"slow clients ended after {first:.1f} to {last:.1f} s"])
    return {"answer_median_ms": statistics.median(took for _, took in probes) * 1000,
            "answer_longest_ms": max(took for _, took in probes) * 1000, "last_end_s": last, **status, "faults": faults,
            "kib_per_connection": (status["own_mib"] - before["own_mib"]) * 1024 / (idle_count + slow_count)}


def slow_clients(_, bench):
    """Messages are answered at once while all others are held, and who is slow meets the deadline."""
    options, part = bench.options, SMOKE_PART if bench.options.smoke else 1
    more = {"POSTERN_REQUEST_TIMEOUT": f"{REQUEST_TIMEOUT}s"}
    with relays.smtp_sink(options.work) as relay_port, \
            started("postern", Setting(relay_port, more=more), options) as gateway:
        return asyncio.run(_measure(gateway, IDLE // part, SLOW // part))
