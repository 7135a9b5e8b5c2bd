"""Runs the command blocks of the documents and compares what they show. Started by scripts/check-docs."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HELPERS = Path(__file__).resolve().parent / "documents"
sys.path.insert(0, str(HELPERS))
import markdown_files  # noqa: E402
import sign_up  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
PROGRAM, ENVIRONMENT = Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute()
SHELLS = ("sh", "bash", "console")
SHOWN = ("json", "http", "text")
NOTES = ("skip", "file", "stdin", "no-output")
KEY = "documents-key-0123456789"
# The folders that the documents name, laid below the folder of the check.
FOLDERS = ("/etc/postern", "/run/secrets", "/var/lib/postern")
# More than this share of the blocks must not be skipped.
MAXIMUM_SKIPPED = 0.15
# How long a block may take.
SECONDS = 120

# What differs from run to run, and what stands for it.
VARIES = [
    (r"[0-9a-f]{32}@", "ID@"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"),
    (r"\b[2-9A-HJ-NP-Z]{5}-[1-9][0-9]*\b", "CAUGHT"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
    (r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? \w{3} \d{4} \d\d:\d\d:\d\d ([+-]\d{4}|GMT)", "DATE"),
    (r"\b127\.0\.0\.1:\d+\b", "ADDRESS"),
]
VARYING_MEMBERS = ("latency_ms", "size")


class Mismatch(Exception):
    """What was shown is not what came."""


def steady(text):
    for pattern, instead in VARIES:
        text = re.sub(pattern, instead, text)
    return text


def same_text(shown, real, where):
    """Compares texts; an ellipsis stands for anything."""
    pattern = ".*".join(re.escape(part) for part in steady(shown).split("…"))
    if not re.fullmatch(pattern, steady(real), re.DOTALL):
        raise Mismatch(f"{where}: shown is {shown!r}, and came {real!r}")


def same(shown, real, where="the response"):
    """Compares JSON values: members by name, and values too, unless they vary."""
    if isinstance(shown, dict) and isinstance(real, dict):
        if shown.keys() != real.keys():
            raise Mismatch(f"{where}: only shown: {sorted(shown.keys() - real.keys())}, "
                           f"only in the real one: {sorted(real.keys() - shown.keys())}")
        for name, value in shown.items():
            if name not in VARYING_MEMBERS or type(value) is not type(real[name]):
                same(value, real[name], f"{where}, {name}")
    elif isinstance(shown, list) and isinstance(real, list):
        if len(shown) != len(real):
            raise Mismatch(f"{where}: {len(shown)} items are shown, and {len(real)} came")
        for place, (one, other) in enumerate(zip(shown, real)):
            same(one, other, f"{where}, {place}")
    elif isinstance(shown, str) and isinstance(real, str):
        same_text(shown, real, where)
    elif type(shown) is not type(real) or shown != real:
        raise Mismatch(f"{where}: shown is {shown!r}, and came {real!r}")


def documents_of(text):
    """The JSON documents that follow each other in a text."""
    decoder, found, text = json.JSONDecoder(), [], text.strip()
    while text:
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:].lstrip()
    return found


def same_json(shown, real):
    shown, real = documents_of(shown), documents_of(real)
    if len(shown) != len(real):
        raise Mismatch(f"{len(shown)} JSON documents are shown, and {len(real)} came")
    for one, other in zip(shown, real):
        same(one, other)


def same_http(shown, real):
    """Compares the status line, the header fields that are shown, and the body."""
    real = re.sub(r"\AHTTP/1.1 100 .*?\n\n", "", real.replace("\r\n", "\n"), flags=re.DOTALL)
    (shown_head, _, shown_body), (head, _, body) = shown.partition("\n\n"), real.partition("\n\n")
    status, *fields = shown_head.strip().splitlines()
    same_text(status, head.splitlines()[0], "the status line")
    came = {}
    for line in head.splitlines()[1:]:
        name, _, value = line.partition(": ")
        came[name.lower()] = value
    for line in fields:
        name, _, value = line.partition(": ")
        if name.lower() not in came:
            raise Mismatch(f"{name} is shown, and did not come")
        same_text(value, came[name.lower()], name)
    if shown_body.strip():
        same_json(shown_body, body)
    elif body.strip():
        raise Mismatch(f"no body is shown, and there is one: {body}")


COMPARE = {"json": same_json, "http": same_http,
           "text": lambda shown, real: same_text(shown.strip(), real.strip(), "the output")}


class Gateway:
    """A gateway with a sandbox, with or without API keys."""

    def __init__(self, folder, keys):
        self.log = open(Path(folder, f"gateway-{keys}.log"), "w+", encoding="utf-8")
        settings = {"POSTERN_LISTEN": "127.0.0.1:0", "POSTERN_LOG_FORMAT": "json", "POSTERN_SHUTDOWN_DELAY": "0s"}
        if keys:
            settings["POSTERN_API_KEYS_FILE"] = f"{folder}/etc/postern/keys"
        self.process = subprocess.Popen([PROGRAM, "serve", "--sandbox"], env=os.environ | settings, stderr=self.log)
        end = time.monotonic() + 20
        while not (serving := re.search(r'"address":"([^"]+)"', self.text())):
            if self.process.poll() is not None or time.monotonic() > end:
                sys.exit(f"the gateway did not start: {self.text()}")
            time.sleep(0.05)
        self.address = serving.group(1)

    def text(self):
        self.log.seek(0)
        return self.log.read()

    def stop(self):
        self.process.terminate()
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = "no end"
        self.log.close()
        if code != 0:
            raise Mismatch(f"the gateway ended with {code}")


class Document:
    """Runs the blocks of one document, one after another, in a folder of its own."""

    def __init__(self, path):
        self.path, self.blocks = path, list(markdown_files.blocks(path, Path(ROOT, path).read_text(encoding="utf-8")))
        self.ran = self.compared = self.settings = 0
        self.skipped, self.failures, self.gateways = [], [], {}
        self.app = None

    def run(self):
        if not any(block.language in SHELLS or block.notes for block in self.blocks):
            return self
        with tempfile.TemporaryDirectory(prefix="documents-") as folder:
            self.folder = Path(folder)
            self.prepare()
            try:
                for block, following in zip(self.blocks, self.blocks[1:] + [None]):
                    self.block(block, following)
                for gateway in self.gateways.values():
                    gateway.stop()
            except Mismatch as mismatch:
                self.failures.append(f"{self.path}: {mismatch}")
            finally:
                for gateway in self.gateways.values():
                    if gateway.process.poll() is None:
                        gateway.process.kill()
                if self.app:
                    self.app.shutdown()
        return self

    def prepare(self):
        """Lays the files that the documents name."""
        for name in FOLDERS:
            (self.folder / name[1:]).mkdir(parents=True)
        secrets, etc = self.folder / "run/secrets", self.folder / "etc/postern"
        shutil.copytree(FIXTURES / "secrets", secrets, dirs_exist_ok=True)
        shutil.copy(FIXTURES / "secrets/client.pem", etc / "ca.pem")
        for file in (etc / "keys", secrets / "postern-keys"):
            file.write_text(f"documents:{KEY}\n")
        (self.folder / "var/lib/postern/refresh-token").write_text("refresh-token\n")
        self.work = self.folder / "work"
        self.work.mkdir()
        for name in ("examples", "deploy", "Dockerfile"):
            (self.work / name).symlink_to(ROOT / name)
        (self.work / "message.eml").write_text(
            "From: Ann <ann@example.org>\nTo: Bob <bob@example.net>\nSubject: Hi\n\nHow are you?\n")
        (self.work / "note.txt").write_text("How are you?\n")
        (self.work / "report.pdf").write_bytes(b"%PDF-1.4\n%%EOF\n")
        (self.work / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n")

    def gateway(self, keys):
        if keys not in self.gateways:
            self.gateways[keys] = Gateway(self.folder, keys)
        return self.gateways[keys]

    def placed(self, text):
        """The text with the addresses and folders of this check."""
        if "127.0.0.1:8080" in text:
            text = text.replace("127.0.0.1:8080", self.gateway("$KEY" in text).address)
        text = text.replace("127.0.0.1:1025", "127.0.0.1:0")
        if "127.0.0.1:3000" in text:
            self.app = self.app or sign_up.start(f"http://{self.gateway(False).address}")
            text = text.replace("127.0.0.1:3000", f"127.0.0.1:{self.app.server_port}")
        for name in FOLDERS:
            text = re.sub(rf"(?<![\w.]){name}(?=/)", str(self.folder / name[1:]), text)
        return text

    def block(self, block, following):
        unknown = block.notes.keys() - set(NOTES)
        try:
            if unknown:
                raise Mismatch(f"check-docs: {', '.join(unknown)} is not known")
            if "file" in block.notes:
                self.file(block)
            if block.language not in SHELLS:
                return
            if "skip" in block.notes:
                if not block.notes["skip"]:
                    raise Mismatch("a block is skipped without a reason")
                self.skipped.append(f"{self.path}:{block.line}: {block.notes['skip']}")
                return
            if settings := self.alternatives(block.text):
                self.check_settings(settings)
            else:
                self.command(block, following)
        except Mismatch as mismatch:
            self.failures.append(f"{self.path}:{block.line}: {mismatch}")

    def file(self, block):
        """Writes a block to the file that it is."""
        name = self.placed(block.notes["file"])
        target = Path(name) if name.startswith("/") else self.work / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self.placed(block.text), encoding="utf-8")
        if target.name == "postern.yaml":
            self.settings += 1
            self.program(["config", "--config", target], {})

    @staticmethod
    def alternatives(text):
        """The settings of a block that has nothing else: one set for each paragraph, and a new one if a name comes again."""
        found, current = [], {}
        for line in text.splitlines() + [""]:
            try:
                words = shlex.split(line, comments=True)
            except ValueError:
                return None
            if any(not re.match(r"(POSTERN|OTEL)_[A-Z_]+=", word) for word in words):
                return None
            for name, _, value in (word.partition("=") for word in words):
                if name in current:
                    found.append(dict(current))
                current[name] = value
            if not line.strip() and current:
                found.append(current)
                current = {}
        return found

    def check_settings(self, alternatives):
        for settings in alternatives:
            self.settings += 1
            self.program(["config"], {"POSTERN_RELAY_URL": "smtp://127.0.0.1"} | {
                name: self.placed(value) for name, value in settings.items()})

    def program(self, arguments, settings):
        ended = subprocess.run([PROGRAM, *arguments], env=os.environ | settings, capture_output=True, text=True, timeout=30)
        if ended.returncode != 0:
            raise Mismatch(f"these settings are refused: {ended.stderr.strip()}")

    def command(self, block, following):
        text, shown = block.text, None
        if block.language == "console":
            # Lines with a prompt are commands, and the others what they print.
            lines = text.splitlines(keepends=True)
            text = "".join(line[2:] for line in lines if line.startswith(("$ ", "> ")))
            shown = "".join(line for line in lines if not line.startswith(("$ ", "> ")))
        keys = "$KEY" in text
        text = self.placed(text)
        environment = os.environ | {
            "PATH": f"{HELPERS / 'bin'}:{ENVIRONMENT / 'bin'}:{os.environ['PATH']}",
            "POSTERN_URL": f"http://{self.gateway(keys).address}", "KEY": KEY, "DOCUMENTS_PROGRAM": str(PROGRAM),
            "DOCUMENTS_GATEWAY": str(self.gateway("etc/postern/keys" in text).process.pid),
            "DOCUMENTS_PLAYWRIGHT": str(next(ENVIRONMENT.glob("lib/python*/site-packages/playwright/driver/package"))),
            "PYTEST_PLUGINS": "browser", "PYTHONPATH": str(HELPERS),
            "PYTHONDONTWRITEBYTECODE": "1", "GOCACHE": str(ENVIRONMENT / "go"), "GOFLAGS": "", "GO111MODULE": "auto",
        }
        if keys:
            environment["POSTERN_API_KEY"] = KEY
        given = block.notes["stdin"] + "\n" if "stdin" in block.notes else ""
        shell = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", text], cwd=self.work, env=environment, text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            output, errors = shell.communicate(given, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            # What it started ends with it.
            os.killpg(shell.pid, signal.SIGKILL)
            shell.communicate()
            raise Mismatch(f"the command did not end within {SECONDS} s") from None
        self.ran += 1
        if shell.returncode != 0:
            raise Mismatch(f"the command ended with {shell.returncode}: {output[-2000:]}{errors[-2000:]}")
        if shown is not None:
            COMPARE["text"](shown, output)
            self.compared += 1
        elif following and following.language in SHOWN and not {"no-output", "file"} & following.notes.keys():
            try:
                COMPARE[following.language](following.text, output)
            except ValueError as error:
                raise Mismatch(f"not JSON ({error}): {output[:500]}") from None
            self.compared += 1


def fixtures(folder):
    """Secrets of the kinds that the documents name."""
    secrets = folder / "secrets"
    secrets.mkdir()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=client.example.org",
                    "-keyout", secrets / "client-key.pem", "-out", secrets / "client.pem"], check=True, capture_output=True)
    (secrets / "client-secret").write_text("client-secret\n")
    (secrets / "service-account.json").write_text(json.dumps({
        "type": "service_account", "private_key_id": "1", "private_key": (secrets / "client-key.pem").read_text(),
        "client_email": "postern@example.iam.gserviceaccount.com", "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token"}))
    return folder


def main():
    names = sys.argv[3:] or ["README.md", "examples/README.md", *markdown_files.tracked("docs/*.md", "docs/**/*.md")]
    began = time.monotonic()
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        documents = list(pool.map(lambda name: Document(name).run(), names))
    ran, settings = sum(each.ran for each in documents), sum(each.settings for each in documents)
    compared = sum(each.compared for each in documents)
    skipped = [line for each in documents for line in each.skipped]
    failures = [line for each in documents for line in each.failures]
    for line in skipped:
        print(f"skipped: {line}")
    for line in failures:
        print(f"FAILED: {line}")
    if not sys.argv[3:] and len(skipped) > MAXIMUM_SKIPPED * (ran + len(skipped)):
        failures.append("too many blocks are skipped")
        print(f"FAILED: {failures[-1]}")
    print(f"documents: {ran} command blocks ran, and {compared} of their outputs were compared; {settings} sets of settings were "
          f"read by the gateway; {len(skipped)} blocks were skipped; {len(failures)} failed; "
          f"{time.monotonic() - began:.0f} s")
    return 1 if failures or not sys.argv[3:] and not (ran and compared and settings) else 0


with tempfile.TemporaryDirectory(prefix="documents-") as name:
    FIXTURES = fixtures(Path(name))
    sys.exit(main())
