"""Measurements as Markdown: a table for each workload and machine, the goals, and the machines."""

import goals
from gateways import LABELS, SESSIONS
from results import spread

PEERS = {"rust": "Rust", "go": "Go"}


def tables(workload, measurements, level="###"):
    """What was measured of a workload: a table for each machine, whose first cell names the processor."""
    lines = []
    for one in measurements:
        series = [name for name in workload.series if one.results.has(workload.name, name)]
        if series:
            lines += _table(workload, one, series)
    if not lines:
        return []
    return [f"{level} {workload.title}", "", *([workload.note, ""] if workload.note else []), *lines]


def _table(workload, measurement, series):
    columns, results = workload.columns, measurement.results
    lines = [f"| {measurement.machine['name']} | " + " | ".join(column.label for column in columns) + " |",
             "|---" * (len(columns) + 1) + "|"]
    for name in series:
        cells = [spread(results.of(workload.name, name, column.key).values(), column.form) for column in columns]
        lines.append(f"| {LABELS[name]} | " + " | ".join(cells) + " |")
    return lines + _ratios(workload, results) + [""]


def _ratios(workload, results):
    lines = []
    for theirs, name in PEERS.items():
        found = [(column.label.partition(",")[0], results.ratios(workload.name, column.key, theirs=theirs))
                 for column in workload.columns if column.ratio]
        text = ", ".join(f"{label} {spread(values, '.2f')}" for label, values in found if values)
        lines += ["", f"Postern to {name}, round by round: {text}."] if text else []
    return lines


def _invalid(measurement):
    return [f"- Not counted: {measurement.machine['name']}: {run['workload']}, round {run['round']}, "
            f"{LABELS[run['series']]}: {', '.join(run['faults'])}" for run in measurement.results.invalid()]


def _machine(measurement, level):
    machine = measurement.machine
    versions = "; ".join(f"{name} {version}" for name, version in machine["versions"].items())
    lines = [f"{level} {machine['name']}", "",
             f"{machine['cpu']}; Linux {machine['kernel']}; loopback with congestion control "
             f"{machine['congestion_control']}; {versions}. wrk with one thread; {SESSIONS} sessions to the relay unless "
             "stated otherwise.", "",
             "| UTC | Postern | rounds | seconds a run | load average at the start | workloads |",
             "|---|---|---|---|---|---|"]
    for one in measurement.sessions:
        lines.append(f"| {one['date']} | {one['version']} | {one['rounds']} | {one['seconds']} | {one['load_before']:.1f} "
                     f"| {', '.join(one['workloads'])} |")
    lines.append("")
    if machine["congestion_control"] != "cubic":
        lines += ["Loopback did not use cubic. Do not compare these figures with those of another machine.", ""]
    if any(one["load_before"] > 0.5 for one in measurement.sessions):
        lines += ["Something else was running where the load average is above 0.5.", ""]
    return lines


def markdown(workloads, measurements, level="###"):
    lines = []
    for workload in workloads:
        lines += tables(workload, measurements, level)
    invalid = [line for one in measurements for line in _invalid(one)]
    lines += [*invalid, ""] if invalid else []
    lines += goals.lines(measurements, level)
    lines += [f"{level} Machines", ""]
    for one in measurements:
        lines += _machine(one, level + "#")
    return "\n".join(lines).rstrip()
