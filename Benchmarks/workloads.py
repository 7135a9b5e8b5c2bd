"""The workloads: what each sends to whom, and the columns of its table.

`run(series, bench)` measures one series once and returns its values; `faults` among them say why a run does not count.
"""

import dataclasses
import typing

import in_flight
import raw
import relays
import slow_clients
import starts
from columns import CPU, FILES, OWN_PEAK, P50, P99, RATE, THREADS, Column
from gateways import Setting
from measurements import ATTACHMENT_CONNECTIONS, attachments, closed, distant, latency, loops


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    title: str
    series: tuple
    run: typing.Callable
    columns: tuple
    default: bool = False
    note: str = ""


PEERS = ("rust", "go", "node", "fastapi", "flask")
# The peers in Rust and Go do what the others do, and more of what Postern does; the one in Go speaks TLS as well.
FAST, TLS, EVERY, OURS = ("rust", "go", "postern"), ("go", "postern"), (*PEERS, "postern"), ("postern",)
LIMITS = ("source", "microhttpd")

TEXT = (RATE, CPU, P50, P99, OWN_PEAK, FILES)
STEADY = (Column("asked, messages/s", "asked_per_second", ",.0f"), P50, P99, Column("p99.9 ms", "p999_ms", ".2f"),
          Column("longest ms", "max_ms", ".1f"), CPU)
LARGE = (Column("messages/s", "per_second", ",.1f"), Column("MB/s", "mb_per_second", ",.0f", ratio=True),
         Column("CPU, ms/message", "cpu_ms", ",.2f", ratio=True), P50, OWN_PEAK, FILES,
         Column("memory of one in flight, times its body", "times_body", ".2f"))
FAR = (Column("messages/s", "per_second", ",.0f"), P50, P99, Column("sessions", "sessions", ",.0f"), THREADS,
       OWN_PEAK, FILES, CPU)


def _https(relay_port, bench):
    return Setting(relay_port, certificate=bench.certificate)


def _tls_relay(bench):
    return relays.tls_sink(bench.options.work, bench.certificate)


def _to_tls_relay(relay_port, bench):
    return Setting(relay_port, relay_ca=bench.certificate.file)


def _text():
    def of(connections, series, default=True):
        name = "1 connection" if connections == 1 else f"{connections:,} connections"
        return Workload(f"text-{connections}", f"1 KB of text, {name}", series,
                        closed(connections=connections, patience=2 if connections < 1000 else 10), TEXT, default)
    return [of(1, FAST), of(32, (*LIMITS, *EVERY)), of(128, (*LIMITS, *EVERY)),
            of(1000, ("microhttpd", *EVERY), default=False),
            Workload("latency", "Latency at 70 % of what the Go peer does at its most", FAST, latency(0.7), STEADY, True,
                     "Requests leave at fixed times, and latency counts from when each was due.")]


def _large():
    def of(name, size, octets, series, default=True):
        return Workload(f"attachment-{name}", f"An attachment of {size}, {ATTACHMENT_CONNECTIONS} connections", series,
                        attachments(octets), LARGE, default)
    return [of("100k", "100 KB", 100_000, EVERY, default=False), of("1m", "1 MB", 1_000_000, EVERY),
            of("10m", "10 MB", 10_000_000, FAST),
            Workload("raw", "A raw message of 1 GB", ("source", *FAST), raw.streamed, raw.COLUMNS, True,
                     "`message/rfc822`, passed on as it comes. What the message takes is the peak of the own memory "
                     "less what it was before."),
            Workload("slow-relay", "A raw message of 200 MB to a relay that reads 40 MB/s", OURS, raw.slow_relay,
                     raw.SLOW_COLUMNS),
            Workload("client-gone", "A client that goes away in the middle of a raw message", OURS, raw.client_gone,
                     raw.GONE_COLUMNS)]


def _far():
    def of(milliseconds, default):
        return Workload(f"relay-{milliseconds}ms",
                        f"1,000 messages a second, the relay a round trip of {milliseconds} ms away", FAST,
                        distant(milliseconds), FAR, default)
    return [of(20, False), of(200, True)]


def _other():
    return [
        Workload("recipients", "10 recipients a message, 32 connections", FAST,
                 closed(body="recipients", connections=32), TEXT),
        Workload("batch", "Batches of 100 messages, 4 connections", FAST,
                 closed(body="batch", connections=4, path="/messages/batch", messages=100, patience=10), TEXT),
        Workload("tls-relay", "TLS to the relay, 32 connections", TLS,
                 closed(_tls_relay, _to_tls_relay, connections=32), TEXT, note="The relay is smtp-sink behind stunnel."),
        Workload("https", "HTTPS in, 32 connections", TLS, closed(setting=_https, connections=32), TEXT),
        Workload("new-connection", "A new connection for each request, 32 at once", FAST,
                 closed(connections=32, close=True), TEXT),
        Workload("refusal", "A message without recipients: 422, 32 connections", FAST,
                 closed(body="invalid", connections=32, refused=True), TEXT),
        Workload("dry-run", "Dry run: composed and not sent, 32 connections", FAST,
                 closed(connections=32, path="/messages?dry_run=true"), TEXT)]


def _process():
    return [
        Workload("loops", "One and two event loops, 128 connections", ("postern-1-loop", "postern-2-loops"), loops,
                 (*TEXT, THREADS), True),
        Workload("start", "From the start to the first answer, and at rest", EVERY, starts.start, starts.COLUMNS, True),
        Workload("fresh-starts", "Loaded at once after the start", OURS, starts.fresh, starts.FRESH_COLUMNS),
        Workload("in-flight", f"{in_flight.REQUESTS:,} requests at once, the relay taking {in_flight.RELAY_DELAY} s a "
                 f"message on {in_flight.RELAY_SESSIONS} sessions", FAST, in_flight.many_requests, in_flight.COLUMNS),
        Workload("idle-connections", f"{in_flight.IDLE:,} idle connections, and a message on the last", FAST,
                 in_flight.idle_connections, in_flight.IDLE_COLUMNS),
        Workload("kept-connections", f"{in_flight.IDLE:,} idle connections, each kept after a message", FAST,
                 in_flight.kept_connections, in_flight.KEPT_COLUMNS),
        Workload("slow-clients", f"{slow_clients.IDLE:,} idle connections and {slow_clients.SLOW} that write an octet "
                 f"every {slow_clients.PAUSE * 1000:.0f} ms, and messages on others", OURS, slow_clients.slow_clients,
                 slow_clients.COLUMNS)]


def all_workloads():
    return [*_text(), *_large(), *_far(), *_other(), *_process()]
