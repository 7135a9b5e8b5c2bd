"""The goals, and whether a measurement reaches them."""

import dataclasses
import os
import typing

HERE = os.path.dirname(os.path.abspath(__file__))
MB_OF_MIB, KB_OF_KIB = 1.048576, 1.024


@dataclasses.dataclass(frozen=True)
class Goal:
    text: str
    value: typing.Callable
    bound: float
    at_most: bool = False
    form: str = ".2f"

    def measured(self, results):
        """The figure, and whether it reaches the goal; – if it was not measured."""
        value = self.value(results)
        if value is None:
            return "–"
        reached = value <= self.bound if self.at_most else value >= self.bound
        return f"{format(value, self.form)}, {'reached' if reached else '**missed**'}"


def to(theirs, workload, key, ours="postern"):
    return lambda results: results.ratio(workload, key, ours, theirs)


def own(workload, key, factor=1.0):
    def value(results):
        median = results.median(workload, "postern", key)
        return None if median is None else median * factor
    return value


def instructions():
    """The instructions a message, by connections, as Benchmarks/instructions has written them down."""
    with open(f"{HERE}/instructions.txt") as file:
        lines = [line.split() for line in file if not line.startswith("#")]
    return {int(line[0]): int(line[1]) for line in lines if line}


def counted(connections):
    return lambda _: instructions()[connections]


def _text_goals():
    """1 KB of text: each pair is for 32 and for 128 connections."""
    bounds = (("rust", "the Rust peer's", (0.95, 1.0), (1.2, 1.1)), ("go", "the Go peer's", (1.9, 2.3), (0.48, 0.42)))
    for theirs, name, rates, costs in bounds:
        for connections, rate, cost in zip((32, 128), rates, costs):
            workload = f"text-{connections}"
            yield Goal(f"{connections} connections: messages/s, to {name}", to(theirs, workload, "per_second"), rate)
            yield Goal(f"{connections} connections: CPU a message, to {name}", to(theirs, workload, "cpu_us"), cost, True)
    yield Goal("128 connections: messages/s, to `smtp-source`'s", to("source", "text-128", "per_second"), 1.0)


def _not_sent_goals():
    for workload, name in (("dry-run", "dry run"), ("refusal", "refusal")):
        for theirs, whose in (("go", "the Go peer's"), ("rust", "the Rust peer's")):
            yield Goal(f"{name}: requests/s, to {whose}", to(theirs, workload, "per_second"), 1.0)


GOALS = [
    *_text_goals(),
    Goal("1 connection: instructions a message", counted(1), 120_000, True, ",.0f"),
    Goal("16 connections: instructions a message", counted(16), 100_000, True, ",.0f"),
    *_not_sent_goals(),
    Goal("kept connection, idle: own memory, KB", own("kept-connections", "kib_per_connection", KB_OF_KIB), 8, True, ".1f"),
    Goal("request in flight: own memory, KB", own("in-flight", "kib_per_request", KB_OF_KIB), 16, True, ".1f"),
    Goal("at rest: own memory, MB", own("start", "own_mib", MB_OF_MIB), 8, True, ".1f"),
    Goal("p99 at 70 % of the Go peer's most, to the Go peer's", to("go", "latency", "p99_ms"), 0.5, True),
    Goal("attachment of 1 MB: MB/s, to the Go peer's", to("go", "attachment-1m", "mb_per_second"), 3.0),
    Goal("attachment of 10 MB: MB/s, to the Go peer's", to("go", "attachment-10m", "mb_per_second"), 3.0),
    Goal("attachment of 1 MB: memory of one in flight, times its body", own("attachment-1m", "times_body"), 2.5, True),
    Goal("attachment of 10 MB: memory of one in flight, times its body", own("attachment-10m", "times_body"), 2.5, True),
    Goal("raw message of 1 GB: MB/s, to the Go peer's", to("go", "raw", "mb_per_second"), 3.0),
    Goal("raw message of 1 GB: memory of the message, MiB", own("raw", "cost_mib"), 16, True, ".1f"),
    Goal("relay 200 ms away: messages/s held of 1,000", own("relay-200ms", "per_second"), 980, False, ",.0f"),
    Goal("relay 200 ms away: threads", own("relay-200ms", "threads"), 19, True, ".0f"),
    Goal("relay 200 ms away: own memory, peak MB", own("relay-200ms", "own_peak_mib", MB_OF_MIB), 100, True, ".0f"),
    Goal("from the start to the first answer, ms", own("start", "ready_ms"), 50, True, ".0f"),
    Goal("two event loops: CPU a message, to that of one",
         to("postern-1-loop", "loops", "cpu_us", "postern-2-loops"), 1.1, True),
]


def lines(measurements, level="###"):
    """The goals as a table of Markdown, with a column for each machine; none if nothing was measured of them."""
    rows = []
    for goal in GOALS:
        cells = [goal.measured(one.results) for one in measurements]
        if any(cell != "–" for cell in cells):
            rows.append(f"| {goal.text} | {'≤' if goal.at_most else '≥'} {format(goal.bound, goal.form)} "
                        f"| {' | '.join(cells)} |")
    names = " | ".join(one.machine["name"] for one in measurements)
    head = [f"{level} Goals", "", f"| | goal | {names} |", "|---" * (len(measurements) + 2) + "|"]
    return [*head, *rows, ""] if rows else []
