"""Large raw messages: what they cost, a relay that is slow, and a client that goes away."""

import socket
import threading
import time

import load
import relays
from columns import FILES, OWN_PEAK, Column
from gateways import Setting, started

OCTETS, SMOKE_OCTETS = 1_000_000_000, 50_000_000
SLOW_OCTETS, SLOW_SMOKE_OCTETS, SLOW_RATE = 200_000_000, 20_000_000, 40_000_000
COST_BOUND_MIB = 16
COST = Column("memory of the message, MiB", "cost_mib", ".1f")
COLUMNS = (Column("MB/s", "mb_per_second", ",.0f", ratio=True), Column("CPU, s", "cpu_s", ".2f", ratio=True), COST, OWN_PEAK,
           FILES)
SLOW_COLUMNS = (Column("seconds", "seconds", ".1f"), Column("client ahead of the relay at most, MiB", "ahead_mib", ".1f"),
                COST)
GONE_COLUMNS = (Column("noticed after ms", "noticed_ms", ".0f"),
                Column("MB at the relay, without a final dot", "at_relay_mb", ".0f"))
SETTINGS = {"POSTERN_MAX_MESSAGE_BYTES": str(1 << 30)}


def streamed(series, bench):
    """One message of 1 GB to the relay that costs little."""
    octets = SMOKE_OCTETS if bench.options.smoke else OCTETS
    with relays.quick_sink(bench.options.work) as relay_port:
        if series == "source":
            result = load.smtp_source(relay_port, 1, octets, sessions=1)
            return {"mb_per_second": octets / 1e6 / result["seconds"], "cpu_s": result["cpu_seconds"],
                    "faults": result["faults"]}
        with started(series, Setting(relay_port, more=SETTINGS), bench.options) as gateway:
            return _measured(gateway.process, load.Upload(gateway.port, octets), gateway.port)


def _measured(process, upload, port, run=None):
    load.Upload(port, len(load.PIECE) * 2).run()  # what is needed once is there now
    before, cpu = process.status(), process.cpu_seconds()
    (run or upload.run)()
    after = process.status()
    return {"mb_per_second": upload.size / 1e6 / upload.seconds, "seconds": upload.seconds,
            "cpu_s": process.cpu_seconds() - cpu, **after,
            "cost_mib": after["own_peak_mib"] - before["own_mib"],
            "faults": [] if upload.accepted else [f"the answer was {upload.status}"]}


def slow_relay(_, bench):
    """The client must not get far ahead of a relay that reads slowly."""
    octets = SLOW_SMOKE_OCTETS if bench.options.smoke else SLOW_OCTETS
    with relays.ScriptedRelay(SLOW_RATE) as relay, \
            started("postern", Setting(relay.port, more=SETTINGS), bench.options) as gateway:
        upload, ahead = load.Upload(gateway.port, octets), 0

        def watched():
            nonlocal ahead
            taken = relay.octets
            client = threading.Thread(target=upload.run, daemon=True)
            client.start()
            while client.is_alive():
                ahead = max(ahead, upload.sent - (relay.octets - taken))
                client.join(0.02)
        found = _measured(gateway.process, upload, gateway.port, watched)
    return {**found, "ahead_mib": ahead / 2 ** 20, "faults": found["faults"] + _dear(found)}


def _dear(found):
    return [f"it took {found['cost_mib']:.0f} MiB"] if found["cost_mib"] > COST_BOUND_MIB else []


def client_gone(_, bench):
    """The relay must see no end of a message whose client went away."""
    with relays.ScriptedRelay(keep=True) as relay, \
            started("postern", Setting(relay.port, more=SETTINGS), bench.options) as gateway:
        with socket.create_connection(("127.0.0.1", gateway.port), 10) as client:
            client.sendall(load.raw_head(100_000_000) + load.HEADER)
            for _ in range(80):
                client.sendall(load.PIECE)
        began = time.monotonic()
        noticed = _wait_for(gateway.process.log, "client went away", 10)
        after = time.monotonic() - began
    faults = ([] if noticed else ["the client's going was not noticed"]) \
        + (["the relay took the message"] if relay.messages else [])
    return {"noticed_ms": after * 1000, "at_relay_mb": relay.octets / 1e6, "faults": faults}


def _wait_for(path, text, seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with open(path, errors="replace") as log:
            if text in log.read():
                return True
        time.sleep(0.005)
    return False
