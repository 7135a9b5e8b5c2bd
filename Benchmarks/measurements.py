"""How the workloads that are a load on a gateway are measured: each function returns what measures one series once."""

import os

import bodies
import load
import relays
from gateways import Setting, started
from processes import Sampler, connections_to


# --- As much as goes

def closed(relay=None, setting=None, body="text", connections=128, **how):
    """A closed loop on so many connections; `relay` and `setting` are made of the bench where they are not the usual."""
    def run(series, bench):
        if series == "source":
            return source(bench)
        options = bench.options
        with relay(bench) if relay else relays.smtp_sink(options.work) as relay_port, \
                started(series, setting(relay_port, bench) if setting else Setting(relay_port), options) as gateway:
            return under_load(gateway, body, connections, options, **how)
    return run


def under_load(gateway, body, connections, options, path="/messages", messages=1, refused=False, at_least=1, **how):
    """`messages` says how many a request holds, `refused` that all are to be, `at_least` how many seconds it takes."""
    if options.warm_up:
        load.wrk(gateway, path, body, connections, options.warm_up, options, **how)
    cpu = gateway.process.cpu_seconds()
    result = load.wrk(gateway, path, body, connections, max(at_least, options.seconds), options, **how)
    cpu = gateway.process.cpu_seconds() - cpu
    sent = result["requests"] * messages
    return {"per_second": sent / (result["duration_us"] / 1e6), "cpu_us": cpu / max(1, sent) * 1e6,
            "p50_ms": result["p50_us"] / 1000, "p99_ms": result["p99_us"] / 1000, **gateway.process.status(),
            "faults": load.wrk_faults(result, refused)}


def source(bench):
    """Postfix's load generator straight to the relay: what relay and kernel allow without a gateway."""
    with relays.smtp_sink(bench.options.work) as relay_port:
        if not bench.source_rate:
            bench.source_rate = 5000 / load.smtp_source(relay_port, 5000)["seconds"]
        messages = max(1000, int(bench.source_rate * bench.options.seconds))
        result = load.smtp_source(relay_port, messages)
    return {"per_second": messages / result["seconds"], "cpu_us": result["cpu_seconds"] / messages * 1e6, "threads": 1,
            "faults": result["faults"]}


# --- Large messages

ATTACHMENT_CONNECTIONS = 4
LARGEST_BODY = str(64 << 20)


def attachments(octets):
    """Messages with one attachment, on few connections, to the relay that costs little."""
    body, more = f"attachment-{octets}", {"POSTERN_MAX_MESSAGE_BYTES": LARGEST_BODY}

    def run(series, bench):
        options = bench.options
        with relays.quick_sink(options.work) as relay_port, \
                started(series, Setting(relay_port, more=more), options) as gateway:
            # What small messages need is there before, and no part of what a large one takes.
            load.wrk(gateway, "/messages", "text", ATTACHMENT_CONNECTIONS, 1, options)
            before = gateway.process.status()
            found = under_load(gateway, body, ATTACHMENT_CONNECTIONS, options, at_least=2, patience=20)
        taken_mib = found["own_peak_mib"] - before["own_mib"]
        in_flight_mib = ATTACHMENT_CONNECTIONS * os.path.getsize(bodies.file(options.work, body)) / 2 ** 20
        return {**found, "mb_per_second": found["per_second"] * octets / 1e6, "cpu_ms": found["cpu_us"] / 1000,
                "times_body": taken_mib / in_flight_mib}
    return run


# --- A fixed rate

def latency(part, connections=256):
    """The latency under a part of what the Go peer does at its most."""
    def run(series, bench):
        options, rate = bench.options, bench.go_maximum() * part
        with relays.smtp_sink(options.work) as relay_port, \
                started(series, Setting(relay_port), options) as gateway:
            return at_rate(gateway, rate, connections, options, max(1, options.warm_up))
    return run


def at_rate(gateway, rate, connections, options, warm_up):
    cpu = gateway.process.cpu_seconds()
    result = load.steady(gateway, "text", rate, connections, options.seconds, options, warm_up)
    cpu = gateway.process.cpu_seconds() - cpu
    sent = rate * (options.seconds + warm_up)
    return {**result, "asked_per_second": rate, "cpu_us": cpu / sent * 1e6, **gateway.process.status(),
            "faults": load.steady_faults(result)}


FAR_RATE, FAR_SESSIONS, FAR_CONNECTIONS = 1000, 1000, 2000


def distant(milliseconds):
    """1,000 messages a second through a relay that is far away: what has to be open for it."""
    def run(series, bench):
        options = bench.options
        with relays.distant_sink(options.work, milliseconds) as relay_port, \
                started(series, Setting(relay_port, FAR_SESSIONS), options) as gateway, \
                Sampler(lambda: connections_to(relay_port)) as sessions, \
                Sampler(lambda: gateway.process.status()["threads"]) as threads:
            # Sessions take four round trips to open; what piles up meanwhile has to be gone before it counts.
            found = at_rate(gateway, FAR_RATE, FAR_CONNECTIONS, options, 1 if options.smoke else 4)
        return {**found, "sessions": sessions.most, "threads": threads.most}
    return run


# --- More loops

def loops(series, bench):
    """Postern makes one event loop and one HTTP thread for every two cores: it is told of two, or of four."""
    options, count = bench.options, int(series.split("-")[1])
    more = {"LD_PRELOAD": f"{options.work}/cores.so", "BENCHMARK_CORES": str(2 * count)}
    with relays.smtp_sink(options.work) as relay_port, \
            started("postern", Setting(relay_port, more=more), options) as gateway:
        found = under_load(gateway, "text", 128, options)
        made = sum(name.startswith("NIO-ELT") for name in gateway.process.thread_names())
    if made != count:
        found["faults"].append(f"it made {made} event loops")
    return found
