#!/usr/bin/env python3
"""Makes the parts of RESULTS.md and docs/performance.md that are figures, of all machines in figures/, and the drawings.

usage: Benchmarks/page.py

`Benchmarks/run --publish` does it after a measurement. What stands outside the marks in both files is written by hand.
"""

import os
import subprocess
import sys

sys.dont_write_bytecode = True

import figures  # noqa: E402, nothing is to be left beside the sources
import report  # noqa: E402
from processes import Failure  # noqa: E402
from workloads import all_workloads  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
BEGIN, END = "<!-- figures: made by Benchmarks/page.py -->", "<!-- end of figures -->"
DRAWING = "messages a second, CPU a message, latency and throughput, Postern beside its peers"

# The figures that docs/performance.md shows: what they are, the workload, its key, the form.
MAIN = [
    ("1 KB of text, 1 connection: messages a second", "text-1", "per_second", "{:,.0f}"),
    ("1 KB of text, 32 connections: messages a second", "text-32", "per_second", "{:,.0f}"),
    ("the same: CPU a message", "text-32", "cpu_us", "{:,.0f} µs"),
    ("1 KB of text, 128 connections: messages a second", "text-128", "per_second", "{:,.0f}"),
    ("the same: CPU a message", "text-128", "cpu_us", "{:,.0f} µs"),
    ("{asked:,.0f} messages a second: 99 of 100 responses within", "latency", "p99_ms", "{:.1f} ms"),
    ("dry run, 32 connections: requests a second", "dry-run", "per_second", "{:,.0f}"),
    ("attachment of 1 MB: messages a second", "attachment-1m", "per_second", "{:,.0f}"),
    ("raw message of 1 GB", "raw", "mb_per_second", "{:,.0f} MB/s"),
    ("the same: memory for the message", "raw", "cost_mib", "{:.1f} MiB"),
    ("relay 200 ms away, 1,000 messages a second: median latency", "relay-200ms", "p50_ms", "{:,.0f} ms"),
    ("TLS to the relay, 32 connections: messages a second", "tls-relay", "per_second", "{:,.0f}"),
    ("from the start to the first response", "start", "ready_ms", "{:,.0f} ms"),
    ("own memory at rest", "start", "own_mib", "{:.1f} MiB"),
    ("pages of files at rest", "start", "file_mib", "{:.1f} MiB"),
    ("own memory for a kept connection that is idle", "kept-connections", "kib_per_connection", "{:.1f} KiB"),
    ("own memory for a request in flight", "in-flight", "kib_per_request", "{:.1f} KiB"),
]
SERIES = {"postern": "Postern", "rust": "Rust", "go": "Go", "node": "Node", "fastapi": "Python"}


def main_table(measurement):
    results = measurement.results
    lines = [f"| {measurement.machine['name']} | {' | '.join(SERIES.values())} |", "|---" * (len(SERIES) + 1) + "|"]
    for text, workload, key, form in MAIN:
        values = [results.median(workload, name, key) for name in SERIES]
        if any(value is not None for value in values):
            cells = ["–" if value is None else form.format(value) for value in values]
            asked = results.median(workload, "postern", "asked_per_second")
            lines.append(f"| {text.format(asked=asked or 0)} | {' | '.join(cells)} |")
    return lines


def main_figures(measurements):
    lines = []
    for one in measurements:
        dates = sorted(session["date"][:10] for session in one.sessions)
        when = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
        lines += [*main_table(one), "", f"Linux {one.machine['kernel']}, loopback; measured {when}.", ""]
    return "\n".join(lines).rstrip()


def between_marks(path, text):
    with open(path, encoding="utf-8") as file:
        whole = file.read()
    before, begin, rest = whole.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Failure(f"{path} has no place for the figures: {BEGIN} … {END}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


def make(python):
    """`python` is one that has matplotlib."""
    measurements = figures.all_kept()
    if not measurements:
        raise Failure("no figures are kept: Benchmarks/run --publish measures some")
    drawings = []
    for one in measurements:
        subprocess.run([python, "-B", f"{HERE}/plot.py", f"{one.path}.json", one.path, "png"], check=True)
        drawings.append(f"![{one.machine['name']}: {DRAWING}](figures/{os.path.basename(one.path)}.png)")
    text = "\n\n".join([*drawings, report.markdown(all_workloads(), measurements, "##")])
    between_marks(f"{HERE}/RESULTS.md", text)
    between_marks(f"{HERE}/../docs/performance.md", main_figures(measurements))


if __name__ == "__main__":
    try:
        make(f"{HERE}/.work/python/bin/python")
    except Failure as failure:
        sys.exit(f"Benchmarks/page.py: {failure}")
