"""Clients that hold connections: many that are idle, and many that write an octet now and then; and one that wants to
send a message meanwhile."""

import asyncio
import statistics
import time

import gateways
from in_flight import MESSAGE, REQUEST, read_answer
from processes import Failure, smtp_sink

REQUEST_TIMEOUT = 10
# How much later than its deadline a connection may end: the deadlines are looked at twice a second.
TOLERANCE = 2
PAUSE = 0.3
PROBES = 40
LIVE = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"

# Where each kind of slow client goes on an octet at a time.
BEGINNINGS = {
    "request line": b"POST /mess",
    "header section": b"POST /messages HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "JSON body": b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                 b"Content-Length: %d\r\n\r\n" % len(MESSAGE),
    "form": b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: 1000\r\n\r\nfrom=ann%40example.org&text=",
    "header section of a raw message": b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: message/rfc822\r\n"
                                       b"Content-Length: 1000\r\n\r\nFrom: ann@example.org\r\nSubject: ",
}


async def _idle(port):
    """A connection that has had an answer, and says nothing any more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(LIVE)
    status, _ = await read_answer(reader)
    if status != 200:
        raise Failure(f"GET /livez was answered with {status}")
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
    writer.write(REQUEST)
    try:
        status, _ = await asyncio.wait_for(read_answer(reader), 30)
    except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
        status = type(error).__name__
    writer.close()
    return status, time.monotonic() - began


async def _measure(process, port, idle_count, slow_count):
    before = process.status()
    # A few at a time, so that the queue of connections to accept does not run over.
    idle = []
    while len(idle) < idle_count:
        idle += await asyncio.gather(*(_idle(port) for _ in range(min(250, idle_count - len(idle)))))
    with_idle = process.status()
    kinds = list(BEGINNINGS)
    slow = [asyncio.ensure_future(_slow(port, BEGINNINGS[kinds[number % len(kinds)]])) for number in range(slow_count)]
    await asyncio.sleep(1)
    probes = []
    for _ in range(PROBES):
        probes.append(await _message(port))
        await asyncio.sleep(REQUEST_TIMEOUT / 2 / PROBES)
    held = sum(not one.done() for one in slow)
    with_all = process.status()
    results = await asyncio.gather(*slow)
    still_open = sum(not reader.at_eof() for reader, _ in idle)
    last = await _message(port, idle[-1]) if idle else ("none", 0)
    for _, writer in idle:
        writer.close()
    return {
        "idle": idle_count, "slow": slow_count, "request_timeout_s": REQUEST_TIMEOUT, "pause_s": PAUSE,
        "held_after_the_messages": held,
        "statuses": sorted({str(status) for status, _ in probes}),
        "answer_median_ms": statistics.median(took for _, took in probes) * 1000,
        "answer_longest_ms": max(took for _, took in probes) * 1000,
        "got": {kind: {got: sum(1 for number, (one, _) in enumerate(results)
                                if one == got and kinds[number % len(kinds)] == kind)
                       for got in sorted({one for one, _ in results})} for kind in kinds},
        "first_end_s": min(lasted for _, lasted in results), "last_end_s": max(lasted for _, lasted in results),
        "idle_open_afterwards": still_open, "status_on_an_idle_one": str(last[0]),
        "rss_before_mib": before["rss_mib"], "rss_idle_mib": with_idle["rss_mib"], "rss_all_mib": with_all["rss_mib"],
        "threads": with_all["threads"]}


def run(binary, work, idle, slow):
    """`idle` connections that say nothing and `slow` ones, with messages sent meanwhile."""
    relay, relay_port = smtp_sink(work)
    with relay:
        gateway = gateways.postern(binary, work, POSTERN_REQUEST_TIMEOUT=f"{REQUEST_TIMEOUT}s")
        process, port = gateway.start(relay_port)
        with process:
            result = asyncio.run(_measure(process, port, idle, slow))
            process.check()
    return result


def good(result):
    """Whether every message was answered while all were held, and every slow client met its deadline."""
    got = {one for kind in result["got"].values() for one, count in kind.items() if count}
    return result["statuses"] == ["200"] and result["status_on_an_idle_one"] == "200" \
        and result["held_after_the_messages"] == result["slow"] and got <= {"408", "closed"} \
        and result["first_end_s"] >= REQUEST_TIMEOUT - TOLERANCE \
        and result["last_end_s"] <= REQUEST_TIMEOUT + TOLERANCE \
        and result["idle_open_afterwards"] == result["idle"]


def lines(result):
    ends = ", ".join(f"{kind}: " + ", ".join(f"{count} × {got}" for got, count in found.items() if count)
                     for kind, found in result["got"].items())
    per_connection = (result["rss_all_mib"] - result["rss_before_mib"]) * 1024 / max(1, result["idle"] + result["slow"])
    return [
        "### Slow clients", "",
        f"- {result['idle']:,} idle connections and {result['slow']:,} that write an octet every "
        f"{result['pause_s'] * 1000:.0f} ms, with POSTERN_REQUEST_TIMEOUT={result['request_timeout_s']}s; meanwhile "
        f"{PROBES} messages on connections of their own: {', '.join(result['statuses'])}, median "
        f"{result['answer_median_ms']:.1f} ms, longest {result['answer_longest_ms']:.1f} ms; "
        f"{result['held_after_the_messages']:,} slow clients were held all that time.",
        f"- The slow ones ended after {result['first_end_s']:.1f} to {result['last_end_s']:.1f} s ({ends}); "
        f"{result['idle_open_afterwards']:,} idle ones were open afterwards, a message on one of them: "
        f"{result['status_on_an_idle_one']}.",
        f"- Resident {result['rss_before_mib']:.1f} MiB before, {result['rss_idle_mib']:.1f} with the idle ones, "
        f"**{result['rss_all_mib']:.1f} MiB** with all ({per_connection:.1f} KiB a connection); "
        f"{result['threads']} threads.", ""]
