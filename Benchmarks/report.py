"""The measurement as Markdown: a table a workload, the goals, and the machine."""

import goals
from gateways import LABELS, SESSIONS
from results import spread


def table(workload, results, series):
    lines = [f"### {workload.title}", ""]
    if workload.note:
        lines += [workload.note, ""]
    lines += ["| | " + " | ".join(column.label for column in workload.columns) + " |",
              "|---" * (len(workload.columns) + 1) + "|"]
    for name in series:
        cells = [spread(results.of(workload.name, name, column.key).values(), column.form) for column in workload.columns]
        lines.append(f"| {LABELS[name]} | " + " | ".join(cells) + " |")
    return lines + _ratios(workload, results) + [""]


def _ratios(workload, results):
    found = [(column.label.partition(",")[0], results.ratios(workload.name, column.key))
             for column in workload.columns if column.ratio]
    text = ", ".join(f"{label} {spread(values, '.2f')}" for label, values in found if values)
    return ["", f"Postern to Go, round by round: {text}."] if text else []


def _invalid(results):
    lines = [f"- Not counted: {run['workload']}, round {run['round']}, {LABELS[run['series']]}: {', '.join(run['faults'])}"
             for run in results.invalid()]
    return lines + [""] if lines else []


def _machine(found, options):
    versions = "; ".join(f"{name} {version}" for name, version in found["versions"].items())
    lines = ["### Machine", "",
             f"{found['date']}; {found['cpu']}, {found['cores']} cores; Linux {found['kernel']}; loopback with congestion "
             f"control {found['congestion_control']}; {versions}.", "",
             f"{options.rounds} rounds in turns, {options.seconds} s a run after {options.warm_up} s of warming up, wrk "
             f"with one thread, {SESSIONS} sessions to the relay where nothing else is said; "
             "median (lowest–highest).", ""]
    if options.smoke:
        lines += ["A smoke test, with smaller numbers than the titles say: no figure of it counts.", ""]
    if found["congestion_control"] != "cubic":
        lines += ["Loopback did not use cubic: figures are not to be compared with those of another machine.", ""]
    if found["load_before"] > 0.5:
        lines += [f"Something else was running: load average {found['load_before']:.1f} at the start.", ""]
    return lines


def markdown(workloads, results, machine, options):
    lines = []
    for workload in workloads:
        lines += table(workload, results, options.series_of(workload))
    return "\n".join(lines + _invalid(results) + goals.lines(results) + _machine(machine, options)).rstrip()
