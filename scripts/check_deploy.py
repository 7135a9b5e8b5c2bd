"""Checks the files of deploy/. Started by scripts/check-deploy."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

import kubernetes_validate
import yaml

PROGRAM, PROMETHEUS = os.path.abspath(sys.argv[1]), sys.argv[2]
KEY = "deploy-key-1"
DEPLOY = Path("deploy")
# What the scrape adds to the labels of a series.
ADDED = {"instance", "job", "le"}


def check(condition, what, detail=""):
    if not condition:
        sys.exit(f"{what}: {detail}")


def run(*command, **more):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **more)
    check(done.returncode == 0, " ".join(command[:3]), done.stdout + done.stderr)
    return done.stdout


def get(url, key=None, body=None):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    data = None
    if body is not None:
        headers["Content-Type"], data = "application/json", json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=10) as answer:
        return answer.read().decode()


def wait_for(what, condition, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.2)
    sys.exit(f"{what}: not within {seconds} s")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Started:
    """A program that runs beside the check and ends with it."""

    def __init__(self, command, log, **settings):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("POSTERN_")}
        self.log = log
        with open(log, "w", encoding="utf-8") as output:
            self.process = subprocess.Popen(command, env=environment | settings, stdout=output, stderr=output)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def documents():
    for path in sorted([*DEPLOY.glob("*.yaml"), *DEPLOY.glob("*.yml")]):
        check(list(yaml.safe_load_all(path.read_text())), path, "it is empty")
    for document in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()):
        kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)
    print("Kubernetes: every document fits its schema", flush=True)
    if shutil.which("docker-compose"):
        run("docker-compose", "-f", str(DEPLOY / "compose.yaml"), "config", "-q")
        print("docker-compose: sound", flush=True)
    else:
        print("docker-compose is not there: not tried", flush=True)


def unit(work):
    if not shutil.which("systemd-analyze"):
        print("systemd-analyze is not there: not tried", flush=True)
        return
    text = (DEPLOY / "postern.service").read_text()
    check("/usr/bin/postern serve" in text, "postern.service", "it starts something else")
    path = Path(work) / "postern.service"
    # The program does not stand there yet.
    path.write_text(text.replace("/usr/bin/postern", PROGRAM))
    run("systemd-analyze", "verify", "--man=no", str(path))
    print("systemd: sound", flush=True)


def expressions(dashboard):
    """Every query of the panels, with what Grafana would put into it."""
    def find(node):
        if isinstance(node, dict):
            if "expr" in node:
                yield node["expr"]
            for value in node.values():
                yield from find(value)
        elif isinstance(node, list):
            for value in node:
                yield from find(value)
    return [found.replace("$instance", ".*").replace("$__rate_interval", "10s") for found in find(dashboard["panels"])]


def exported(text):
    """The labels of each metric by its name."""
    families = {name: set() for name in re.findall(r"^# TYPE (\S+)", text, re.M)}
    for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", text, re.M):
        family = re.sub(r"_(bucket|sum|count)$", "", name) if name not in families else name
        families[family] |= set(re.findall(r'(\w+)="', labels))
    return families


def uses(expression, families, what):
    names = set(re.findall(r"\b((?:postern|process)_\w+)", expression))
    check(names, what, "it names no metric of the gateway")
    labels = set()
    for listed in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expression):
        labels |= {label.strip() for label in listed.split(",")}
    labels |= set(re.findall(r"(\w+)\s*(?:=~|!=|!~|=)\s*\"", expression))
    known = set(ADDED)
    for name in names:
        family = re.sub(r"_(bucket|sum|count)$", "", name) if name not in families else name
        check(family in families, what, f"{name} is not exported")
        # Of what has never happened there is no series yet, and nothing to be said of its labels.
        known |= families[family] or labels
    check(labels <= known, what, f"no label {labels - known}")


def monitoring(work):
    run(PROMETHEUS + "promtool", "check", "rules", str(DEPLOY / "alerts.yml"))
    run(PROMETHEUS + "promtool", "test", "rules", "scripts/alerts_test.yml")
    print("alerts: sound, and they fire when they should", flush=True)
    gateway, prometheus = free_port(), free_port()
    key, config = Path(work) / "postern-key", Path(work) / "prometheus.yml"
    key.write_text(KEY)
    # As docs/operations.md shows it.
    config.write_text(yaml.safe_dump({
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str((DEPLOY / "alerts.yml").absolute())],
        "scrape_configs": [{"job_name": "postern", "authorization": {"credentials_file": str(key)},
                            "static_configs": [{"targets": [f"127.0.0.1:{gateway}"]}]}]}))
    url = f"http://127.0.0.1:{gateway}"
    api = f"http://127.0.0.1:{prometheus}/api/v1/"

    def query(text):
        return json.loads(get(api + "query?" + urllib.parse.urlencode({"query": text})))

    def is_up():
        try:
            return query("count_over_time(up[1m]) > 3 and up == 1")["data"]["result"]
        except OSError:
            return None

    def is_live():
        try:
            return get(url + "/readyz")
        except OSError:
            return None

    with Started([PROGRAM, "serve", "--sandbox"], f"{work}/postern.log", POSTERN_LISTEN=f"127.0.0.1:{gateway}",
                 POSTERN_API_KEYS=f"app:{KEY}"), \
            Started([PROMETHEUS + "prometheus", f"--config.file={config}", f"--storage.tsdb.path={work}/data",
                     f"--web.listen-address=127.0.0.1:{prometheus}", "--log.level=warn"], f"{work}/prometheus.log"):
        wait_for("the gateway", is_live)
        for _ in range(3):
            get(url + "/messages", KEY, {"from": "ann@example.org", "to": "bob@example.net", "text": "Hi"})
        text = get(url + "/metrics", KEY)
        run(PROMETHEUS + "promtool", "check", "metrics", input=text)
        wait_for("Prometheus reads the gateway", is_up)
        families = exported(text)
        dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
        found, empty = expressions(dashboard), 0
        for expression in found:
            uses(expression, families, expression)
            answer = query(expression)
            check(answer["status"] == "success", expression, answer)
            empty += not answer["data"]["result"]
        variables = dashboard["templating"]["list"]
        uses(next(one["query"] for one in variables if one["name"] == "instance").replace("instance)", ""), families,
             "the variable of the dashboard")
        print(f"Grafana: {len(found)} queries, {len(found) - empty} with figures after three messages", flush=True)
        check(len(found) - empty > len(found) / 2, "the dashboard", "most of its queries find nothing")
        rules = [rule for group in json.loads(get(api + "rules"))["data"]["groups"] for rule in group["rules"]]
        check(rules, "Prometheus", "it has no rules")
        for rule in rules:
            check(rule["health"] == "ok" and rule["state"] == "inactive", rule["name"], rule)
            uses(rule["query"], families, rule["name"])
        print(f"Prometheus: {len(rules)} alerts evaluated, none fires", flush=True)


with tempfile.TemporaryDirectory() as folder:
    documents()
    unit(folder)
    monitoring(folder)
