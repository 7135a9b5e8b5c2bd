"""Starting: how long until the first answer, the memory at rest, and whether a fresh gateway may be loaded at once."""

import time

import load
import relays
from columns import FILES, THREADS, Column
from gateways import Setting, started

COLUMNS = (Column("ready after ms", "ready_ms", ".0f", ratio=True),
           Column("own memory at rest, MiB", "own_mib", ".1f", ratio=True), FILES, THREADS)
FRESH_COLUMNS = (Column("messages/s", "per_second", ",.0f"),
                 Column("longest time without an answer, ms", "gap_ms", ".0f"))
STARTS_A_ROUND = 6
FRESH_CONNECTIONS = 128


def start(series, bench):
    """Asked over and over until it answers GET /livez, then left alone for a second."""
    with relays.smtp_sink(bench.options.work) as relay_port, \
            started(series, Setting(relay_port), bench.options) as gateway:
        time.sleep(1)
        return {"ready_ms": gateway.ready_seconds * 1000, **gateway.process.status(), "faults": []}


def fresh(_, bench):
    """Several starts, each loaded at once; the slowest counts."""
    count = 1 if bench.options.smoke else STARTS_A_ROUND
    found = [_fresh_start(bench.options) for _ in range(count)]
    return {"per_second": min(one["per_second"] for one in found), "gap_ms": max(one["gap_ms"] for one in found),
            "faults": [fault for one in found for fault in one["faults"]]}


def _fresh_start(options):
    """A start has frozen when nothing was answered for a second, or when part of the connections stood still:
    answers a second times their mean latency is the number of connections in use."""
    with relays.smtp_sink(options.work) as relay_port, started("postern", Setting(relay_port), options) as gateway:
        result = load.wrk(gateway, "/messages", "text", FRESH_CONNECTIONS, 2, options, gaps=True)
    per_second = result["requests"] / (result["duration_us"] / 1e6)
    in_use = per_second * result["mean_us"] / 1e6
    faults = load.wrk_faults(result)
    if result["longest_gap_s"] >= 1:
        faults.append(f"froze: no answer for {result['longest_gap_s']:.1f} s")
    elif in_use < 0.9 * FRESH_CONNECTIONS:
        faults.append(f"froze: only {in_use:.0f} of {FRESH_CONNECTIONS} connections in use")
    return {"per_second": per_second, "gap_ms": result["longest_gap_s"] * 1000, "faults": faults}
