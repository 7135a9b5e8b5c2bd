"""Runs the clients of examples/ and looks at what they did. Started by scripts/check-examples."""

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
}

ACCEPTED = (200, {"status": "accepted", "code": 250, "text": "Ok", "accepted": ["bob@example.net"], "rejected": []})
BROKEN = (0, {})


def problem(status, retryable, outcome):
    body = {"type": "about:blank", "title": "Title", "status": status, "detail": "detail", "retryable": retryable}
    return status, body | ({"outcome": outcome} if outcome else {})


# What the gateway answers, one after another; how the client ends; how many requests it makes.
CASES = [
    ("retryable twice", [problem(503, True, "not_sent"), problem(429, True, "not_sent"), ACCEPTED], 0, 3),
    ("a broken connection", [BROKEN, ACCEPTED], 0, 2),
    ("in flight", [problem(409, True, None), ACCEPTED], 0, 2),
    ("refused for good", [problem(422, False, "not_sent")], 1, 1),
    ("nobody knows", [problem(504, False, "unknown")], 2, 1),
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
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status == 200 else "application/problem+json")
        self.send_header("Content-Length", str(len(text)))
        if status in (409, 429, 503):
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


def run(command, url, **more):
    return subprocess.run(
        command, env=os.environ | {"POSTERN_URL": url, "POSTERN_API_KEY": KEY}, capture_output=True, text=True,
        timeout=60, **more)


def send(command, url, subject):
    return run(command + ["Ann <ann@example.org>", "bob@example.net", subject], url, input="How are you?\n")


def check(condition, what, detail=""):
    if not condition:
        sys.exit(f"{what}: {detail}")


def under_stress():
    for name, command in CLIENTS.items():
        for case, answers, exit_code, requests in CASES:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stressed)
            server.answers, server.requests = list(answers), []
            threading.Thread(target=server.serve_forever, daemon=True).start()
            ended = send(command, f"http://127.0.0.1:{server.server_port}", "Hi")
            server.shutdown()
            server.server_close()
            what = f"{name}, {case}"
            check(ended.returncode == exit_code, what, f"ended with {ended.returncode}: {ended.stdout} {ended.stderr}")
            check(len(server.requests) == requests, what, f"{len(server.requests)} requests")
            check(len(set(server.requests)) == 1, what, "the requests differ, or their keys")
            check(server.requests[0][0] and server.requests[0][1] == KEY, what, "a key is missing")
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


def with_a_sandbox():
    with sandbox(POSTERN_API_KEYS=f"app:{KEY}") as url:
        for name, command in CLIENTS.items():
            ended = send(command, url, f"from {name}")
            check(ended.returncode == 0, name, ended.stderr)
            check(ended.stdout.startswith("accepted: 250 "), name, ended.stdout)
        workflow = yaml.safe_load(Path("examples/workflow.yml").read_text())
        script = workflow["jobs"]["tell"]["steps"][0]["run"]
        os.environ |= {"SUBJECT": "from the workflow", "KEY": "7-tell"}
        for _ in range(2):
            ended = run(["bash", "-euo", "pipefail", "-c", script], url)
            check(ended.returncode == 0, "workflow", ended.stdout + ended.stderr)
        request = urllib.request.Request(url + "/sandbox/messages", headers={"X-API-Key": KEY})
        with urllib.request.urlopen(request, timeout=10) as answer:
            caught = json.loads(answer.read())["messages"]
        subjects = sorted(message["subject"] for message in caught)
        wanted = sorted([f"from {name}" for name in CLIENTS] + ["from the workflow"])
        check(subjects == wanted, "the sandbox", f"caught {subjects}")
    print(f"sandbox: {len(wanted)} messages, each once", flush=True)


def recipes():
    """The recipes of docs/sandbox.md as they stand there: each waits for a mail and finds the link in it."""
    text = Path("docs/sandbox.md").read_text()
    blocks = dict(re.findall(r"^### (.*?)\n(.*?)(?=^##)", text, re.MULTILINE | re.DOTALL))
    link = "https://app.example.org/confirm?token=42"
    with sandbox() as url, tempfile.TemporaryDirectory() as folder:
        shell = re.search(r"```sh\n(.*?)```", blocks["Shell"], re.DOTALL).group(1)
        ended = run(["bash", "-euo", "pipefail", "-c", shell], url)
        check(ended.returncode == 0 and ended.stdout.endswith(f"{link}\n"), "the recipe for the shell",
              ended.stdout + ended.stderr)
        conftest, test = re.findall(r"```python\n(.*?)```", blocks["pytest"], re.DOTALL)
        Path(folder, "conftest.py").write_text(conftest)
        Path(folder, "test_mail.py").write_text(test)
        python = [str(Path(ENVIRONMENT, "bin/python").absolute()), "-m", "pytest", "-q", "-p", "no:cacheprovider", folder]
        ended = run(python, url)
        check(ended.returncode == 0 and "1 passed" in ended.stdout, "the recipe for pytest", ended.stdout + ended.stderr)
        helper, _ = re.findall(r"```js\n(.*?)```", blocks["Playwright"], re.DOTALL)
        Path(folder, "mailbox.mjs").write_text(helper)
        Path(folder, "test.mjs").write_text(
            "import { newAddress, waitForMail } from './mailbox.mjs'\n"
            "const to = newAddress()\n"
            "const wait = waitForMail(to)\n"
            "const body = JSON.stringify({ from: 'app@example.org', to, text: `Follow ${process.env.LINK}` })\n"
            "const headers = { 'Content-Type': 'application/json' }\n"
            "await fetch(`${process.env.POSTERN_URL}/messages`, { method: 'POST', headers, body })\n"
            "console.log((await wait).text.match(/https?:\\/\\/\\S+/)[0])\n")
        os.environ["LINK"] = link
        ended = run(["node", str(Path(folder, "test.mjs"))], url)
        check(ended.stdout == f"{link}\n", "the helper for Playwright", ended.stdout + ended.stderr)
    print("docs/sandbox.md: the recipes for shell, pytest and Playwright find the link", flush=True)


under_stress()
with_a_sandbox()
recipes()
