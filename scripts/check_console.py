"""Drives the console in Chromium through its WebDriver. Started by scripts/check-console."""

import base64
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zlib
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

PROGRAM, SCREENSHOTS, AXE = sys.argv[1], sys.argv[2], sys.argv[3]
KEY = "console-key-1"
PATIENCE = 20
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # The name that the WebDriver standard gives it.
SUBJECT = "Größe <b>& more</b>"
WIDTHS, SCHEMES = (375, 800, 1280), ("light", "dark")
TAB, ENTER, LEFT, RIGHT, UP, DOWN, SPACE, SHIFT, END = (
    "\ue004", "\ue007", "\ue012", "\ue014", "\ue013", "\ue015", "\ue00d", "\ue008", "\ue010")


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
    """Returns the status and the JSON of a response."""
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
    """Starts a program whose output names its port, and finds the port by a pattern."""
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

    def __init__(self, driver, downloads):
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                            "--window-size=1280,1000", "--lang=en",
                            # Names of a stranger that lead to this host, as a name server of the stranger's would have them.
                            "--host-resolver-rules=MAP *.example 127.0.0.1"],
                   "prefs": {"download.default_directory": str(downloads), "download.prompt_for_download": False}}
        status, answer = request("POST", driver + "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        check(status == 200, "the browser starts", answer)
        self.session = f"{driver}/session/{answer['value']['sessionId']}"
        self.downloads = Path(downloads)

    def call(self, method, path, body=None):
        status, answer = request(method, self.session + path, body)
        check(status == 200, f"{method} {path}", answer)
        return answer["value"]

    def close(self):
        self.call("DELETE", "")

    def open(self, address):
        # What the page before asks for at its end belongs to another gateway.
        self.call("POST", "/url", {"url": "about:blank"})
        self.address = address
        self.foreign_requests()
        self.call("POST", "/url", {"url": f"http://{address}/"})

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def run_async(self, script, *arguments):
        """Runs a script that ends by a call of its last argument."""
        return self.call("POST", "/execute/async", {"script": script, "args": list(arguments)})

    def _element(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def type(self, selector, text):
        self.call("POST", f"/element/{self._element(selector)}/value", {"text": text})

    def fill(self, selector, text):
        self.call("POST", f"/element/{self._element(selector)}/clear", {})
        self.type(selector, text)

    def click(self, selector):
        self.call("POST", f"/element/{self._element(selector)}/click", {})

    def keys(self, *keys):
        """Presses keys one after the other, wherever the focus is."""
        pressed = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": pressed}]})

    def tab_to(self, selector, most=60):
        """Presses the tab key until an element has the focus."""
        for _ in range(most):
            if self.run("return document.activeElement.matches(arguments[0])", selector):
                return
            self.keys(TAB)
        sys.exit(f"the tab key does not reach {selector}")

    def text(self, selector):
        """What a person reads there; nothing if there is no such element, or it is hidden."""
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].map((found) => found.innerText)", selector)

    def is_shown(self, selector):
        return self.run("return document.querySelector(arguments[0])?.checkVisibility() ?? false", selector)

    def focus(self):
        return self.run("return document.activeElement.id")

    def command(self, name, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def clipboard(self):
        self.command("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        return self.run_async("navigator.clipboard.readText().then(arguments[0], String)")

    def in_frame(self, script):
        """Runs a script in the frame that shows the HTML part."""
        self.call("POST", "/frame", {"id": {ELEMENT: self._element("iframe")}})
        try:
            return self.run(script)
        finally:
            self.call("POST", "/frame", {"id": None})

    def download(self, name):
        """The octets of a file that the browser saves."""
        path = self.downloads / name
        wait_for(f"the download of {name}", path.exists)
        content = path.read_bytes()
        path.unlink()
        return content

    def complaints(self):
        """What the browser has logged of the page, but for responses that are not 2xx: those are meant."""
        entries = self.call("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if "Failed to load resource" not in entry["message"]]

    def foreign_requests(self):
        """The addresses on other hosts that were asked for since the last call."""
        found = []
        for entry in self.call("POST", "/se/log", {"type": "performance"}):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                address = event["params"]["request"]["url"]
                if not address.startswith((f"http://{self.address}/", "data:", "blob:", "about:")):
                    found.append(address)
        return found

    def look(self, name):
        """Looks at the page in each width and scheme: nothing is wider than the screen, and axe finds nothing."""
        for width in WIDTHS:
            for scheme in SCHEMES:
                self._show(scheme)
                self._resize(width, 900)
                found = self.run("return document.documentElement.scrollWidth")
                check(found <= width, f"{name}, {scheme}", f"{found} px wide on a screen of {width}")
                if SCREENSHOTS:
                    self._picture(f"{name}-{scheme}-{width}", width)
            self.axe(f"{name}, {width} px")
        self.command("Emulation.clearDeviceMetricsOverride")
        self.command("Emulation.setEmulatedMedia", features=[])

    def _show(self, scheme):
        # A transition would still be under way while colours are compared.
        self.command("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}])

    def _resize(self, width, height):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def _picture(self, name, width):
        # The frame of a mail is drawn only where it is on the screen: the screen becomes as high as the page.
        height = self.command("Page.getLayoutMetrics")["cssContentSize"]["height"] + 1
        self._resize(width, height)
        time.sleep(0.3)
        picture = self.command("Page.captureScreenshot", clip={
            "x": 0, "y": 0, "width": width, "height": height, "scale": 1})
        (Path(SCREENSHOTS) / f"{name}.png").write_bytes(base64.b64decode(picture["data"]))

    def axe(self, name):
        """Both schemes are checked: axe computes the contrast of what is shown."""
        for scheme in SCHEMES:
            self._show(scheme)
            if not self.run("return 'axe' in window"):
                self.run(Path(AXE).read_text("utf-8"))
            found = self.run_async("""
                const done = arguments[0];
                const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
                axe.run(document, {iframes: false, runOnly: tags}).then(({violations}) => done(violations.map(
                    ({id, nodes}) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`)));
            """)
            check(found == [], f"axe, {name}, {scheme}", found)


def results(page):
    return page.texts("#results > li")


def new_result(page, count):
    """The newest result, as soon as there are so many."""
    return wait_for(f"result {count}", lambda: len(results(page)) == count and results(page))[0]


def complain(page):
    found = page.complaints()
    check(found == [], "the browser complains", found)
    found = page.foreign_requests()
    check(found == [], "requests to other hosts", found)


def send(api, **message):
    status, answer = request("POST", api + "/messages", {"from": "ann@example.org", "to": "bob@example.net"} | message)
    check(status == 200, "a message is sent", answer)


def caught(api, query=""):
    return request("GET", api + "/sandbox/messages" + query)[1]["messages"]


def rows(page, count):
    """The rows of the inbox, as soon as there are so many."""
    return wait_for(f"{count} messages in the inbox", lambda: len(page.texts("#inbox > li")) == count and (
        page.texts("#inbox > li")) or (count == 0 and page.is_shown("#no-messages")))


def choose(page, subject):
    page.run("""
        [...document.querySelectorAll("#inbox button")].find((row) => row.innerText.includes(arguments[0])).click()
    """, subject)
    wait_for(f"the message {subject}", lambda: subject in page.text("#subject-shown"))


def picture(red, green, blue):
    """A PNG of one colour."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    lines = (b"\0" + bytes([red, green, blue]) * 64) * 64
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def attachment(name, content, kind, content_id=None):
    made = {"filename": name, "content": base64.b64encode(content).decode(), "content_type": kind}
    return made | ({"content_id": content_id} if content_id else {})


WELCOME = """<html><head><style>.button { background: rgb(31, 95, 74); color: #fff; padding: 12px 24px; border-radius: 8px }
#title { color: rgb(1, 2, 3) }</style></head><body style="margin: 0; background: rgb(238, 242, 240)">
<div style="max-width: 460px; margin: 24px auto; padding: 32px; background: #fff; font-family: sans-serif">
<img src="cid:logo@acme" width="64" height="64" alt="Acme"><h1 id="title" style='color: rgb(9, 9, 9)'>Welcome, Bob</h1>
<p>Please confirm your address within 24 hours.</p>
<p><a class="button" href="https://acme.example/confirm?token=42">Confirm my address</a></p></div></body></html>"""


def start_of_sandbox(page, address):
    page.open(address)
    wait_for("the state", lambda: page.text("#state") == "ready")
    wait_for("an empty inbox", lambda: page.is_shown("#inbox-section") and page.is_shown("#no-messages"))


def sending(page, folder):
    """The send form and its results, by mouse."""
    with gateway("--sandbox") as address:
        api = f"http://{address}"
        start_of_sandbox(page, address)
        check("Postern" in page.text("footer"), "the footer", page.text("footer"))
        check(not page.is_shown("#access"), "without keys none is asked for")
        page.look("empty")

        page.fill("#from", "Ann <ann@example.org>")
        page.fill("#to", '"Bob, the other" <bob@example.net>, carol@example.net')
        page.fill("#subject", SUBJECT)
        page.fill("#text", "How are you?\n.\nIt's fine!")
        file = Path(folder) / "report.txt"
        file.write_text("attached")
        page.type("#attachments", str(file))
        page.click("#send")
        result = new_result(page, 1)
        check(len(caught(api)) == 1, "the sandbox", caught(api))
        check("200 Accepted" in result and SUBJECT in result, "the result", result)
        check("accepted the message for 2 recipients. Do not send it again." in result, "the explanation", result)
        check(re.search(r"^Relay: 250 2\.0\.0 .", result, re.M), "the relay's reply", result)
        check(SUBJECT in rows(page, 1)[0], "the inbox", rows(page, 1))

        # The command for a form with a file, run by a shell, sends the same message.
        page.click("#copy-curl")
        command = page.text("#command")
        check("-F 'attachment=@" in command, "the command", command)
        wait_for("the copied command", lambda: page.clipboard() == command)
        check(subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True).returncode == 0, "curl", command)
        check(SUBJECT in rows(page, 2)[0], "what curl sent", rows(page, 2))
        first, second = (request("GET", f"{api}/sandbox/messages/{each['id']}")[1] for each in caught(api))
        for name in ("subject", "from", "envelope", "text"):
            check(first[name] == second[name], f"curl: {name}", (first, second))
        check(first["attachments"][0]["filename"] == "report.txt", "curl: the file", first)

        page.fill("#to", "bob@example.net, nobody at all, x")
        page.click("#send")
        result = new_result(page, 2)
        document = {"from": "ann@example.org", "to": ["bob@example.net", "nobody at all"], "subject": "x", "text": "x"}
        problem = request("POST", api + "/messages", document)[1]
        check("422" in result and problem["title"] in result, "the problem", result)
        shown = page.text("#to-error")
        check("“nobody at all”: " + problem["errors"][0]["detail"] in shown, "the field's error", shown)
        check("“x”: " in shown, "the other address's error", shown)
        check(page.focus() == "to", "the focus", page.focus())
        check(page.run("return document.getElementById('to').getAttribute('aria-invalid')") == "true", "the field")
        top = page.run("return document.querySelector('label[for=to]').getBoundingClientRect().top")
        check(top >= 0, "the label is on the screen", top)
        page.look("invalid")

        page.fill("#to", "bob@example.net")
        page.click("#more-html > summary")
        page.fill("#html", "<p>How are <b>you</b>?</p>")
        page.click("#dry-run")
        result = new_result(page, 3)
        check("Dry run" in result and "Nothing was sent" in result and not page.is_shown("#to-error"), "a dry run", result)
        check("multipart/alternative" in page.text("#results pre"), "the message of a dry run", page.text("#results pre"))
        check(len(caught(api)) == 2, "a dry run sends nothing")
        page.look("dry-run")

        page.type("#subject", ENTER)
        check("200 Accepted" in new_result(page, 4), "sending by Enter", results(page))
        # A file that is gone by now is reported where it is chosen, and nothing is sent.
        file.unlink()
        page.click("#send")
        wait_for("the lost file", lambda: "report.txt cannot be read" in page.text("#form-error"))
        check(len(results(page)) == 4, "the results", results(page))
        complain(page)
    wait_for("the state without a gateway", lambda: page.click("#check") or page.text("#state") == "no response")


def failures(page, _):
    """Every failure of the sandbox, and what the console says about it."""
    expected = {
        "reject@example.net": ("422", "bad", "The relay will refuse it again"),
        "defer@example.net": ("503", "warn", "You can send it again in"),
        "full@example.net": ("422", "bad", "The relay will refuse it again"),
        "drop@example.net": ("504 Outcome unknown", "warn", "it may have been accepted"),
        "slow+5@example.net": ("200 Accepted", "good", "Do not send it again"),
        "rcpt-450@example.net": ("503", "warn", "You can send it again"),
        "content-554@example.net": ("422", "bad", "The relay will refuse it again"),
        "mail-451@example.net": ("503", "warn", "You can send it again"),
    }
    with gateway("--sandbox") as address:
        start_of_sandbox(page, address)
        page.click("#failures summary")
        offered = page.texts("#failure-list button")
        check(offered == list(expected), "the failures", offered)
        for count, (recipient, (status, colour, text)) in enumerate(expected.items(), 1):
            page.fill("#from", "ann@example.org")
            page.fill("#to", "bob@example.net" if recipient.startswith("mail") else "")
            page.click(f"#failure-list li:nth-child({count}) button")
            page.click("#send")
            result = new_result(page, count)
            check(status in result and text in result, recipient, result)
            check(page.run("return document.querySelector('#results .pill').className") == "pill " + colour, recipient)
            if recipient.startswith("drop"):
                # The same message has the same Idempotency-Key: its result comes again, and nothing is sent.
                page.click("#send")
                wait_for("the replay", lambda: "The message was not sent again" in page.text("#results > li"))
                page.run("document.querySelector('#results > li').remove()")
        page.fill("#from", "ann@example.org")
        page.fill("#to", "bob@example.net, reject@example.net, defer@example.net")
        page.click("#send")
        result = new_result(page, len(expected) + 1)
        check("200 Partly accepted" in result and "sent to 1 recipient, not to the other 2" in result, "partly", result)
        check("✗ reject@example.net: 550 5.1.1 User unknown (permanent)" in result, "the refused recipient", result)
        check("✗ defer@example.net: 451 4.3.0 Try again later (temporary)" in result, "the deferred recipient", result)
        check(page.run("return document.querySelector('#results .pill').className") == "pill warn", "the colour")
        page.look("failures")
        complain(page)


def reading(page, _):
    """The inbox and the views of a message, by mouse."""
    png = picture(31, 95, 74)
    with gateway("--sandbox") as address:
        api = f"http://{address}"
        start_of_sandbox(page, address)
        page.run("""
            window.polls = {now: 0, most: 0};
            const original = window.fetch;
            window.fetch = async (path, options) => {
                if (!path.includes("wait=")) return original(path, options);
                polls.most = Math.max(polls.most, ++polls.now);
                try { return await original(path, options); } finally { polls.now -= 1; }
            };
        """)
        for number in range(3):
            send(api, subject=f"Order {number}", text=f"See https://shop.example/orders/{number}?a=1&b=2, please.")
        send(api, to=["Bob <bob@example.net>"], bcc=["audit@example.net"], subject="Grüße: confirm your address", html=WELCOME,
             text="Follow https://acme.example/confirm?token=42 to confirm.",
             **{"from": "Größe <welcome@acme.example>"},
             attachments=[attachment("logo.png", png, "image/png", "logo@acme"),
                          attachment("Terms – v2.pdf", b"%PDF-1.4 " * 2000, "application/pdf")])
        # They appear without any click, and the title counts them.
        check("Grüße: confirm" in rows(page, 4)[0], "the newest is first", rows(page, 4))
        wait_for("the title", lambda: page.run("return document.title") == "(4) Postern")
        check("new message" in page.text("#news"), "the announcement", page.text("#news"))
        choose(page, "Grüße: confirm")
        check(page.run("return document.title") == "(3) Postern", "the title", page.run("return document.title"))
        facts = page.text("#facts")
        check("Größe <welcome@acme.example>" in facts and "bob@example.net, audit@example.net" in facts, "the facts", facts)

        wait_for("the frame", lambda: page.is_shown("#panel-html iframe"))
        check(page.run("return document.querySelector('iframe').getAttribute('sandbox')") == "", "the frame's sandbox")
        shown = wait_for("the HTML part", lambda: page.in_frame("""
            const style = (selector) => getComputedStyle(document.querySelector(selector));
            return document.querySelector("img")?.naturalWidth && [document.body.innerText.trim().split("\\n")[0],
                style("body").backgroundColor, style("#title").color, style(".button").backgroundColor];
        """))
        # The style sheet and the style attributes of the mail have effect, and an attribute beats a rule for an ID.
        check(shown == ["Welcome, Bob", "rgb(238, 242, 240)", "rgb(9, 9, 9)", "rgb(31, 95, 74)"], "the HTML part", shown)
        links = page.texts("#link-list code")
        check(links == ["https://acme.example/confirm?token=42"], "the links", links)
        page.click("#link-list button")
        wait_for("the copied link", lambda: page.clipboard() == links[0])
        page.look("html")

        page.click("#tab-text")
        check("Follow https://acme.example/confirm" in page.text("#panel-text pre"), "the text", page.text("#panel-text"))
        page.click("#tab-headers")
        check("Grüße: confirm your address" in page.text("#panel-headers"), "decoded headers", page.text("#panel-headers"))
        page.look("headers")
        page.click("#tab-source")
        wait_for("the source", lambda: "Subject: =?utf-8?" in page.text("#panel-source pre"))
        page.click("#panel-source button")
        message = caught(api)[0]["id"]
        with urllib.request.urlopen(f"{api}/sandbox/messages/{message}/raw") as raw:
            check(page.download(message + ".eml") == raw.read(), "the downloaded source")
        page.click("#tab-attachments")
        shown = page.texts("#panel-attachments li")
        check(len(shown) == 2 and "Terms – v2.pdf" in shown[1] and "18.0 kB" in shown[1], "the attachments", shown)
        page.look("attachments")
        page.click("#panel-attachments li:first-child button")
        check(page.download("logo.png") == png, "the downloaded attachment")

        for where, words, count in (
                ("any", "ORDERS/", 3), ("any", "audit@", 1), ("any", "token=42", 1), ("subject", "oRDER", 3),
                ("subject", "welcome", 0), ("from", "welcome", 1), ("to", "bob@", 4), ("text", "orders/2", 1)):
            page.run("""
                const field = document.querySelector("#find");
                document.querySelector("#where").value = arguments[0];
                field.value = arguments[1];
                field.dispatchEvent(new Event("input"));
            """, where, words)
            wait_for(f"{where}: {words}", lambda: page.text("#count") == f"{count} found")
            check(len(page.texts("#inbox > li")) == count, f"{where}: {words}", page.texts("#inbox > li"))
        page.fill("#find", "")
        page.type("#find", "nothing like it")
        wait_for("a search without results", lambda: "Nothing found" in page.text("#no-messages"))
        page.fill("#find", " ")
        rows(page, 4)

        page.click("#delete")
        check(not any("Grüße" in row for row in rows(page, 3)), "the deleted message", rows(page, 3))
        # A program may delete one too.
        page.click("#mark-read")
        wait_for("the title", lambda: page.run("return document.title") == "Postern")
        while_hidden(page, api)

        for number in range(60):
            send(api, subject=f"Number {number}", text="x")
        wait_for("many messages", lambda: page.text("#count") == "showing 50 of 64")
        page.click("#more-messages")
        check(len(rows(page, 64)) == 64 and not page.is_shown("#more-messages"), "all messages")
        page.click("#clear")
        wait_for("the question", lambda: page.is_shown("#confirm"))
        check("64 messages" in page.text("#confirm-text"), "the question", page.text("#confirm"))
        check(page.focus() == "confirm-no", "the focus", page.focus())
        page.look("confirm")
        page.click("#confirm-no")
        check(len(caught(api)) == 64 and not page.is_shown("#confirm"), "the refused question")
        page.click("#clear")
        wait_for("the question", lambda: page.is_shown("#confirm"))
        page.click("#confirm-yes")
        rows(page, 0)
        check(caught(api) == [], "the sandbox is empty")
        check(page.run("return polls.most") == 1, "requests that wait at once", page.run("return polls.most"))
        wait_for("the plots", lambda: len(page.texts("#plot-list svg")) == 3)
        wait_for("a plot's line", lambda: page.run("return document.querySelectorAll('#plot-list polyline').length") >= 3)
        spoken = page.run("return document.querySelector('#plot-list svg').getAttribute('aria-label')")
        check(re.fullmatch(r"Messages per second: now [\d.]+; highest [\d.]+", spoken), "the plot's text", spoken)
        page.look("plots")
        complain(page)


def while_hidden(page, api):
    """In a tab that is hidden no request waits; it catches up when it is shown."""
    show = "Object.defineProperty(document, 'hidden', {value: arguments[0], configurable: true});" \
        "document.dispatchEvent(new Event('visibilitychange'))"
    page.run(show, True)
    wait_for("no request that waits", lambda: page.run("return polls.now") == 0)
    time.sleep(1)
    send(api, subject="While hidden", text="x")
    time.sleep(1)
    check(page.run("return polls.now") == 0 and len(page.texts("#inbox > li")) == 3, "a hidden tab waits for messages")
    page.run(show, False)
    rows(page, 4)


def by_keyboard(page, _):
    """The main way with nothing but the keyboard: send, read, search, delete."""
    with gateway("--sandbox") as address:
        api = f"http://{address}"
        start_of_sandbox(page, address)
        page.run("document.activeElement.blur()")
        page.keys(TAB)
        check(page.run("return document.activeElement.className") == "skip", "the first stop is the skip link")
        page.keys(ENTER)
        page.tab_to("#from")
        page.keys(*"ann@example.org", TAB, *"bob@example.net")
        page.tab_to("#subject")
        page.keys(*"By keyboard")
        page.tab_to("#text")
        page.keys(*"No mouse.")
        page.tab_to("#send")
        page.keys(ENTER)
        check("200 Accepted" in new_result(page, 1), "the result", results(page))
        send(api, subject="With HTML", html="<p>Hello</p>", text="Hello",
             attachments=[attachment("a.txt", b"text", "text/plain")])
        rows(page, 2)

        page.run("document.activeElement.blur(); scrollTo(0, 0); document.querySelector('#to-inbox').focus()")
        page.tab_to("#inbox button")
        check(page.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid", "the focus is visible")
        page.keys(DOWN, ENTER)
        wait_for("the older message", lambda: page.text("#subject-shown") == "By keyboard")
        check(page.focus() == "subject-shown", "the focus", page.focus())
        page.run("document.querySelector('#inbox button').focus()")
        page.keys(END, UP, ENTER)
        wait_for("the newer message", lambda: page.text("#subject-shown") == "With HTML")
        page.tab_to("[role=tab]")
        for name, panel in (("text", "pre"), ("headers", "dl"), ("source", "pre"), ("attachments", "button")):
            page.keys(RIGHT)
            check(page.focus() == "tab-" + name, "the next tab", page.focus())
            wait_for(f"the panel {name}", lambda: page.is_shown(f"#panel-{name} {panel}"))
        page.keys(RIGHT)
        check(page.focus() == "tab-html" and page.is_shown("#panel-html"), "from the last tab to the first", page.focus())
        page.keys(LEFT)
        page.tab_to("#panel-attachments button")
        page.keys(SPACE)
        check(page.download("a.txt") == b"text", "the downloaded attachment")

        page.run("document.querySelector('#to-inbox').focus()")
        page.tab_to("#find")
        page.keys(*"keyboard")
        wait_for("the search", lambda: page.text("#count") == "1 found")
        page.tab_to("#inbox button")
        page.keys(ENTER)
        wait_for("the message that was found", lambda: page.text("#subject-shown") == "By keyboard")
        page.tab_to("#delete")
        page.keys(ENTER)
        wait_for("the deletion", lambda: [each["subject"] for each in caught(api)] == ["With HTML"])
        wait_for("the focus after the deletion", lambda: page.focus() == "find")
        page.tab_to("#clear")
        page.keys(ENTER)
        wait_for("the question", lambda: page.focus() == "confirm-no")
        page.keys(ENTER)
        wait_for("the focus after the question", lambda: page.focus() == "clear")
        page.keys(ENTER)
        wait_for("the question", lambda: page.focus() == "confirm-no")
        page.keys("\ue00c")  # Escape
        wait_for("the question is gone", lambda: not page.is_shown("#confirm"))
        check(len(caught(api)) == 1, "the inbox after the question", caught(api))
        complain(page)


class Canary(BaseHTTPRequestHandler):
    """Remembers every request. None may come."""

    seen = []

    def do_GET(self):
        self.seen.append(self.path)
        self.send_response(204)
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_):
        pass


HOSTILE_SVG = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="300" height="60"
 onload="top.canary = 1; parent.canary = 1; fetch('CANARY/svg-onload')"><script>
top.canary = 1; fetch('CANARY/svg-script')</script><style>@import url(CANARY/svg-import); rect { fill: url(CANARY/svg-fill) }</style><image xlink:href="CANARY/svg-image"
 href="CANARY/svg-image2" width="9" height="9"/><use href="CANARY/svg-use#a"/><a
 xlink:href="CANARY/svg-link" href="CANARY/svg-link2"><rect width="300" height="60"/></a><foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" src="CANARY/svg-frame"/>
</foreignObject></svg>"""

HOSTILE_HTML = """</iframe></body></html>"><script>parent.canary = 1; top.canary = 1; fetch('CANARY/script')</script>
<base href="CANARY/base/" target="_top"><meta http-equiv="refresh" content="0; url=CANARY/refresh">
<meta http-equiv="Content-Security-Policy" content="default-src *"><link rel="stylesheet" href="CANARY/link">
<link rel="prefetch" href="CANARY/prefetch"><link rel="dns-prefetch" href="CANARY/"><link rel="icon" href="CANARY/icon">
<style>@import "CANARY/import"; @import url(CANARY/import2); @font-face { font-family: x; src: url(CANARY/font) }
body { background: url(CANARY/background); font-family: x } p::before { content: url('CANARY/content') }</style>
<style>@im\\70ort "CANARY/escaped-import"; h1 { background: u\\72l(CANARY/escaped-url) }</style>
<h1>headline</h1><p>text</p>
<img src="CANARY/img" onerror="parent.canary = 1"><img src=x onerror=parent.canary=1 srcset="CANARY/srcset 2x">
<img src="//127.0.0.1:PORT/protocol"><img src="cid:evil"><img src="cid:nobody"><img/src="CANARY/slash"onload=parent.canary=1>
<div style="background: url(CANARY/attribute)">x</div><div style="}</style><img src=CANARY/style-end>">x</div>
<table background="CANARY/table"><tr><td>cell</td></tr></table><input type="image" src="CANARY/input">
<iframe src="CANARY/frame"></iframe><iframe srcdoc="<script>top.canary = 1</script><img src=CANARY/srcdoc>"></iframe>
<object data="CANARY/object"></object><embed src="CANARY/embed"><video src="CANARY/video" poster="CANARY/poster" autoplay></video>
<audio src="CANARY/audio" autoplay></audio><picture><source srcset="CANARY/source"><img alt=""></picture>
<template shadowrootmode="open"><img src="CANARY/shadow"><style>@import "CANARY/shadow-style"</style></template>
<math><mtext><mglyph><style><!--</style><img title="--&gt;&lt;img src=CANARY/mutation onerror=top.canary=1&gt;"></style></math>
<noscript><p title="</noscript><img src=CANARY/noscript onerror=top.canary=1>"></noscript>
<svg onload="top.canary = 1"><script>top.canary = 1</script><image href="CANARY/inline-svg"/><animate onbegin="top.canary = 1"
 attributeName="x" dur="1s"/></svg><a title="a>b" style="color: red" ping="CANARY/ping" href="javascript:top.canary = 1"
 onclick="top.canary = 1">JS</a><details open ontoggle="top.canary = 1"><summary>s</summary></details>
<form action="CANARY/form" method="post" target="_top"><button autofocus onfocus="top.canary = 1">Send</button>
<button formaction="CANARY/formaction">Other</button></form>
<a id="link" href="CANARY/link" target="_top" download style="position: fixed; inset: 0; z-index: 9">everything</a>"""


def hostile_mail(page, _):
    """Hostile HTML and SVG runs nothing, fetches nothing and leads nowhere."""
    canary = HTTPServer(("127.0.0.1", 0), Canary)
    threading.Thread(target=canary.serve_forever, daemon=True).start()
    place = f"http://127.0.0.1:{canary.server_port}"

    def aimed(text):
        return text.replace("CANARY", place).replace("PORT", str(canary.server_port))

    urllib.request.urlopen(place + "/works").close()
    check(Canary.seen == ["/works"], "the canary sings", Canary.seen)
    Canary.seen.clear()
    mails = {
        "hostile html": {"html": aimed(HOSTILE_HTML)},
        "hostile attribute": {"html": aimed("<body onload='top.canary = 1' background='CANARY/body'><a href='CANARY/a'"
                                            " style='position: fixed; inset: 0'>x</a>")},
        "hostile inline svg": {"html": aimed("<p>x</p>" + HOSTILE_SVG)},
        "hostile attached svg": {"html": "<img src='cid:evil' width=300 height=60 alt='svg'>"},
        "unterminated": {"html": "<p>seen</p>" + "<a title=\"" * 100000},
        "<img src=x onerror=top.canary=1>": {"html": "<plaintext>"},
    }
    with gateway("--sandbox") as address:
        api = f"http://{address}"
        for subject, parts in mails.items():
            send(api, subject=subject, text=aimed("<img src=CANARY/text onerror=top.canary=1>"), **parts, attachments=[
                attachment("<img src=x onerror=top.canary=1>.svg", aimed(HOSTILE_SVG).encode(), "image/svg+xml", "evil")])
        start = f"http://{address}/"
        page.open(address)
        rows(page, len(mails))
        for subject in mails:
            choose(page, subject)
            wait_for("the frame", lambda: page.is_shown("#panel-html iframe"))
            time.sleep(0.5)
            place_of = page.run("const {x, y} = document.querySelector('iframe').getBoundingClientRect(); return [x, y]")
            # A click into the middle of the frame, and the Enter key at whatever has the focus there.
            for kind in ("mousePressed", "mouseReleased"):
                page.command("Input.dispatchMouseEvent", type=kind, x=place_of[0] + 60, y=place_of[1] + 30,
                             button="left", clickCount=1)
            page.keys(TAB, ENTER)
            for tab in ("text", "headers", "source", "attachments"):
                page.click("#tab-" + tab)
                time.sleep(0.1)
            check(page.run("return location.href") == start, subject, "the page went away")
            check(not page.run("return 'canary' in window"), subject, "a script ran")
            check(len(page.call("GET", "/window/handles")) == 1, subject, "a window opened")
            page.click("#tab-html")
            check(page.in_frame("return location.href") == "about:srcdoc", subject, "the frame went away")
        choose(page, "hostile attached svg")
        wait_for("the frame", lambda: page.is_shown("#panel-html iframe"))
        width = wait_for("the picture", lambda: page.in_frame("return document.querySelector('img')?.naturalWidth"))
        check(width == 300, "the picture", width)
        page.look("hostile")
        check(Canary.seen == [], "requests of hostile mail", Canary.seen)
        check(page.foreign_requests() == [], "requests to other hosts")
        # The policy refuses what the console cannot see in advance, such as escapes in CSS, and the browser logs that.
        found = [each for each in page.complaints() if "Content Security Policy" not in each]
        check(found == [], "the browser complains", found)
    canary.shutdown()


def with_keys(page, _):
    with gateway("--sandbox", POSTERN_API_KEYS=f"app:{KEY}") as address:
        api = f"http://{address}"
        page.open(address)
        wait_for("the key is asked for", lambda: page.is_shown("#key-needed"))
        check(page.is_shown("#access") and not page.is_shown("#inbox-section"), "the field of the key")
        check(not page.is_shown("#plots"), "there are no plots without a key")
        page.look("key")
        page.fill("#from", "ann@example.org")
        page.fill("#to", "bob@example.net")
        page.fill("#subject", "with a key")
        page.click("#send")
        result = new_result(page, 1)
        check("401" in result and "Enter an API key" in result, "without a key", result)
        check(page.focus() == "key", "the focus", page.focus())
        page.fill("#key", "wrong-key-1")
        page.click("#send")
        check("401" in new_result(page, 2), "with a wrong key", results(page))
        page.fill("#key", KEY)
        page.click("#send")
        result = new_result(page, 3)
        check("200 Accepted" in result, "with the key", result)
        check("with a key" in rows(page, 1)[0], "the inbox", rows(page, 1))
        check(not page.is_shown("#key-needed"), "the key is not asked for any more")
        check(page.run("return document.querySelector('#key').type") == "password", "the key is masked")
        page.click("#copy-curl")
        command = page.text("#command")
        check(KEY not in command and "$POSTERN_KEY" in command, "the command", command)
        ran = subprocess.run(
            ["bash", "-c", command], env=os.environ | {"POSTERN_KEY": KEY}, capture_output=True, text=True)
        check('"accepted"' in ran.stdout, "the command", ran)
        rows(page, 2)

        # Pictures and downloads need the key too.
        message = {"from": "ann@example.org", "to": "bob@example.net", "subject": "Picture",
                   "html": "<img src='cid:one' alt=''>",
                   "attachments": [attachment("one.png", picture(9, 9, 9), "image/png", "one")]}
        check(request("POST", api + "/messages", message, {"X-API-Key": KEY})[0] == 200, "a message with a picture")
        rows(page, 3)
        choose(page, "Picture")
        wait_for("the picture", lambda: page.is_shown("iframe") and page.in_frame(
            "return document.querySelector('img')?.naturalWidth") == 64)
        page.click("#tab-attachments")
        page.click("#panel-attachments button")
        check(page.download("one.png") == picture(9, 9, 9), "the downloaded attachment")

        kept = page.run("return JSON.stringify([document.cookie, {...localStorage}, location.href])")
        check(KEY not in kept, "the key is kept", kept)
        page.open(address)
        rows(page, 3)
        check(not page.is_shown("#key-needed") and page.is_shown("#access"), "the key survives a reload")
        page.click("#forget")
        wait_for("the key is forgotten", lambda: page.is_shown("#key-needed") and not page.is_shown("#inbox-section"))
        kept = page.run("return JSON.stringify([{...sessionStorage}, document.querySelector('#key').value])")
        check(kept == '[{},""]', "the key is kept", kept)
        complain(page)


def without_a_relay(page, _):
    with gateway(POSTERN_RELAY_URL="smtp://127.0.0.1:1") as address:
        page.open(address)
        wait_for("the state", lambda: page.text("#state") == "unavailable")
        check("connect" in page.text("#relays"), "the relay's fault", page.text("#relays"))
        for selector in ("#inbox-section", "#to-inbox", "#failures"):
            check(not page.is_shown(selector), f"without a sandbox there is {selector}")
        page.fill("#from", "ann@example.org")
        page.fill("#to", "bob@example.net")
        page.click("#send")
        result = new_result(page, 1)
        check("502" in result and "You can send it again" in result, "the result", result)
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
    """A page of another origin can send, read and delete nothing; a link to the console works."""
    stranger = HTTPServer(("127.0.0.1", 0), StrangersPage)
    threading.Thread(target=stranger.serve_forever, daemon=True).start()
    with gateway("--sandbox") as address:
        own = f"http://{address}"
        sent = {"from": "ann@example.org", "to": "bob@example.net", "subject": "mine", "text": "x"}
        check(request("POST", own + "/messages", sent)[0] == 200, "a program sends")
        for name in ("evil.example", "localhost"):
            page.open(f"{name}:{stranger.server_port}")
            found = page.run_async(ATTACKS, own)
            check(not any("mine" in str(answer) for answer in found), f"{name} reads", found)
            _, inbox = request("GET", own + "/sandbox/messages")
            check(len(inbox["messages"]) == 1 and "mine" in str(inbox), f"{name} changes what is caught", inbox)
        # A link leads to the console, which then works as a page of its own origin.
        page.run("location.href = arguments[0]", own + "/")
        wait_for("the link", lambda: page.is_shown("#send"))
        check("mine" in rows(page, 1)[0], "the inbox", rows(page, 1))
        # A name that was rebound: page and requests have the same origin.
        page.open(f"rebind.example:{address.rpartition(':')[2]}")
        found = page.run_async(REBOUND)
        check(found == [403] * 5, "a rebound name", found)
        check(len(request("GET", own + "/sandbox/messages")[1]["messages"]) == 1, "a rebound name changes something")
        page.complaints()
        page.foreign_requests()
    stranger.shutdown()


with started(["/usr/bin/chromedriver", "--port=0"], r"started successfully on port (\d+)") as port, \
        tempfile.TemporaryDirectory() as downloads:
    browser = Page(f"http://127.0.0.1:{port}", downloads)
    try:
        for part in (sending, failures, reading, by_keyboard, hostile_mail, with_keys, without_a_relay, pages_of_others):
            with tempfile.TemporaryDirectory() as temporary:
                part(browser, temporary)
            print(f"console: {part.__name__.replace('_', ' ')}", flush=True)
    finally:
        browser.close()
