"""Sends messages through a gateway that exports its traces, and checks the spans. Started by scripts/check-traces."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PROGRAM, PYTHON = sys.argv[1], sys.argv[2]
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
RECIPIENTS = ["bob@example.net", "reject@example.net", "defer@example.net", "full@example.net"] * 10


def check(condition, what, detail=""):
    if not condition:
        sys.exit(f"{what}: {detail}")


def found(path, pattern):
    for _ in range(100):
        match = re.search(pattern, open(path).read())
        if match:
            return match.group(1)
        time.sleep(0.1)
    sys.exit(f"{path}: no {pattern}: {open(path).read()}")


def post(url, recipient):
    body = json.dumps({"from": "planted@example.org", "to": recipient, "subject": "planted", "text": "planted"})
    request = urllib.request.Request(
        url + "/messages", body.encode(),
        {"Content-Type": "application/json", "traceparent": f"00-{TRACE}-{PARENT}-01", "X-API-Key": "planted-key"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


with tempfile.TemporaryDirectory() as folder:
    paths = {name: os.path.join(folder, name) for name in ("spans", "collector", "gateway")}
    wanted = 2 * len(RECIPIENTS)
    with open(paths["spans"], "w") as spans, open(paths["collector"], "w") as errors:
        collector = subprocess.Popen(
            [PYTHON, "scripts/check_otlp.py", "--spans", str(wanted)], stdout=spans, stderr=errors)
    try:
        port = found(paths["collector"], r"listening on (\d+)")
        settings = {
            "POSTERN_LISTEN": "127.0.0.1:0", "POSTERN_LOG_FORMAT": "json", "POSTERN_API_KEYS": "app:planted-key",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_SERVICE_NAME": "mail",
            "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20planted-secret",
        }
        with open(paths["gateway"], "w") as log:
            gateway = subprocess.Popen([PROGRAM, "serve", "--sandbox"], env=os.environ | settings, stderr=log)
        try:
            url = "http://" + found(paths["gateway"], r'"address":"([^"]+)"')
            statuses = [post(url, recipient) for recipient in RECIPIENTS]
        finally:
            # The end sends what is still in the queue.
            gateway.terminate()
            check(gateway.wait(30) == 0, "the gateway did not end with 0", open(paths["gateway"]).read())
        check(collector.wait(60) == 0, "the collector", open(paths["collector"]).read())
    finally:
        collector.kill()
    text = open(paths["spans"]).read()
    check("planted" not in text, "a span holds what no span may hold", text)
    check("planted-secret" not in open(paths["gateway"]).read(), "the log holds a secret")
    spans = [json.loads(line) for line in text.splitlines()]
    check(len(spans) == wanted, "the number of spans", len(spans))
    check({span["trace"] for span in spans} == {TRACE}, "the trace is not the client's")
    check(all(span["resource"]["service.name"] == "mail" for span in spans), "the name of the service")
    requests = {span["span"]: span for span in spans if span["name"] == "POST /messages"}
    check(len(requests) == len(RECIPIENTS), "the spans of requests", len(requests))
    check(all(span["parent"] == PARENT for span in requests.values()), "the parent is not the client's span")
    seen = sorted(span["attributes"]["http.response.status_code"] for span in requests.values())
    check(seen == sorted(statuses), "the statuses", seen)
    exchanges = [span for span in spans if span["name"] == "SMTP default"]
    check({span["parent"] for span in exchanges} == set(requests), "an exchange with the relay is not within its request")
    outcomes = sorted({span["attributes"]["postern.outcome"] for span in exchanges})
    check(outcomes == ["accepted", "deferred", "refused"], "the outcomes", outcomes)
print(f"{wanted} spans were exported, decoded, and within the client's trace", flush=True)
