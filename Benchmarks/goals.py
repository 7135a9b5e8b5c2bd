"""The goals, and whether a measurement reaches them."""

import dataclasses
import typing

MB_OF_MIB = 1.048576


@dataclasses.dataclass(frozen=True)
class Goal:
    text: str
    value: typing.Callable
    bound: float
    at_most: bool = False
    form: str = ".2f"

    def reached(self, results):
        """None where it was not measured."""
        value = self.value(results)
        if value is None:
            return None
        return value <= self.bound if self.at_most else value >= self.bound


def to(theirs, workload, key, ours="postern"):
    return lambda results: results.ratio(workload, key, ours, theirs)


def own(workload, key, factor=1.0):
    def value(results):
        median = results.median(workload, "postern", key)
        return None if median is None else median * factor
    return value


GOALS = [
    Goal("128 connections: messages/s, to the Go peer's", to("go", "text-128", "per_second"), 2.5),
    Goal("128 connections: messages/s, to `smtp-source`'s", to("source", "text-128", "per_second"), 1.25),
    Goal("32 connections: messages/s, to the Go peer's", to("go", "text-32", "per_second"), 2.0),
    Goal("128 connections: CPU a message, to the Go peer's", to("go", "text-128", "cpu_us"), 0.45, True),
    Goal("128 connections: CPU a message, to `smtp-source`'s", to("source", "text-128", "cpu_us"), 1.0, True),
    Goal("32 connections: CPU a message, to the Go peer's", to("go", "text-32", "cpu_us"), 0.55, True),
    Goal("p99 at 70 % of the Go peer's most, to the Go peer's", to("go", "latency", "p99_ms"), 0.5, True),
    Goal("attachment of 1 MB: MB/s, to the Go peer's", to("go", "attachment-1m", "mb_per_second"), 3.0),
    Goal("attachment of 10 MB: MB/s, to the Go peer's", to("go", "attachment-10m", "mb_per_second"), 3.0),
    Goal("attachment of 1 MB: memory of one in flight, times its body", own("attachment-1m", "times_body"), 2.5, True),
    Goal("attachment of 10 MB: memory of one in flight, times its body", own("attachment-10m", "times_body"), 2.5, True),
    Goal("raw message of 1 GB: MB/s, to the Go peer's", to("go", "raw", "mb_per_second"), 3.0),
    Goal("raw message of 1 GB: memory of the message, MiB", own("raw", "cost_mib"), 16, True, ".1f"),
    Goal("relay 200 ms away: messages/s held of 1,000", own("relay-200ms", "per_second"), 980, False, ",.0f"),
    Goal("relay 200 ms away: threads", own("relay-200ms", "threads"), 19, True, ".0f"),
    Goal("relay 200 ms away: memory, peak MB", own("relay-200ms", "peak_mib", MB_OF_MIB), 100, True, ".0f"),
    Goal("at rest: memory, MB", own("start", "rss_mib", MB_OF_MIB), 20, True, ".1f"),
    Goal("from the start to the first answer, ms", own("start", "ready_ms"), 50, True, ".0f"),
    Goal("two event loops: CPU a message, to that of one",
         to("postern-1-loop", "loops", "cpu_us", "postern-2-loops"), 1.1, True),
]


def lines(results):
    """The goals that were measured, as a table of Markdown."""
    rows = []
    for goal in GOALS:
        reached = goal.reached(results)
        if reached is not None:
            rows.append(f"| {goal.text} | {'≤' if goal.at_most else '≥'} {format(goal.bound, goal.form)} "
                        f"| {format(goal.value(results), goal.form)} | {'yes' if reached else '**no**'} |")
    return ["### Goals", "", "| | goal | measured | reached |", "|---|---|---|---|", *rows, ""] if rows else []
