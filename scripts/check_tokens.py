"""Tests access tokens against servers. Started by scripts/check-tokens, in a network of its own."""

import argparse
import base64
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.parse
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts/tokens"))
import authority  # noqa: E402
import endpoint  # noqa: E402
import endpoint_rules  # noqa: E402
import relay  # noqa: E402
import setup_steps  # noqa: E402

NAMES = ("localhost", endpoint.MICROSOFT, endpoint.GOOGLE, "smtp.office365.com", "smtp.gmail.com")
CLIENTS = 16
SESSION_MESSAGES = 5
PAGES = {"microsoft": ROOT / "docs/relays/microsoft-365.md", "google": ROOT / "docs/relays/gmail.md"}

faults = []


def expect(is_so, text):
    if not is_so:
        faults.append(text)
        print(f"FAILED {text}", flush=True)


class Gateway:
    """A gateway, and everything that it said."""

    def __init__(self, options, settings):
        self.log_path = options.folder / f"gateway-{time.monotonic_ns()}.log"
        self.responses = []
        environment = {
            "POSTERN_LISTEN": "127.0.0.1:0", "POSTERN_LOG_LEVEL": "trace", "POSTERN_LOG_FORMAT": "json",
            "POSTERN_SHUTDOWN_DELAY": "0s", "POSTERN_RELAY_CONNECTIONS": str(CLIENTS),
            "POSTERN_RELAY_CA_FILE": str(options.postfix / "authority.pem"),
            "POSTERN_RELAY_OAUTH_CA_FILE": str(options.folder / "authority.pem"),
            # A message that fails must be one of a token, and not of the circuit breaker.
            "POSTERN_RELAY_BREAKER_FAILURES": "10000", "SWIFT_BACKTRACE": "enable=no", "PATH": "/usr/bin:/bin",
        } | settings
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([options.program, "serve"], env=environment, stdout=log, stderr=log)
        self.port = self.find_port()

    def find_port(self):
        for _ in range(200):
            if found := re.search(rb'"address":"127\.0\.0\.1:(\d+)"', self.log_path.read_bytes()):
                return int(found[1])
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise SystemExit("the gateway did not start:\n" + self.log_path.read_text()[-3000:])

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def send(self, connection, recipient):
        body = json.dumps({"from": "app@example.com", "to": recipient, "subject": "a message", "text": "x" * 300})
        return self.ask(connection, "POST", "/messages", body, {"Content-Type": "application/json"})

    def ask(self, connection, method, path, body=None, headers={}):
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        content = response.read()
        self.responses.append(str(response.headers).encode() + content)
        return response.status, content

    def stop(self):
        """Ends it, and returns everything that it said: log, responses, metrics."""
        connection = self.connect()
        for path in ("/metrics", "/readyz", "/healthz", "/openapi.json"):
            self.ask(connection, "GET", path)
        self.process.send_signal(signal.SIGTERM)
        expect(self.process.wait(60) == 0, "the gateway did not end with 0")
        return self.log_path.read_bytes() + b"\n".join(self.responses)


def forms(secret):
    """A secret as it is, percent-encoded, and in base64 at each of the three places that it can begin at."""
    octets = secret.encode()
    yield octets
    yield urllib.parse.quote(secret, safe="").encode()
    for shift in range(3):
        # The digits at both ends depend on what stands beside the secret.
        yield base64.b64encode(b"x" * shift + octets)[(0, 2, 3)[shift]:].rstrip(b"=")[:-1]


def shown_secrets(said, secrets):
    """The secrets that a text holds, and a short form of each that stands before what may be cut off."""
    return [secret for secret in secrets if any(form in said or form[:40] in said for form in forms(secret))]


def check_secrets(said, directory, options, where):
    keys = [line for name in ("application-key.pem", "account-key.pem")
            for line in (options.folder / name).read_text().splitlines() if len(line) == 64]
    secrets = directory.secrets | {setup_steps.SECRET} | set(keys)
    # The search itself: it finds a secret in each form.
    for form in forms(next(iter(secrets))):
        expect(shown_secrets(b"..." + form + b"...", secrets), "the search for secrets finds none")
    found = shown_secrets(said, secrets)
    expect(not found, f"{where}: {len(found)} secrets are shown, the first one as {found[:1]}")
    return len(secrets)


def deliveries(options, wanted, seconds=20):
    """What Postfix logged about the recipients: how often each one's message was queued, and how the client logged in."""
    until = time.monotonic() + seconds
    while True:
        log = (options.postfix / "log/mail.log").read_text(errors="replace")
        queued = Counter()
        logins = dict(re.findall(r"smtpd\[\d+\]: (\w+): client=\S+ sasl_method=\S+ sasl_username=(\S+)", log))
        strangers = 0
        for identifier, recipient in re.findall(r"discard\[\d+\]: (\w+): to=<([^>]*)>.*status=sent", log):
            queued[recipient] += 1
            strangers += logins.get(identifier) != "app@example.com"
        if wanted <= queued.keys() or time.monotonic() > until:
            return queued, strangers
        time.sleep(0.3)


def check_deliveries(options, results, name):
    """Holds the log of Postfix against what clients were told."""
    accepted = {recipient for recipient, (status, _) in results.items() if status == 200}
    queued, strangers = deliveries(options, accepted)
    counted = {recipient: queued[recipient] for recipient in results}
    expect(strangers == 0, f"{name}: {strangers} messages came without the mailbox's token")
    wrong = [recipient for recipient, count in counted.items() if count != (recipient in accepted)]
    expect(not wrong, f"{name}: {len(wrong)} messages are not queued as often as they were accepted: {wrong[:3]}")


def run_clients(gateway, name, count, seconds, clients=CLIENTS):
    """Sends messages over at least so many seconds. Returns the response to each recipient's message."""
    results = {}
    begun = time.monotonic()

    def client(number):
        connection = gateway.connect()
        for message in range(number, count, clients):
            # Spread over the time, however fast the gateway is, and all clients at once.
            time.sleep(max(0, begun + seconds * (message - number) / count - time.monotonic()))
            recipient = f"{name}-{message}@sink.example"
            try:
                status, content = gateway.send(connection, recipient)
                results[recipient] = (status, json.loads(content))
            except (OSError, http.client.HTTPException, ValueError) as error:
                results[recipient] = (0, {"detail": repr(error)})
                connection = gateway.connect()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results, time.monotonic() - begun


class Check:
    """The checks, with what they share."""

    def __init__(self, options):
        self.options = options
        self.directory = endpoint.Directory()
        self.endpoint = endpoint.Endpoint(self.directory)
        folder = options.folder
        _, self.certificate, self.key = authority.make_authority(folder, NAMES)
        self.files = setup_steps.files(folder, authority.make_client)
        setup_steps.fresh(self.directory, folder)

    def server(self, address=("127.0.0.2", 443)):
        return endpoint.Server(self.endpoint, address, self.certificate, self.key)

    def start_postfix(self):
        # Dovecot asks here; it goes on if the token endpoint is down.
        introspection = self.server(("127.0.0.1", 0))
        url = f"https://localhost:{introspection.server_address[1]}/introspect"
        subprocess.run([ROOT / "scripts/relay-postfix", "start", self.options.postfix, "--introspection", url,
                        self.options.folder / "authority.pem"], check=True)
        self.port = int((self.options.postfix / "port").read_text())

    def settings(self, provider, session_messages, **others):
        mechanism = "xoauth2" if provider == "microsoft" else "oauthbearer"
        settings = {
            "POSTERN_RELAY_URL": f"smtp://app%40example.com@localhost:{self.port}?auth={mechanism}",
            "POSTERN_RELAY_SESSION_MESSAGES": str(session_messages),
        }
        if provider == "microsoft":
            settings |= {"POSTERN_RELAY_OAUTH_PROVIDER": "microsoft", "POSTERN_RELAY_OAUTH_TENANT": "example.com",
                         "POSTERN_RELAY_OAUTH_CLIENT_ID": setup_steps.CLIENT}
        else:
            settings |= {"POSTERN_RELAY_OAUTH_SERVICE_ACCOUNT_FILE": self.options.folder / "service-account.json"}
        settings |= {f"POSTERN_RELAY_OAUTH_{name}": value for name, value in others.items()}
        return {name: str(value) for name, value in settings.items()}

    def fresh(self, lifetime):
        setup_steps.fresh(self.directory, self.options.folder)
        self.directory.lifetime = lifetime
        self.directory.requests, self.directory.tokens, self.directory.algorithms = [], {}, set()
        self.directory.most_open = self.directory.introspections = self.directory.inactive = 0

    # The checks

    def steps(self):
        relays = {"microsoft": relay.Relay(("127.0.0.3", 587), self.certificate, self.key),
                  "google": relay.Relay(("127.0.0.4", 587), self.certificate, self.key)}
        count = 0
        for provider, cases in [("microsoft", setup_steps.microsoft(self.files)), ("google", setup_steps.google(self.files))]:
            setup = setup_steps.Setup(self.options.program, self.options.folder, self.options.folder / "authority.pem",
                                      self.server, self.directory, relays[provider])
            section = setup.run(provider, cases)
            for fault in setup.faults:
                expect(False, fault)
            count += len(cases)
            page = PAGES[provider]
            shown = page.read_text()
            for output in setup.sound:
                expect(output in setup_steps.steady(shown), f"{page.relative_to(ROOT)} does not show what it says if it works:\n{output}")
            expect(setup_steps.BEGIN in shown and setup_steps.END in shown, f"{page} has no place for the output")
            if setup_steps.BEGIN not in shown:
                (self.options.folder / page.name).write_text(section)
                continue
            real = setup_steps.page_with(shown, section)
            if self.options.write_docs and not setup.faults:
                page.write_text(real)
            else:
                expect(shown == real, f"{page.relative_to(ROOT)} is not what postern check says: run "
                                      "scripts/check-tokens --write-docs --only steps")
        for server in relays.values():
            server.stop()
        return f"{count} cases of postern check"

    def rules(self):
        # Another endpoint: what it is asked here is no secret of the gateway.
        server = endpoint.Endpoint(endpoint.Directory())
        setup_steps.fresh(server.directory, self.options.folder)
        tried, wrong = endpoint_rules.check(server, self.files, self.options.folder)
        for text in wrong:
            expect(False, text)
        return f"{tried} requests are answered as Microsoft and Google answer them"

    def load(self):
        """Rounds with tokens that live for seconds.

        A token of 5 s is handed out for 4.75 s, and its successor is asked for by the next session. One of 12 s is renewed
        after 10 s, in the background (Sources/RelayAccess/Renewal/HeldToken.swift).
        """
        share = -(-self.options.messages // 3)
        rounds = [
            ("certificate", "PS256", "microsoft", 5, 4.75, 10,
             {"CERTIFICATE_FILE": self.files["certificate"], "KEY_FILE": self.files["key"]}),
            ("account", "RS256", "google", 5, 4.75, 10, {}),
            ("refresh", None, "microsoft", 12, 10, 12,
             {"CLIENT_SECRET_FILE": self.files["secret"], "REFRESH_TOKEN_FILE": self.options.folder / "rotated"}),
        ]
        total, told = 0, []
        for name, algorithm, provider, lifetime, interval, seconds, others in rounds:
            self.fresh(lifetime)
            first = f"refresh-0123456789-{name}"
            (self.options.folder / "rotated").write_text(first)
            self.directory.refresh[first] = "valid"
            server = self.server()
            gateway = Gateway(self.options, self.settings(provider, SESSION_MESSAGES, **others))
            results, took = run_clients(gateway, name, share, seconds)
            said = gateway.stop()
            server.stop()
            failed = [result for result in results.values() if result[0] != 200]
            expect(len(results) == share and not failed, f"{name}: {len(failed)} of {share} messages failed: {failed[:1]}")
            check_deliveries(self.options, results, name)
            times = [request.begun for request in self.directory.requests]
            gaps = [later - earlier for earlier, later in zip(times, times[1:])]
            expect(all(request.status == 200 for request in self.directory.requests),
                   f"{name}: the endpoint refused a request: {[r for r in self.directory.requests if r.status != 200][:1]}")
            expect(self.directory.most_open == 1, f"{name}: {self.directory.most_open} requests were open at once")
            expect(len(times) >= took // (interval + 1.5) and all(interval - 0.5 <= gap <= interval + 1.5 for gap in gaps),
                   f"{name}: requests for tokens every {interval} s are expected, and they came after {gaps}")
            expect(self.directory.inactive == 0, f"{name}: the relay refused {self.directory.inactive} tokens")
            expect(self.directory.introspections >= share // SESSION_MESSAGES,
                   f"{name}: {self.directory.introspections} logins for {share} messages")
            expect(self.directory.algorithms == ({algorithm} if algorithm else set()),
                   f"{name}: assertions are signed by {self.directory.algorithms}")
            if name == "refresh":
                last = (self.options.folder / "rotated").read_text().rstrip("\n")
                expect(last != first and self.directory.refresh.get(last) == "valid", "the file has not the newest refresh token")
                expect(sum(state == "valid" for state in self.directory.refresh.values()) == 1, "a refresh token was lost")
            hidden = check_secrets(said, self.directory, self.options, name)
            total += len(results) - len(failed)
            told.append(f"  {name}: {share} messages in {took:.1f} s, {self.directory.introspections} logins, "
                        f"{len(times)} tokens of {lifetime} s, {self.directory.inactive} refused by the relay, "
                        f"none of {hidden} secrets in {len(said) // 1024} KiB of output")
        return f"{total} messages accepted and queued once\n" + "\n".join(told)

    def rotation(self):
        """A stop while a refresh token is rotated; then a start with what is in the file."""
        self.fresh(3600)
        file = self.options.folder / "rotated"
        file.write_text("refresh-0123456789-stop")
        self.directory.refresh[file.read_text()] = "valid"
        server = self.server()
        settings = self.settings("microsoft", 1, CLIENT_SECRET_FILE=self.files["secret"], REFRESH_TOKEN_FILE=file)
        results = {}
        self.directory.delay = 2
        gateway = Gateway(self.options, settings)
        thread = threading.Thread(target=lambda: results.update(run_clients(gateway, "rotation", 1, 0, 1)[0]))
        thread.start()
        while not self.directory.open:
            time.sleep(0.01)
        gateway.process.send_signal(signal.SIGTERM)
        expect(gateway.process.wait(30) == 0, "rotation: the gateway did not end with 0")
        thread.join()
        self.directory.delay = 0.05
        kept = file.read_text().rstrip("\n")
        expect(kept.startswith("refresh-") and self.directory.refresh.get(kept) == "valid" and len(self.directory.requests) == 1,
               f"rotation: after a stop, the file has a token that is {self.directory.refresh.get(kept)}")
        gateway = Gateway(self.options, settings)
        after, _ = run_clients(gateway, "restart", 4, 0, 1)
        gateway.stop()
        server.stop()
        results |= after
        expect(all(status == 200 for status, _ in after.values()), f"rotation: after a restart {next(iter(after.values()))}")
        check_deliveries(self.options, results, "rotation")
        return "a stop in the middle of a request waited for the new refresh token, and the next start used it"

    def down(self):
        self.fresh(5)
        server = self.server()
        # Each message logs in anew, so that none goes over a session that is open already.
        gateway = Gateway(self.options, self.settings("microsoft", 1, CLIENT_SECRET_FILE=self.files["secret"]))
        connection, results, order = gateway.connect(), {}, []

        def send(until, until_accepted=False):
            while time.monotonic() < until:
                recipient = f"down-{len(order)}@sink.example"
                status, content = gateway.send(connection, recipient)
                results[recipient] = (status, json.loads(content))
                order.append((time.monotonic(), status))
                time.sleep(0.05)
                if until_accepted and status == 200:
                    return

        send(time.monotonic() + 1)
        server.stop()
        stopped = time.monotonic()
        send(stopped + 8)
        while_down = len(order)
        server = self.server()
        back = time.monotonic()
        send(back + 20, until_accepted=True)
        recovered = time.monotonic() - back
        send(time.monotonic() + 1)
        said = gateway.stop()
        server.stop()
        refused = [body for status, body in results.values() if status != 200]
        expect(order[0][1] == 200, f"down: the first message was not accepted: {next(iter(results.values()))}")
        wrong = [body for body in refused if (body.get("status"), body.get("outcome"), body.get("stage")) != (502, "not_sent", "auth")]
        expect(refused and not wrong, f"down: {len(refused)} were refused, and not as expected: {wrong[:1]}")
        early = [at - stopped for at, status in order[:while_down] if status != 200]
        # A token that was new when the endpoint went down is good for 4.75 s.
        expect(order[while_down - 1][1] == 502, "down: messages went out without a token")
        expect(recovered <= 9, f"down: recovery took {recovered:.1f} s; pauses of 8 s at most are expected by then")
        expect(all(status == 200 for at, status in order if at > back + recovered), "down: messages fail after the recovery")
        check_deliveries(self.options, results, "down")
        check_secrets(said, self.directory, self.options, "down")
        return (f"{len(refused)} of {len(results)} messages refused with 502 not_sent, the first {early[0]:.1f} s after the endpoint "
                f"went down for {back - stopped:.1f} s; the first message went out {recovered:.1f} s after it was back\n"
                f"  {refused[0]['detail']}")

    def throttle(self):
        self.fresh(3600)
        server = self.server()
        told = []
        self.directory.fault = endpoint.throttled(429, 3)
        gateway = Gateway(self.options, self.settings("microsoft", 1, CLIENT_SECRET_FILE=self.files["secret"]))
        connection, results = gateway.connect(), {}
        until = time.monotonic() + 20
        while time.monotonic() < until:
            recipient = f"throttle-{len(results)}@sink.example"
            status, content = gateway.send(connection, recipient)
            results[recipient] = (status, json.loads(content))
            if len(self.directory.requests) == 1 and status != 200:
                self.directory.fault = endpoint.throttled(503, 4, as_date=True)
            elif len(self.directory.requests) == 2:
                self.directory.fault = None
            if status == 200:
                break
            time.sleep(0.05)
        said = gateway.stop()
        server.stop()
        requests = self.directory.requests
        expect([request.status for request in requests] == [429, 503, 200],
               f"throttle: the endpoint answered {[request.status for request in requests]}")
        gaps = [later.begun - earlier.begun for earlier, later in zip(requests, requests[1:])]
        # A date has whole seconds.
        expect(len(gaps) == 2 and 3 <= gaps[0] <= 4.5 and 3 <= gaps[1] <= 5.5, f"throttle: the endpoint was asked after {gaps} s")
        wrong = [body for status, body in results.values()
                 if status != 200 and (status, body.get("outcome"), body.get("stage")) != (502, "not_sent", "auth")]
        expect(not wrong, f"throttle: {wrong[:1]}")
        check_deliveries(self.options, results, "throttle")
        check_secrets(said, self.directory, self.options, "throttle")
        return f"asked again {gaps[0]:.1f} s after 429 with Retry-After: 3, and {gaps[1]:.1f} s after 503 with a date 4 s ahead"

    def revoked(self):
        self.fresh(3600)
        server = self.server()
        gateway = Gateway(self.options, self.settings("google", 1))
        results, _ = run_clients(gateway, "before", 8, 0, 4)
        for token in self.directory.tokens.values():
            token.is_revoked = True
        after, _ = run_clients(gateway, "revoked", 40, 1, 4)
        renewed, refused = len(self.directory.requests), self.directory.inactive
        # The new token too: it is not renewed again within a minute.
        for token in self.directory.tokens.values():
            token.is_revoked = True
        again, _ = run_clients(gateway, "again", 8, 1, 2)
        said = gateway.stop()
        server.stop()
        results |= after
        failed = [result for result in results.values() if result[0] != 200]
        expect(not failed, f"revoked: {len(failed)} messages failed: {failed[:1]}")
        expect(renewed == 2, f"revoked: {renewed} tokens were asked for; 2 are expected")
        expect(refused >= 1, "revoked: the relay refused no token")
        expect(len(self.directory.requests) == 2, "revoked: a second refusal was the cause of a request within a minute")
        wrong = [body for status, body in again.values()
                 if (status, body.get("outcome"), body.get("stage")) != (502, "not_sent", "auth")]
        expect(not wrong, f"revoked: {wrong[:1]}")
        check_deliveries(self.options, results | again, "revoked")
        check_secrets(said, self.directory, self.options, "revoked")
        return f"{len(after)} of {len(after)} messages accepted after {refused} refusals and one renewal; " \
               f"after a second refusal {len(again)} messages got 502 not_sent without a request"

    def run(self):
        names = [self.options.only] if self.options.only else ["rules", "steps", "load", "rotation", "down", "throttle", "revoked"]
        needs_postfix = not {"rules", "steps"}.issuperset(names)
        if needs_postfix:
            self.start_postfix()
        for name in names:
            begun, before = time.monotonic(), len(faults)
            text = getattr(self, name)()
            print(f"{name}: {'' if len(faults) == before else 'FAILED '}{text} ({time.monotonic() - begun:.1f} s)", flush=True)
        if needs_postfix:
            subprocess.run([ROOT / "scripts/relay-postfix", "stop", self.options.postfix], check=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--only", choices=["rules", "steps", "load", "rotation", "down", "throttle", "revoked"])
    parser.add_argument("--write-docs", action="store_true")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--owner", default="0:0")
    parser.add_argument("program")
    options = parser.parse_args()
    if options.messages < 300:
        parser.error("--messages takes 300 or more: fewer are no load")
    options.postfix = options.folder / "postfix"
    Check(options).run()
    if os.geteuid() == 0:
        for page in PAGES.values():
            os.chown(page, *map(int, options.owner.split(":")))
    sys.exit(1 if faults else 0)


main()
