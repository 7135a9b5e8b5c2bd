"""Drives the console in Chromium through its WebDriver. Started by scripts/check-console."""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

PROGRAM, SCREENSHOTS = sys.argv[1], sys.argv[2]
KEY = "console-key-1"
PATIENCE = 20
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # The name that the WebDriver standard gives it.
SUBJECT = "Größe <b>& more</b>"


def check(condition, what, detail=""):
    if not condition:
        sys.exit(f"{what}: {detail}")


def wait_for(what, condition, seconds=PATIENCE):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    sys.exit(f"{what}: not within {seconds} s")


def request(method, url, body=None, headers=None):
    """The status and the JSON of an answer."""
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(
        url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


@contextmanager
def started(command, found, **settings):
    """A program whose output names its port, which is asked for by the pattern `found`."""
    with tempfile.TemporaryFile("w+") as log:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("POSTERN_")}
        process = subprocess.Popen(command, env=environment | settings, stdout=log, stderr=log)
        try:
            def address():
                log.seek(0)
                return re.search(found, log.read())
            yield wait_for(f"{command[0]} starts", address).group(1)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def gateway(*arguments, **settings):
    return started(
        [PROGRAM, "serve", *arguments], r'"address":"([^"]+)"', POSTERN_LISTEN="127.0.0.1:0",
        POSTERN_LOG_FORMAT="json", **settings)


class Page:
    """A browser with one page."""

    def __init__(self, driver):
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                            "--window-size=1200,1000", "--lang=en",
                            # Names of a stranger that lead to this host, as a name server of the stranger's would have them.
                            "--host-resolver-rules=MAP *.example 127.0.0.1"]}
        status, answer = request("POST", driver + "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
        check(status == 200, "the browser starts", answer)
        self.session = f"{driver}/session/{answer['value']['sessionId']}"

    def call(self, method, path, body=None):
        status, answer = request(method, self.session + path, body)
        check(status == 200, f"{method} {path}", answer)
        return answer["value"]

    def close(self):
        self.call("DELETE", "")

    def open(self, address):
        self.call("POST", "/url", {"url": f"http://{address}/"})

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def _element(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def type(self, selector, text):
        self.call("POST", f"/element/{self._element(selector)}/value", {"text": text})

    def fill(self, selector, text):
        self.call("POST", f"/element/{self._element(selector)}/clear", {})
        self.type(selector, text)

    def click(self, selector):
        self.call("POST", f"/element/{self._element(selector)}/click", {})

    def text(self, selector):
        """What a person reads there; nothing where there is no such element, or it is hidden."""
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map((found) => found.innerText)", selector)

    def is_shown(self, selector):
        return self.run("return document.querySelector(arguments[0])?.checkVisibility() ?? false", selector)

    def focus(self):
        return self.run("return document.activeElement.id")

    def command(self, name, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def complaints(self):
        """What the browser has logged of the page, but for answers that are no 2xx: those are meant."""
        entries = self.call("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if "Failed to load resource" not in entry["message"]]

    def look(self, name):
        """Looks at the page in light and dark, wide and narrow: nothing may stand out of the screen."""
        for width in (1200, 400):
            self.command("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
            for scheme in ("light", "dark"):
                self.command("Emulation.setEmulatedMedia",
                             features=[{"name": "prefers-color-scheme", "value": scheme},
                                       {"name": "prefers-reduced-motion", "value": "reduce"}])
                if SCREENSHOTS:
                    size = self.command("Page.getLayoutMetrics")["cssContentSize"]
                    picture = self.command("Page.captureScreenshot", captureBeyondViewport=True, clip={
                        "x": 0, "y": 0, "width": width, "height": size["height"], "scale": 1})
                    path = Path(SCREENSHOTS) / f"{name}-{scheme}-{width}.png"
                    path.write_bytes(base64.b64decode(picture["data"]))
                found = self.run("return document.documentElement.scrollWidth")
                check(found <= width, f"{name}, {scheme}", f"{found} px wide on a screen of {width}")
        self.command("Emulation.clearDeviceMetricsOverride")
        self.command("Emulation.setEmulatedMedia", features=[])


def results(page):
    return page.texts("#results > li")


def new_result(page, count):
    """The newest result, once there are so many."""
    return wait_for(f"result {count}", lambda: len(results(page)) == count and results(page))[0]


def complain(page):
    found = page.complaints()
    check(found == [], "the browser complains", found)


def open_sandbox(page, folder):
    with gateway("--sandbox") as address:
        api = f"http://{address}"
        page.open(address)
        wait_for("the state", lambda: page.text("#state") == "ready")
        check("Postern" in page.text("footer"), "the footer", page.text("footer"))
        check(page.is_shown("#inbox-section") and page.is_shown("#no-messages"), "an empty inbox")
        check(not page.is_shown("#access"), "without keys none is asked for")
        page.look("empty")

        page.fill("#from", "Ann <ann@example.org>")
        page.fill("#to", '"Bob, the other" <bob@example.net>, carol@example.net')
        page.fill("#subject", SUBJECT)
        page.fill("#text", "How are you?\n.\nFine!")
        file = Path(folder) / "report.txt"
        file.write_text("attached")
        page.type("#attachments", str(file))
        page.click("#send")
        result = new_result(page, 1)
        caught = request("GET", api + "/sandbox/messages")[1]["messages"]
        check(len(caught) == 1, "the sandbox", caught)
        check("200 accepted" in result and SUBJECT in result, "the result", result)
        check(re.search(r"^250 2\.0\.0 .", result, re.M), "the relay's reply", result)
        wait_for("the inbox", lambda: len(page.texts("#inbox > li")) == 1)
        check(SUBJECT in page.text("#inbox > li"), "the inbox", page.text("#inbox > li"))
        check("bob@example.net, carol@example.net" in page.text("#inbox summary"), "the envelope", page.text("#inbox"))
        page.click("#inbox summary")
        raw = page.text("#inbox pre")
        check('filename="report.txt"' in raw or "filename=report.txt" in raw, "the message in the inbox", raw)
        page.look("sent")

        page.fill("#to", "bob@example.net, nobody at all")
        page.click("#send")
        result = new_result(page, 2)
        document = {"from": "ann@example.org", "to": ["bob@example.net", "nobody at all"], "subject": "x", "text": "x"}
        problem = request("POST", api + "/messages", document)[1]
        check("422" in result and problem["title"] in result, "the problem", result)
        shown = page.text("#to-error")
        check(problem["errors"][0]["detail"] in shown, "the field's error", shown)
        check(page.focus() == "to", "the focus", page.focus())
        check(page.run("return document.getElementById('to').getAttribute('aria-invalid')") == "true", "the field")
        page.look("invalid")

        page.fill("#to", "bob@example.net")
        page.click("#more > summary")
        page.fill("#html", "<p>How are <b>you</b>?</p>")
        page.click("#dry-run")
        result = new_result(page, 3)
        check("not sent" in result and not page.is_shown("#to-error"), "a try", result)
        check("multipart/alternative" in page.text("#results pre"), "the message of a try", page.text("#results pre"))
        check(len(request("GET", api + "/sandbox/messages")[1]["messages"]) == 1, "a try sends nothing")
        page.look("try")

        page.type("#subject", "\ue007")  # Enter
        result = new_result(page, 4)
        check("200 accepted" in result, "sending by Enter", result)
        wait_for("the inbox", lambda: len(page.texts("#inbox > li")) == 2)
        page.click("#clear")
        wait_for("the emptied inbox", lambda: page.is_shown("#no-messages") and not page.texts("#inbox > li"))
        check(request("GET", api + "/sandbox/messages")[1]["messages"] == [], "the sandbox is empty")
        # A file that is gone meanwhile is told where it is chosen, and nothing is sent.
        file.unlink()
        page.click("#send")
        wait_for("the lost file", lambda: "report.txt cannot be read" in page.text("#form-error"))
        check(len(results(page)) == 4, "the results", results(page))
        complain(page)
    wait_for("the state without a gateway", lambda: page.click("#check") or page.text("#state") == "no answer")


def with_keys(page, _):
    with gateway("--sandbox", POSTERN_API_KEYS=f"app:{KEY}") as address:
        page.open(address)
        wait_for("the key is asked for", lambda: page.is_shown("#key-needed"))
        check(page.is_shown("#access") and page.focus() == "key", "the field of the key", page.focus())
        page.look("key")
        page.fill("#from", "ann@example.org")
        page.fill("#to", "bob@example.net")
        page.fill("#subject", "with a key")
        page.click("#send")
        result = new_result(page, 1)
        check("401" in result, "without a key", result)
        check(page.focus() == "key", "the focus", page.focus())
        page.fill("#key", "wrong-key-1")
        page.click("#send")
        check("401" in new_result(page, 2), "with a wrong key", results(page))
        page.fill("#key", KEY)
        page.click("#send")
        result = new_result(page, 3)
        check("200 accepted" in result, "with the key", result)
        wait_for("the inbox", lambda: "with a key" in page.text("#inbox > li"))
        check(not page.is_shown("#key-needed"), "the key is not asked for any more")
        kept = page.run("return JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}, location.href])")
        check(KEY not in kept, "the key is kept", kept)
        complain(page)


def without_a_relay(page, _):
    with gateway(POSTERN_RELAY_URL="smtp://127.0.0.1:1") as address:
        page.open(address)
        wait_for("the state", lambda: page.text("#state") == "unavailable")
        check("connect" in page.text("#relays"), "the relay's fault", page.text("#relays"))
        check(not page.is_shown("#inbox-section"), "there is no inbox")
        page.fill("#from", "ann@example.org")
        page.fill("#to", "bob@example.net")
        page.click("#send")
        result = new_result(page, 1)
        check("502" in result and "It can be tried again" in result, "the result", result)
        page.look("no-relay")
        complain(page)


ATTACKS = """
    const [gateway, done] = arguments;
    const fields = {from: 'ann@example.org', to: 'bob@example.net', text: 'x'};
    const form = (type) => {
        const made = Object.assign(document.createElement('form'), {method: 'post', action: gateway + '/messages'});
        made.enctype = type;
        for (const [name, value] of Object.entries(fields)) {
            made.append(Object.assign(document.createElement('input'), {name, value}));
        }
        const frame = Object.assign(document.createElement('iframe'), {name: type});
        made.target = type;
        document.body.append(frame, made);
        made.submit();
    };
    const data = new FormData();
    for (const [name, value] of Object.entries(fields)) data.append(name, value);
    const mode = 'no-cors';
    const attempts = [
        fetch(gateway + '/messages', {method: 'POST', mode, body: data}),
        fetch(gateway + '/messages', {method: 'POST', mode, body: new URLSearchParams(fields)}),
        fetch(gateway + '/messages', {method: 'POST', mode, body: JSON.stringify(fields)}),
        fetch(gateway + '/messages', {
            method: 'POST', body: JSON.stringify(fields), headers: {'Content-Type': 'application/json'}}),
        fetch(gateway + '/sandbox/messages', {method: 'DELETE'}),
        fetch(gateway + '/sandbox/messages').then((answer) => answer.text()),
    ].map((attempt) => attempt.then((answer) => answer.type ?? answer, () => 'failed'));
    navigator.sendBeacon(gateway + '/messages', new URLSearchParams(fields));
    navigator.sendBeacon(gateway + '/messages', data);
    form('application/x-www-form-urlencoded');
    form('multipart/form-data');
    Promise.all(attempts).then((found) => setTimeout(() => done(found), 1000));
"""

REBOUND = """
    const done = arguments[0];
    const message = JSON.stringify({from: 'ann@example.org', to: 'bob@example.net', text: 'x'});
    const json = {'Content-Type': 'application/json'};
    Promise.all([
        fetch('/messages', {method: 'POST', body: message, headers: json}), fetch('/sandbox/messages'),
        fetch('/sandbox/messages', {method: 'DELETE'}), fetch('/metrics'), fetch('/readyz'),
    ].map((attempt) => attempt.then((answer) => answer.status, String))).then(done);
"""


class StrangersPage(BaseHTTPRequestHandler):
    """A page of another origin."""

    def do_GET(self):
        page = b"<!doctype html><title>stranger</title><body></body>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_):
        pass


def pages_of_others(page, _):
    """Whatever a page of another origin tries, nothing is sent, read or deleted; a link to the console works."""
    stranger = HTTPServer(("127.0.0.1", 0), StrangersPage)
    threading.Thread(target=stranger.serve_forever, daemon=True).start()
    with gateway("--sandbox") as address:
        own = f"http://{address}"
        sent = {"from": "ann@example.org", "to": "bob@example.net", "subject": "mine", "text": "x"}
        check(request("POST", own + "/messages", sent)[0] == 200, "a program sends")
        for name in ("evil.example", "localhost"):
            page.open(f"{name}:{stranger.server_port}")
            found = page.call("POST", "/execute/async", {"script": ATTACKS, "args": [own]})
            check(not any("mine" in str(answer) for answer in found), f"{name} reads", found)
            _, inbox = request("GET", own + "/sandbox/messages")
            check(len(inbox["messages"]) == 1 and "mine" in str(inbox), f"{name} changes what is caught", inbox)
        # A link leads to the console, which then works as a page of its own origin.
        page.run("location.href = arguments[0]", own + "/")
        wait_for("the link", lambda: page.is_shown("#send"))
        wait_for("the inbox", lambda: "mine" in page.text("#inbox > li"))
        # A name that was rebound: page and requests have the same origin.
        page.open(f"rebind.example:{address.rpartition(':')[2]}")
        found = page.call("POST", "/execute/async", {"script": REBOUND, "args": []})
        check(found == [403] * 5, "a rebound name", found)
        check(len(request("GET", own + "/sandbox/messages")[1]["messages"]) == 1, "a rebound name changes something")
        page.complaints()
    stranger.shutdown()


with started(["/usr/bin/chromedriver", "--port=0"], r"started successfully on port (\d+)") as port:
    browser = Page(f"http://127.0.0.1:{port}")
    try:
        for part in (open_sandbox, with_keys, without_a_relay, pages_of_others):
            with tempfile.TemporaryDirectory() as temporary:
                part(browser, temporary)
            print(f"console: {part.__name__.replace('_', ' ')}", flush=True)
    finally:
        browser.close()
