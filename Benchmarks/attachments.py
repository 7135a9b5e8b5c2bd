"""Messages with large attachments: throughput beside the Go peer, and the memory that one of 25 MB takes."""

import http.client
import json
import statistics
import subprocess

import gateways
from processes import Failure, clean_environment, smtp_sink

SIZES_MB = (1, 10)
CONNECTIONS = 4
MEMORY_BYTES = 25_000_000
MAXIMUM_BODY = str(64 * 1024 * 1024)


def _gateways(options):
    return [gateways.go_peer(options.work),
            gateways.postern(options.postern, options.work, POSTERN_MAX_MESSAGE_BYTES=MAXIMUM_BODY)]


def _load(port, gateway, octets, seconds, here):
    done = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "20s", "-s", f"{here}/attachments.lua",
         f"http://127.0.0.1:{port}{gateway.path}"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + 60, check=False,
        env=clean_environment(POSTERN_BENCHMARK_BYTES=str(octets)))
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines or not lines[-1].startswith("{"):
        raise Failure(f"wrk failed: {(done.stderr or done.stdout).strip()}")
    return json.loads(lines[-1])


def throughput(options, faults, here):
    """Runs in turns, so that a machine that gets slower meanwhile does so for both."""
    runs = []
    for number in range(1, options.rounds + 1):
        for size in SIZES_MB:
            for gateway in _gateways(options):
                relay, relay_port = smtp_sink(options.work)
                with relay:
                    process, port = gateway.start(relay_port)
                    with process:
                        if options.warm_up:
                            _load(port, gateway, size * 1_000_000, options.warm_up, here)
                        cpu = process.cpu_seconds()
                        result = _load(port, gateway, size * 1_000_000, options.seconds, here)
                        process.check()
                        messages = max(1, result["requests"])
                        runs.append({
                            "round": number, "size_mb": size, "series": gateway.name,
                            "per_second": result["requests"] / (result["duration_us"] / 1e6),
                            "cpu_ms": (process.cpu_seconds() - cpu) / messages * 1e3, "p50_ms": result["p50_us"] / 1e3,
                            **process.status(), "faults": faults(result)})
    return runs


def memory(options):
    """One message with an attachment of 25 MB to each fresh gateway: the peak beside the size of the body."""
    content = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" * (MEMORY_BYTES // 48)
    body = json.dumps({
        "from": "ann@example.org", "to": ["bob@example.net"], "subject": "How are you?", "text": "See the file.",
        "attachments": [{"filename": "file.bin", "content": content}]}).encode()
    found = []
    for gateway in _gateways(options):
        relay, relay_port = smtp_sink(options.work)
        with relay:
            process, port = gateway.start(relay_port)
            with process:
                before = process.status()["rss_mib"]
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                connection.request("POST", gateway.path, body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                connection.close()
                after = process.status()
        mib = len(body) / 1024 / 1024
        found.append({
            "series": gateway.name, "status": answer.status, "body_mib": mib, "before_mib": before,
            "peak_mib": after["peak_mib"], "times_body": (after["peak_mib"] - before) / mib})
    return found


def lines(runs, found, labels):
    text = ["### Attachments", "",
            f"Messages with one attachment, in base64 in the JSON, on {CONNECTIONS} connections.", "",
            "| attachment | | messages/s | CPU of the process, ms/message | p50 ms | peak MiB |", "|---|---|---|---|---|---|"]
    for size in SIZES_MB:
        for series in ("go", "postern"):
            of = [run for run in runs if run["size_mb"] == size and run["series"] == series and not run["faults"]]
            if not of:
                text.append(f"| {size} MB | {labels[series]} | no valid run | | | |")
                continue
            middle = {name: statistics.median(run[name] for run in of)
                      for name in ("per_second", "cpu_ms", "p50_ms", "peak_mib")}
            text.append(f"| {size} MB | {labels[series]} | {middle['per_second']:.1f} | {middle['cpu_ms']:.1f} "
                        f"| {middle['p50_ms']:.1f} | {middle['peak_mib']:.0f} |")
    text.append("")
    for size in SIZES_MB:
        rates = {(run["round"], run["series"]): run["per_second"] for run in runs
                 if run["size_mb"] == size and not run["faults"]}
        ratios = [rates[number, "postern"] / rates[number, "go"] for number, series in rates
                  if series == "postern" and (number, "go") in rates]
        if ratios:
            text.append(f"- {size} MB, Postern : Go, round by round: messages/s {statistics.median(ratios):.2f} "
                        f"({min(ratios):.2f}–{max(ratios):.2f}).")
    for one in found:
        text.append(f"- One attachment of 25 MB, a body of {one['body_mib']:.1f} MiB, {labels[one['series']]}: answer "
                    f"{one['status']}, peak {one['peak_mib']:.1f} MiB from {one['before_mib']:.1f} before, "
                    f"{one['times_body']:.2f} times the body.")
    return text + [""]
