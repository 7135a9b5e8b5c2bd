"""Measures gateways in turns and prints Markdown. Started by Benchmarks/run, which prepares everything."""

import argparse
import os
import resource
import signal
import statistics
import subprocess
import sys

import check
import figures
import gateways
import load
import machine
import page
import relays
import report
from processes import Failure
from results import Results
from workloads import all_workloads

HERE = os.path.dirname(os.path.abspath(__file__))
OPEN_FILES = 20000


def note(text):
    print(text, file=sys.stderr, flush=True)


# --- The measurement

class Bench:
    """What the workloads share."""

    def __init__(self, options):
        self.options, self.results = options, Results()
        self.certificate = relays.Certificate(options.work)
        self.source_rate = None
        self._go_maximum = None

    def go_maximum(self):
        """What the Go peer does at its most, on 128 connections; the same for the whole measurement."""
        if self._go_maximum is None:
            known = self.results.of("text-128", "go", "per_second").values()
            self._go_maximum = statistics.median(known) if known else self._measure_go()
        return self._go_maximum

    def _measure_go(self):
        options = self.options
        with relays.smtp_sink(options.work) as relay_port, \
                gateways.started("go", gateways.Setting(relay_port), options) as gateway:
            load.wrk(gateway, "/messages", "text", 128, 1, options)
            result = load.wrk(gateway, "/messages", "text", 128, options.seconds, options)
        return result["requests"] / (result["duration_us"] / 1e6)

    def measure(self, workloads):
        """Every series once before any again, so that a machine that gets slower meanwhile does so for all."""
        for number in range(1, self.options.rounds + 1):
            for workload in workloads:
                for series in self.options.series_of(workload):
                    run = workload.run(series, self)
                    self.results.runs.append({"round": number, "workload": workload.name, "series": series, **run})
                    self._tell(workload, self.results.runs[-1])

    def _tell(self, workload, run):
        values = [f"{format(run[column.key], column.form)} {column.label}" for column in workload.columns
                  if column.key in run]
        verdict = f"  INVALID: {', '.join(run['faults'])}" if run["faults"] else ""
        note(f"round {run['round']}  {workload.name:<16} {run['series']:<15} {'; '.join(values)}{verdict}")


def raise_open_files():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, max(hard, OPEN_FILES)))
    except (OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


# --- The command

class Options(argparse.Namespace):
    """The options, with what follows from them."""

    def series_of(self, workload):
        return [name for name in workload.series if self.series is None or name in self.series]

    def gateways(self):
        """Those that send messages, of the series that were asked for."""
        return [name for name in gateways.COMMANDS if name != "microhttpd" and (self.series is None or name in self.series)]


def _parser():
    parser = argparse.ArgumentParser(prog="Benchmarks/run", formatter_class=argparse.RawTextHelpFormatter)
    names = "\n".join(f"  {one.name:<17} {one.title}{' *' if one.default else ''}" for one in all_workloads())
    names = names.replace("%", "%%")
    parser.add_argument("--workloads", metavar="A,B",
                        help=f"what to measure: names, or all; by default those with *\n{names}")
    parser.add_argument("--series", metavar="A,B", type=lambda text: text.split(","),
                        help=f"only these of a workload's series: {', '.join(gateways.LABELS)}")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, each measuring everything once (5)")
    parser.add_argument("--seconds", type=int, default=4, help="seconds a run (4)")
    parser.add_argument("--warm-up", type=int, default=1, help="seconds of load before each run (1)")
    parser.add_argument("--smoke", action="store_true",
                        help="every workload for a second, and whether every answer and message is right")
    parser.add_argument("--publish", action="store_true",
                        help="every workload; keep the figures of this machine in figures/, and make the pages of all")
    parser.add_argument("--json", metavar="FILE", help="every run, as JSON")
    parser.add_argument("--plot", metavar="PREFIX",
                        help="where to draw PREFIX.svg and PREFIX.png (Benchmarks/.work/results)")
    parser.add_argument("--postern", metavar="FILE", help="the executable to measure, instead of the release build")
    parser.add_argument("--project", default=os.path.dirname(HERE), help=argparse.SUPPRESS)
    parser.add_argument("--work", default=f"{HERE}/.work", help=argparse.SUPPRESS)
    return parser


def _chosen(parser, options):
    every = {one.name: one for one in all_workloads()}
    if options.workloads is None and not options.smoke and not options.publish:
        return [one for one in every.values() if one.default]
    names = list(every) if options.workloads in (None, "all") else options.workloads.split(",")
    if unknown := set(names) - set(every):
        parser.error(f"no workload {', '.join(sorted(unknown))}: take some of {', '.join(every)}")
    return [every[name] for name in names]


def arguments():
    parser = _parser()
    options = parser.parse_args(namespace=Options())
    if options.smoke:
        options.rounds, options.seconds, options.warm_up = 1, 1, 0
    if options.publish and (options.smoke or options.series):
        parser.error("--publish is for whole measurements: without --smoke and --series")
    if min(options.rounds, options.seconds) < 1 or options.warm_up < 0:
        parser.error("rounds and seconds are at least 1")
    if unknown := set(options.series or ()) - set(gateways.LABELS):
        parser.error(f"no series {', '.join(sorted(unknown))}: take some of {', '.join(gateways.LABELS)}")
    options.postern = os.path.abspath(options.postern or f"{options.project}/.build/release/postern")
    if not os.access(options.postern, os.X_OK):
        raise Failure(f"no executable {options.postern}: leave out --no-build, or give --postern FILE")
    return options, _chosen(parser, options)


def write_results(measurement, options):
    """The runs as JSON, and the plot of them."""
    path, python = options.json or f"{options.work}/runs.json", f"{options.work}/python/bin/python"
    measurement.save(path)
    if any(not run["faults"] for run in measurement.results.runs):
        subprocess.run([python, "-B", f"{HERE}/plot.py", path, options.plot or f"{options.work}/results"], check=True)
    if options.publish:
        measurement.keep()
        page.make(python)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options, workloads = arguments()
    raise_open_files()
    bench, found = Bench(options), machine.describe(options)
    session = machine.session(options, workloads)
    wrong = check.run(options.gateways(), options) if options.smoke else []
    bench.measure(workloads)
    measurement = figures.Measurement(found, [session], bench.results)
    print(report.markdown(workloads, [measurement]), flush=True)
    if options.smoke:
        print("\nA smoke test, with smaller numbers than the titles say: no figure of it counts.", flush=True)
    write_results(measurement, options)
    for text in wrong:
        note(f"WRONG: {text}")
    return 1 if wrong or bench.results.invalid() else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"Benchmarks/run: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
