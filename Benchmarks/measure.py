"""Measures gateways in turns and prints Markdown. Started by Benchmarks/run, which prepares everything."""

import argparse
import datetime
import json
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import time

import attachments
import gateways
import in_flight
import uploads
from processes import Failure, clean_environment, smtp_sink

HERE = os.path.dirname(os.path.abspath(__file__))
TCP_CONGESTION = 13
OPEN_FILES = 20000
LABELS = {
    "source": "`smtp-source` alone (no HTTP)", "microhttpd": "empty libmicrohttpd handler (no mail)",
    "go": "Go: net/http and emersion/go-smtp", "postern": "**Postern**"}


def note(text):
    print(text, file=sys.stderr, flush=True)


# --- One run

def wrk(port, path, connections, seconds, threads, gaps=False):
    environment = clean_environment(**({"POSTERN_BENCHMARK_GAPS": "1"} if gaps else {}))
    done = subprocess.run(
        ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "-s", f"{HERE}/message.lua",
         f"http://127.0.0.1:{port}{path}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
        timeout=seconds + 30, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines or not lines[-1].startswith("{"):
        raise Failure(f"wrk failed: {(done.stderr or done.stdout).strip()}")
    return json.loads(lines[-1])


def faults(result):
    """Why a run does not count: answers other than 2xx, socket errors, timeouts, or none at all."""
    found = [f"{result[name]} {label}" for name, label in (
        ("status", "answers were not 2xx"), ("connect", "connect errors"), ("read", "read errors"),
        ("write", "write errors"), ("timeout", "timeouts")) if result[name]]
    return found or ([] if result["requests"] else ["no answer at all"])


def measure_gateway(gateway, connections, options):
    relay, relay_port = smtp_sink(options.work)
    with relay:
        process, port = gateway.start(relay_port)
        with process:
            if options.warm_up:
                wrk(port, gateway.path, connections, options.warm_up, options.wrk_threads)
            process.check()
            cpu, relay_cpu = process.cpu_seconds(), relay.cpu_seconds()
            result = wrk(port, gateway.path, connections, options.seconds, options.wrk_threads)
            process.check()
            relay.check()
            messages = max(1, result["requests"])
            return {
                "per_second": result["requests"] / (result["duration_us"] / 1e6),
                "cpu_us": (process.cpu_seconds() - cpu) / messages * 1e6,
                "relay_cpu_us": (relay.cpu_seconds() - relay_cpu) / messages * 1e6,
                "p50_ms": result["p50_us"] / 1000, "p99_ms": result["p99_us"] / 1000,
                **process.status(), "faults": faults(result), "wrk": result}


def measure_source(messages, options):
    """Postfix's load generator straight to the relay: what the relay and the kernel allow without a gateway."""
    relay, relay_port = smtp_sink(options.work)
    with relay:
        began = time.monotonic()
        child = subprocess.Popen(
            ["/usr/sbin/smtp-source", "-d", "-s", str(gateways.SESSIONS), "-l", "1024", "-m", str(messages),
             f"127.0.0.1:{relay_port}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        except BaseException:
            child.kill()
            raise
        seconds = time.monotonic() - began
    return {"per_second": messages / seconds, "cpu_us": (usage.ru_utime + usage.ru_stime) / messages * 1e6,
            "rss_mib": usage.ru_maxrss / 1024, "peak_mib": usage.ru_maxrss / 1024, "threads": 1,
            "faults": [f"smtp-source ended with {child.returncode}"] if child.returncode else []}


# --- Rounds

def rounds(options):
    runs = []
    source_messages = 20000
    measured = [gateways.named(name, options.postern, options.work) for name in options.series if name != "source"]
    for number in range(1, options.rounds + 1):
        if "source" in options.series:
            if number == 1:
                rate = measure_source(source_messages, options)["per_second"]
                source_messages = max(1000, int(rate * options.seconds))
            run = measure_source(source_messages, options)
            runs.append({"round": number, "series": "source", "connections": gateways.SESSIONS, **run})
            tell(runs[-1])
        for connections in options.connections:
            for gateway in measured:
                run = measure_gateway(gateway, connections, options)
                runs.append({"round": number, "series": gateway.name, "connections": connections, **run})
                tell(runs[-1])
    return runs


def tell(run):
    verdict = f"  INVALID: {', '.join(run['faults'])}" if run["faults"] else ""
    note(f"round {run['round']}  {run['connections']:>4} connections  {run['series']:<10} "
         f"{run['per_second']:>9,.0f}/s  {run['cpu_us']:6.1f} us CPU  {run['peak_mib']:6.1f} MiB{verdict}")


def valid(runs, series, connections):
    return [run for run in runs
            if run["series"] == series and run["connections"] == connections and not run["faults"]]


def spread(values, form):
    if not values:
        return "no valid run"
    return f"{format(statistics.median(values), form)} ({format(min(values), form)}–{format(max(values), form)})"


def table(runs, options):
    lines = []
    for connections in options.connections:
        lines += [f"### {connections} connections", "",
                  "| | messages/s | CPU of the process, µs/message | p50 / p99 ms | memory, peak MiB |",
                  "|---|---|---|---|---|"]
        for series in options.series:
            found = valid(runs, series, gateways.SESSIONS if series == "source" else connections)
            latency = "–"
            if found and "p50_ms" in found[0]:
                latency = " / ".join(f"{statistics.median(run[name] for run in found):.2f}"
                                     for name in ("p50_ms", "p99_ms"))
            memory = "–"
            if found:
                memory = ", ".join(f"{statistics.median(run[name] for run in found):.1f}"
                                   for name in ("rss_mib", "peak_mib"))
            lines.append(f"| {LABELS[series]} | {spread([run['per_second'] for run in found], ',.0f')} "
                         f"| {spread([run['cpu_us'] for run in found], '.1f')} | {latency} | {memory} |")
        ratio = ratios(runs, connections)
        if ratio:
            lines += ["", f"Postern : Go, round by round: messages/s {spread(ratio['per_second'], '.2f')}, "
                          f"CPU a message {spread(ratio['cpu_us'], '.2f')}."]
        lines.append("")
    invalid = [run for run in runs if run["faults"]]
    for run in invalid:
        lines.append(f"- Invalid and not counted: round {run['round']}, {run['series']}, "
                     f"{run['connections']} connections: {', '.join(run['faults'])}")
    return lines + ([""] if invalid else [])


def ratios(runs, connections):
    pairs = [(ours, theirs) for ours in valid(runs, "postern", connections)
             for theirs in valid(runs, "go", connections) if ours["round"] == theirs["round"]]
    return {name: [ours[name] / theirs[name] for ours, theirs in pairs]
            for name in ("per_second", "cpu_us")} if pairs else None


# --- Fresh starts

def fresh_starts(options):
    """Starts Postern again and again and loads it at once: does any start freeze?

    A start counts as frozen when for a second nothing was answered, or when part of the connections stood still:
    connections in use (answers a second times their mean latency) are then fewer than were opened.
    """
    connections, seconds, starts = 128, 2, []
    gateway = gateways.named("postern", options.postern, options.work)
    for number in range(1, options.fresh_starts + 1):
        relay, relay_port = smtp_sink(options.work)
        with relay:
            began = time.monotonic()
            process, port = gateway.start(relay_port)
            ready = time.monotonic() - began
            with process:
                result = wrk(port, gateway.path, connections, seconds, 1, gaps=True)
                process.check()
        per_second = result["requests"] / (result["duration_us"] / 1e6)
        in_use = per_second * result["mean_us"] / 1e6
        found = faults(result)
        if result["longest_gap_s"] >= 1:
            found.append(f"no answer for {result['longest_gap_s']:.1f} s")
        elif in_use < 0.9 * connections:
            found.append(f"only {in_use:.0f} of {connections} connections in use")
        starts.append({"per_second": per_second, "ready_ms": ready * 1000, "in_use": in_use,
                       "longest_gap_s": result["longest_gap_s"], "faults": found})
        if found or number % 10 == 0 or number == options.fresh_starts:
            note(f"fresh start {number}: {per_second:,.0f}/s, longest gap {result['longest_gap_s'] * 1000:.0f} ms"
                 + (f"  FROZE: {', '.join(found)}" if found else ""))
    return starts


def fresh_starts_lines(starts):
    frozen = [start for start in starts if start["faults"]]
    lines = ["### Fresh starts", "",
             f"{len(starts)} starts, each loaded at once on 128 connections for 2 s: **{len(frozen)} froze**. "
             f"Longest time without an answer {max(start['longest_gap_s'] for start in starts) * 1000:.0f} ms; "
             f"ready after {spread([start['ready_ms'] for start in starts], '.0f')} ms; "
             f"{spread([start['per_second'] for start in starts], ',.0f')} messages/s.", ""]
    return lines + [f"- {', '.join(start['faults'])}" for start in frozen] + ([""] if frozen else [])


# --- In flight

def in_flight_lines(result):
    requests, idle = result["requests"], result["idle"]
    answered = ", ".join(f"{count} × {status}" for status, count in sorted(requests["statuses"].items()))
    return [
        "### In flight", "",
        f"- {requests['requests']:,} requests at once, the relay taking {requests['relay_delay_s']} s a message on "
        f"{requests['relay_sessions']} sessions: {answered}"
        f"{'' if requests['all_accepted'] else ' (**not all accepted**)'}, the last after "
        f"{requests['last_answer_s']:.1f} s; {requests['threads']} threads, peak {requests['peak_mib']:.1f} MiB "
        f"({requests['kib_per_request']:.1f} KiB a request).",
        f"- {idle['opened']:,} idle connections opened, {idle['accepted']:,} accepted; a message on the last: "
        f"{idle['answer_on_the_last']}; {idle['threads']} threads, {idle['rss_mib']:.1f} MiB "
        f"({idle['kib_per_connection']:.1f} KiB a connection).", ""]


# --- The machine

def first_line(*command):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                              check=False, cwd=HERE)
    except OSError:
        return "not found"
    return ((done.stdout + done.stderr).strip().splitlines() or ["unknown"])[0].strip()


def congestion_control():
    """What a connection on loopback really uses."""
    with socket.create_server(("127.0.0.1", 0)) as server, \
            socket.create_connection(server.getsockname()) as connection:
        return connection.getsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, 16).split(b"\0")[0].decode()


def machine(options):
    model = "unknown"
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": model, "cores": len(os.sched_getaffinity(0)), "kernel": os.uname().release,
        "congestion_control": congestion_control(), "load_before": os.getloadavg()[0],
        "postern": first_line(options.postern, "--version") + ", " + first_line("git", "describe", "--always", "--dirty"),
        "swift": first_line("swift", "--version"), "go": first_line("go", "version").removeprefix("go version "),
        "libmicrohttpd": first_line(f"{options.work}/empty_microhttpd", "--version"),
        "wrk": first_line("wrk", "--version").partition(" Copyright")[0],
        "postfix": first_line("dpkg-query", "-W", "-f", "${Version}", "postfix")}


def machine_lines(found, options):
    lines = ["### Machine", "",
             f"{found['date']}; {found['cpu']}, {found['cores']} cores; Linux {found['kernel']}; loopback with "
             f"congestion control {found['congestion_control']}; Postern {found['postern']}; {found['swift']}; "
             f"{found['go']}; libmicrohttpd {found['libmicrohttpd']}; {found['wrk']}; "
             f"smtp-sink of Postfix {found['postfix']}.", ""]
    if not options.fresh_starts and not options.in_flight and not options.uploads and not options.attachments:
        lines += [f"{options.rounds} rounds in turns, {options.seconds} s each after {options.warm_up} s of warming "
                  f"up, wrk with {options.wrk_threads} thread(s), {gateways.SESSIONS} sessions to a fresh smtp-sink; "
                  "median (lowest–highest).", ""]
    if found["congestion_control"] != "cubic":
        lines += ["Loopback did not use cubic: figures are not to be compared with those of another machine.", ""]
    if found["load_before"] > 0.5:
        lines += [f"Something else was running: load average {found['load_before']:.1f} at the start.", ""]
    return lines


# --- The command

def arguments():
    parser = argparse.ArgumentParser(prog="Benchmarks/run", formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="rounds, each measuring every series")
    parser.add_argument("--seconds", type=int, default=5, help="seconds a run")
    parser.add_argument("--warm-up", type=int, default=1, help="seconds of load before each run")
    parser.add_argument("--connections", default="32,128", help="numbers of connections, separated by commas")
    parser.add_argument("--series", default="source,microhttpd,go,postern", help="what to measure")
    parser.add_argument("--wrk-threads", type=int, default=1, help="threads of wrk, the same for all series")
    parser.add_argument("--fresh-starts", type=int, metavar="N", default=0,
                        help="instead: start Postern N times, load it at once, and count the starts that froze")
    parser.add_argument("--in-flight", action="store_true",
                        help="instead: many requests at once against a slow relay, and many idle connections")
    parser.add_argument("--uploads", type=int, metavar="MB", default=0,
                        help="instead: a raw message of so many megabytes, its memory, and a relay that is slow")
    parser.add_argument("--attachments", action="store_true",
                        help="instead: attachments of 1 and 10 MB beside the Go peer, and the memory of one of 25 MB")
    parser.add_argument("--requests", type=int, default=2000, help="requests at once of --in-flight")
    parser.add_argument("--idle-connections", type=int, default=5000, help="idle connections of --in-flight")
    parser.add_argument("--json", metavar="FILE", help="every run and figure, as JSON")
    parser.add_argument("--postern", metavar="FILE", help="the executable to measure, instead of the release build")
    parser.add_argument("--project", default=os.path.dirname(HERE), help=argparse.SUPPRESS)
    parser.add_argument("--work", default=f"{HERE}/.work", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.series = options.series.split(",")
    if unknown := set(options.series) - set(LABELS):
        parser.error(f"no series {', '.join(sorted(unknown))}: take some of {', '.join(LABELS)}")
    try:
        options.connections = [int(number) for number in options.connections.split(",")]
    except ValueError:
        parser.error("--connections takes numbers separated by commas")
    if min([options.rounds, options.seconds, options.wrk_threads, *options.connections]) < 1:
        parser.error("rounds, seconds, threads and connections are at least 1")
    if min(options.connections) < options.wrk_threads:
        parser.error("wrk needs at least one connection a thread")
    options.postern = os.path.abspath(options.postern or f"{options.project}/.build/release/postern")
    return options


def raise_open_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < OPEN_FILES:
        wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else max(soft, min(OPEN_FILES, hard))
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, max(hard, OPEN_FILES)))
        except (OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = arguments()
    if ("postern" in options.series or options.in_flight or options.fresh_starts or options.uploads
            or options.attachments) \
            and not os.access(options.postern, os.X_OK):
        raise Failure(f"no executable {options.postern}: leave out --no-build, or give --postern FILE")
    open_files = raise_open_files()
    found = machine(options)
    report, lines, sound = {"machine": found}, [], True
    if options.fresh_starts:
        report["fresh_starts"] = starts = fresh_starts(options)
        lines += fresh_starts_lines(starts)
        sound &= not any(start["faults"] for start in starts)
    if options.in_flight:
        needed = max(options.requests, options.idle_connections) + 1000
        if open_files < needed:
            raise Failure(f"{needed} open files are needed and {open_files} allowed: raise it with ulimit -n {needed}")
        report["in_flight"] = result = {
            "requests": in_flight.many_requests(options.postern, options.work, options.requests),
            "idle": in_flight.many_connections(options.postern, options.work, options.idle_connections)}
        lines += in_flight_lines(result)
        sound &= result["requests"]["all_accepted"] and result["idle"]["served"] \
            and result["idle"]["accepted"] >= options.idle_connections
    if options.uploads:
        report["uploads"] = result = uploads.run(options.postern, options.work, options.uploads * 1_000_000)
        lines += uploads.lines(result)
        sound &= uploads.good(result)
    if options.attachments:
        report["attachments"] = result = {
            "runs": attachments.throughput(options, faults, HERE), "memory": attachments.memory(options)}
        lines += attachments.lines(result["runs"], result["memory"], LABELS)
        sound &= not any(run["faults"] for run in result["runs"])
        sound &= all(one["status"] == 200 for one in result["memory"])
    if not options.fresh_starts and not options.in_flight and not options.uploads \
            and not options.attachments:
        report["runs"] = runs = rounds(options)
        lines += table(runs, options)
        report["ratios"] = {str(connections): ratios(runs, connections) for connections in options.connections}
        sound &= not any(run["faults"] for run in runs)
    print("\n".join(lines + machine_lines(found, options)).rstrip())
    if options.json:
        with open(options.json, "w") as file:
            json.dump(report, file, indent=2)
            file.write("\n")
    return 0 if sound else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"Benchmarks/run: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
