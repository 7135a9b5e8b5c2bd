"""Runs the clients of examples/ and looks at what they did. Started by scripts/check-examples."""

import concurrent.futures
import http.client
import http.server
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import yaml

PROGRAM, ENVIRONMENT = sys.argv[1], Path(sys.argv[2])
KEY = "example-key-1"
CLIENTS = {
    "shell": ["examples/send.sh"],
    "Python": [str(ENVIRONMENT / "bin/python"), "examples/send.py"],
    "JavaScript": ["node", "examples/send.mjs"],
    "Go": [str(ENVIRONMENT / "send-go")],
    "Swift": [str(ENVIRONMENT / "send-swift")],
    "PHP": ["php", "examples/send.php"],
    "Ruby": ["ruby", "examples/send.rb"],
    "Java": ["java", "-cp", str(ENVIRONMENT / "java"), "Send"],
    "C#": ["mono", str(ENVIRONMENT / "Send.exe")],
}
# What a client has to write and read as JSON and not to change.
TEXT = 'Grüße, "Ann" \\ Bob\t🙂\n</p>\n'

ACCEPTED = (200, {"status": "accepted", "code": 250, "text": "Ok", "accepted": ["bob@example.net"], "rejected": []})
BROKEN = (0, {})
# What a proxy responds if it does not reach the gateway: no JSON, and a date as Retry-After.
PAGE = (502, "<html><body>Bad Gateway</body></html>")


def problem(status, retryable, outcome):
    body = {"type": "about:blank", "title": "Title", "status": status, "detail": "detail"}
    members = {"retryable": retryable, "outcome": outcome}
    return status, body | {name: value for name, value in members.items() if value is not None}


# What the gateway answers, one after another; how the client ends; how many requests it makes.
CASES = [
    ("retryable twice", [problem(503, True, "not_sent"), problem(429, True, "not_sent"), ACCEPTED], 0, 3),
    ("a broken connection", [BROKEN, ACCEPTED], 0, 2),
    ("in flight", [problem(409, True, None), ACCEPTED], 0, 2),
    ("a proxy's page", [PAGE, ACCEPTED], 0, 2),
    ("refused for good", [problem(422, False, "not_sent")], 1, 1),
    ("a wrong key", [problem(401, None, None)], 1, 1),
    ("unknown", [problem(504, False, "unknown")], 2, 1),
    ("never", [problem(503, True, "not_sent")] * 5, 1, 5),
]


class Stressed(http.server.BaseHTTPRequestHandler):
    """Answers with what the case says."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.headers["Idempotency-Key"], self.headers["X-API-Key"], body))
        status, answer = self.server.answers.pop(0)
        if status == 0:
            self.close_connection = True
            self.connection.shutdown(2)
            return
        if (status, answer) == PAGE:
            text, kind = answer.encode(), "text/html"
        else:
            text, kind = json.dumps(answer).encode(), "application/json" if status == 200 else "application/problem+json"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        if (status, answer) == PAGE:
            self.send_header("Retry-After", "Fri, 01 Jan 2100 00:00:00 GMT")
        if status in (409, 429, 503):
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


class Between(http.server.BaseHTTPRequestHandler):
    """Passes requests on to the gateway and keeps what came; loses as many responses as the server's `lost` says."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        gateway = http.client.HTTPConnection(self.server.gateway, timeout=30)
        gateway.request("POST", self.path, body, headers)
        response = gateway.getresponse()
        text = response.read()
        gateway.close()
        self.server.seen.append((headers["Idempotency-Key"], response.status, response.headers["Idempotency-Replayed"]))
        if self.server.lost > 0:
            self.server.lost -= 1
            self.close_connection = True
            self.connection.shutdown(2)
            return
        self.send_response(response.status)
        for name, value in response.headers.items():
            if name.lower() in ("content-type", "content-length"):
                self.send_header(name, value)
            # The client shall obey it, and nobody shall wait here.
            elif name.lower() == "retry-after":
                self.send_header(name, "0")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


@contextmanager
def serving(handler, **values):
    """An HTTP server on a free port of loopback, with these values for its handler."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    vars(server).update(values)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def run(command, url, **more):
    # Java takes the encoding of its arguments from the locale.
    settings = {"POSTERN_URL": url, "POSTERN_API_KEY": KEY, "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, env=os.environ | settings, capture_output=True, encoding="utf-8", timeout=60, **more)


def send(command, url, subject, to="bob@example.net"):
    return run(command + ["Ann <ann@example.org>", to, subject], url, input=TEXT)


def check(condition, what, detail=""):
    if not condition:
        sys.exit(f"{what}: {detail}")


def each_client(test):
    """Calls the test with each client's name and command, some of them at once: most of the time they wait."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(test, name, command) for name, command in CLIENTS.items()]:
            done.result()


def under_stress(name, command):
    for case, answers, exit_code, requests in CASES:
        with serving(Stressed, answers=list(answers), requests=[]) as server:
            ended = send(command, f"http://127.0.0.1:{server.server_port}", "Hi")
        what = f"{name}, {case}"
        check(ended.returncode == exit_code, what, f"ended with {ended.returncode}: {ended.stdout} {ended.stderr}")
        check(len(server.requests) == requests, what, f"{len(server.requests)} requests: {ended.stderr}")
        check(len(set(server.requests)) == 1, what, "the requests differ, or their keys")
        check(server.requests[0][0] and server.requests[0][1] == KEY, what, "a key is missing")
        check(bool(ended.stdout) == (exit_code == 0), what, f"wrote {ended.stdout!r}")
        check(bool(ended.stderr) == (requests > 1 or exit_code > 0), what, f"reported {ended.stderr!r}")
    print(f"{name}: {len(CASES)} cases under stress", flush=True)


@contextmanager
def sandbox(**settings):
    """A gateway with its sandbox; gives its URL."""
    with tempfile.TemporaryFile("w+") as log:
        settings |= {"POSTERN_LISTEN": "127.0.0.1:0", "POSTERN_LOG_FORMAT": "json"}
        gateway = subprocess.Popen([PROGRAM, "serve", "--sandbox"], env=os.environ | settings, stderr=log)
        try:
            address, wait = None, threading.Event()
            for _ in range(100):
                log.seek(0)
                address = re.search(r'"address":"([^"]+)"', log.read())
                if address:
                    break
                wait.wait(0.1)
            check(address, "the gateway did not start")
            yield f"http://{address.group(1)}"
        finally:
            gateway.terminate()
            check(gateway.wait(30) == 0, "the gateway", "did not end with 0")


# The recipient's local part makes the sandbox refuse; how the client ends, what it reports, how many requests it makes.
FAILURES = [
    ("reject", 1, r": rcpt: .*\b550\b", 1),
    ("defer", 1, r": rcpt: .*\b451\b[^\0]*^given up after 5 attempts$", 5),
    ("drop", 2, r"^the relay may have taken it: look there before sending it again$", 1),
]


def with_a_sandbox(name, command, gateway):
    """Sends to the sandbox: what it accepts, what it refuses, and with a response that is lost."""
    with serving(Between, gateway=gateway, seen=[], lost=0) as between:
        url = f"http://127.0.0.1:{between.server_port}"
        ended = send(command, url, f"from {name}: Grüße")
        check(ended.returncode == 0, name, ended.stderr)
        check(re.fullmatch(r"accepted: 250 .+\n", ended.stdout), name, ended.stdout)
        for local, exit_code, report, requests in FAILURES:
            between.seen.clear()
            ended = send(command, url, "not to arrive", f"{local}@example.net")
            what = f"{name}, {local}@"
            check(ended.returncode == exit_code, what, f"ended with {ended.returncode}: {ended.stdout} {ended.stderr}")
            check(re.search(report, ended.stderr, re.MULTILINE), what, f"reported {ended.stderr}")
            check(len(between.seen) == requests, what, f"{len(between.seen)} requests")
        between.seen.clear()
        between.lost = 1
        ended = send(command, url, f"from {name}, the response lost")
        keys, statuses, replays = zip(*between.seen)
        what = f"{name}, a lost response"
        check(ended.returncode == 0 and ended.stdout.startswith("accepted: 250 "), what, ended.stdout + ended.stderr)
        check(statuses == (200, 200) and len(set(keys)) == 1, what, f"{between.seen}")
        check(replays == (None, "true"), what, f"Idempotency-Replayed: {replays}")


def without_a_gateway(name, command, url):
    """Sends to a gateway that has been stopped."""
    ended = send(command, url, "Hi")
    check(ended.returncode == 1, name, f"no gateway: ended with {ended.returncode}: {ended.stdout} {ended.stderr}")
    lines = ended.stderr.splitlines()
    check(len(lines) >= 6 and lines[-1] == "given up after 5 attempts", name, f"no gateway: {ended.stderr}")


def get(url):
    with urllib.request.urlopen(urllib.request.Request(url, headers={"X-API-Key": KEY}), timeout=10) as answer:
        return json.loads(answer.read())


def real_gateway():
    with sandbox(POSTERN_API_KEYS=f"app:{KEY}") as url:
        each_client(lambda name, command: with_a_sandbox(name, command, url.removeprefix("http://")))
        workflow = yaml.safe_load(Path("examples/workflow.yml").read_text())
        script = workflow["jobs"]["tell"]["steps"][0]["run"]
        os.environ |= {"SUBJECT": "from the workflow", "KEY": "7-tell"}
        for _ in range(2):
            ended = run(["bash", "-euo", "pipefail", "-c", script], url)
            check(ended.returncode == 0, "workflow", ended.stdout + ended.stderr)
        caught = get(url + "/sandbox/messages")["messages"]
        subjects = sorted(message["subject"] for message in caught)
        wanted = sorted([subject for name in CLIENTS for subject in
                         (f"from {name}: Grüße", f"from {name}, the response lost")] + ["from the workflow"])
        check(subjects == wanted, "the sandbox", f"caught {subjects}")
        for message in caught:
            if message["subject"] != "from the workflow":
                text = get(f"{url}/sandbox/messages/{message['id']}")["text"]
                check(text == TEXT, message["subject"], f"the text is {text!r}")
    print(f"sandbox: {len(wanted)} messages, each once, its text unchanged", flush=True)
    each_client(lambda name, command: without_a_gateway(name, command, url))
    print("without a gateway: five attempts each", flush=True)


each_client(under_stress)
real_gateway()
