"""Sends messages through a gateway whose relays fail at random, and compares what clients were told with what the relays
did. See `scripts/check-ledger --help`.
"""

import argparse
import asyncio
import collections
import dataclasses
import json
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

sys.dont_write_bytecode = True

from ledger_processes import Instance, Relay  # noqa: E402, which finds those of the next line
from relays import Certificate  # noqa: E402
from processes import Failure, clean_environment, free_port, wait_until_live  # noqa: E402

REPLY_TIMEOUT, FINAL_TIMEOUT = 2, 3
# How long a client waits for a response: longer than the gateway may take for all relays.
PATIENCE = 60
ID = re.compile(r"\bm\d+\.\d+\b")
MESSAGE_STAGES = {"mail": "mail", "rcpt": "rcpt", "data": "data", "content": "end"}


@dataclasses.dataclass(slots=True)
class Answer:
    """What came of one request for a message: a result, or nothing."""
    # When its connection was opened, when it was sent, and when its response was there.
    opened: float
    begun: float
    ended: float
    status: int = 0
    result: dict = None
    replayed: bool = False
    # How the client went away, if it did: in the head, in the body, or after the request.
    vanished: str = None

    @property
    def outcome(self):
        if self.result is None:
            return "vanished" if self.vanished else "unanswered"
        if self.status == 200:
            return self.result["status"]
        return self.result.get("outcome", f"status {self.status}")


@dataclasses.dataclass(slots=True)
class Sent:
    """A message: with a key, all requests under it; without, one request."""
    name: str
    key: str
    recipients: list
    # Whether two requests for it were under way at once.
    raced: bool = False
    answers: list = dataclasses.field(default_factory=list)


class Gateway:
    """The gateway, at a port that it keeps; each start is a life."""

    def __init__(self, options, folder, relays):
        self.options, self.folder, self.relays = options, folder, relays
        self.port, self.life, self.process = free_port(), 0, None
        # When it was killed, when it was told to stop at once, when it was away for whatever reason, and its exit codes.
        self.killed, self.cut, self.away, self.codes, self.faults = [], [], [], collections.Counter(), []
        self.reloads = 0
        self.configuration = folder / "postern.json"
        self.configure()

    def configure(self):
        """Writes the configuration; each time another one."""
        first, *others = self.relays
        order = ["default", *(relay.name for relay in others)]
        if self.reloads % 2:
            order.reverse()
        document = {
            "listen": f"127.0.0.1:{self.port}", "store": f"sqlite:{self.folder}/records.db",
            "relay_url": f"smtp://user:secret@127.0.0.1:{first.port}" + (
                "?tls=none&insecure_auth=true" if self.options.limits else ""),
            "relay_ca_file": self.options.certificate.file,
            "relay_connections": 16 if self.options.limits else 10 + self.reloads % 3,
            "relay_connect_timeout": f"{REPLY_TIMEOUT}s", "relay_reply_timeout": f"{REPLY_TIMEOUT}s",
            "relay_final_reply_timeout": f"{FINAL_TIMEOUT}s", "queue_timeout": "10s",
            "relay_breaker_failures": 20, "relay_breaker_pause": "300ms",
            "shutdown_delay": "100ms", "shutdown_grace": "25s",
            "relays": {relay.name: {"url": f"smtp://127.0.0.1:{relay.port}?tls=none"} for relay in others},
            "routes": ["*=" + ">".join(order)],
        }
        self.configuration.write_text(json.dumps(document))

    async def start(self):
        self.life += 1
        self.process = Instance(
            [self.options.postern, "serve", "--config", str(self.configuration)],
            f"{self.folder}/gateway-{self.life}.log", clean_environment(SWIFT_BACKTRACE="enable=no"))
        await asyncio.to_thread(wait_until_live, self.process, self.port)

    async def kill(self):
        begun = time.monotonic()
        self.killed.append(begun)
        self.process.signal(signal.SIGKILL)
        await self._again(begun)

    async def terminate(self):
        begun = time.monotonic()
        self.process.signal(signal.SIGTERM)
        await self._again(begun)

    async def terminate_at_once(self):
        """With a second SIGTERM: what is under way is answered with what is known of it, with a replaced relay too."""
        await self.reload()
        begun = time.monotonic()
        self.process.signal(signal.SIGTERM)
        await asyncio.sleep(0.2)
        self.cut.append(time.monotonic())
        self.process.signal(signal.SIGTERM)
        await self._again(begun, (0, 75))

    async def _again(self, begun, codes=(0, -signal.SIGKILL)):
        try:
            code = await asyncio.to_thread(self.process.wait, 40)
            self.codes[code] += 1
            if code not in codes:
                self.faults.append(f"the gateway ended with {code} in life {self.life}")
        except subprocess.TimeoutExpired:
            self.faults.append(f"the gateway did not end within 40 s of SIGTERM in life {self.life}")
        self.process.stop()
        await self.start()
        self.away.append((begun, time.monotonic()))

    async def reload(self):
        self.reloads += 1
        self.configure()
        before = await self.metric('postern_reloads_total{result="success"}')
        self.process.signal(signal.SIGHUP)
        for _ in range(100):
            if await self.metric('postern_reloads_total{result="success"}') > before:
                return
            await asyncio.sleep(0.1)
        self.faults.append(f"SIGHUP was not followed by a reload in life {self.life}")

    async def metric(self, name):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        text = (await asyncio.wait_for(reader.read(), 10)).decode()
        writer.close()
        found = re.search(rf"^{re.escape(name)} (\d+)", text, re.M)
        return int(found[1]) if found else 0


def filler(chance, limits):
    dice = chance.random()
    lines = 8 if limits or dice < 0.9 else 400 if dice < 0.97 else 4500
    return ("x" * 70 + "\r\n") * lines


class Request:
    """One request: a message, or several in a batch, in a format, with or without a key."""

    def __init__(self, number, attempt, count, options, plain=False):
        chance = random.Random(f"{options.seed}/request/{number}")
        self.chance, self.number, self.count = chance, number, count
        self.format = "batch" if count > 1 else "json" if plain or chance.random() < 0.7 else "raw"
        keyed = not plain and chance.random() < 0.5
        self.key = f"key-{options.seed}-{number}" if keyed else None
        self.vanishes = not plain and attempt == 1 and chance.random() < 0.06
        self.messages = []
        for index in range(count):
            name = f"m{number + index}.{attempt}"
            recipients = [f"{name}@example.net"] + [f"{name}+2@example.net"] * (not plain and chance.random() < 0.3)
            self.messages.append(Sent(name, self.key, recipients))
        self.head, self.body = self._encoded(filler(chance, plain))

    def _encoded(self, text):
        path, kind = "/messages", "application/json"
        if self.format == "raw":
            [message] = self.messages
            query = [("from", f"{message.name}@example.org"), *(("to", one) for one in message.recipients)]
            path, kind = f"/messages?{urllib.parse.urlencode(query)}", "message/rfc822"
            body = (f"From: Ann <{message.name}@example.org>\r\nTo: bob@example.net\r\nSubject: {message.name}\r\n"
                    f"X-Filler: {'y' * 300}\r\n\r\n{text}{message.name}\r\n").encode()
        else:
            documents = [
                {"from": f"{message.name}@example.org", "to": message.recipients, "subject": message.name,
                 "text": f"{text}{message.name}\r\n"} for message in self.messages]
            if self.format == "batch":
                path = "/messages/batch"
            body = json.dumps(documents if self.format == "batch" else documents[0]).encode()
        key = f"Idempotency-Key: {self.key}\r\n" if self.key else ""
        head = (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n{key}"
                f"Content-Length: {len(body)}\r\n\r\n").encode()
        return head, body


class Client:
    """Sends requests one after another on a connection that it keeps."""

    def __init__(self, gateway, options, sent, done):
        self.gateway, self.options, self.sent, self.done = gateway, options, sent, done
        self.connection, self.opened = None, 0.0

    async def connect(self):
        for _ in range(2000):
            try:
                self.opened = time.monotonic()
                self.connection = await asyncio.open_connection("127.0.0.1", self.gateway.port)
                return
            except OSError:
                await asyncio.sleep(0.03)
        raise Failure("the gateway takes no connection for a minute")

    def drop(self, abrupt=False):
        if self.connection:
            writer = self.connection[1]
            if abrupt and not writer.is_closing():
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            writer.close()
        self.connection = None

    async def vanish(self, request):
        """Sends a part of a request, or all of it, and goes away."""
        manner = request.chance.choice(["head", "body", "after"])
        if not self.connection:
            await self.connect()
        begun, (_, writer) = time.monotonic(), self.connection
        whole = request.head + request.body
        cut = {"head": len(request.head) // 2, "body": len(request.head) + len(request.body) // 2,
               "after": len(whole)}[manner]
        try:
            writer.write(whole[:cut])
            await asyncio.wait_for(writer.drain(), PATIENCE)
            await asyncio.sleep(request.chance.random() * 0.05)
        except (OSError, asyncio.TimeoutError):
            pass
        self.drop(abrupt=request.chance.random() < 0.5)
        for message in request.messages:
            message.answers.append(Answer(self.opened, begun, time.monotonic(), vanished=manner))

    async def ask(self, request):
        """Sends a request once. Returns the answers, one for each of its messages."""
        if not self.connection:
            await self.connect()
        begun, (reader, writer) = time.monotonic(), self.connection
        try:
            writer.write(request.head)
            if request.chance.random() < 0.02:
                await asyncio.sleep(0.05)
            writer.write(request.body)
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE)).decode()
            length = int(re.search(r"(?i)content-length: (\d+)", head)[1])
            body = json.loads(await asyncio.wait_for(reader.readexactly(length), PATIENCE))
        except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError):
            self.drop()
            answers = [Answer(self.opened, begun, time.monotonic()) for _ in request.messages]
        else:
            ended, status = time.monotonic(), int(head.split()[1])
            replayed = "idempotency-replayed: true" in head.lower()
            if re.search(r"(?i)connection: close", head):
                self.drop()
            if status == 200 and request.format == "batch":
                results = [(result.pop("http_status"), result) for result in body["results"]]
            else:
                results = [(status, body)] * request.count
            answers = [Answer(self.opened, begun, ended, code, result, replayed) for code, result in results]
        for message, answer in zip(request.messages, answers, strict=True):
            message.answers.append(answer)
        return answers

    async def race(self, request):
        """Sends a request twice at once."""
        for message in request.messages:
            message.raced = True
        twin = Client(self.gateway, self.options, self.sent, self.done)
        await asyncio.gather(self.ask(request), twin.ask(request))
        twin.drop()

    @staticmethod
    def may_repeat(answers, keyed):
        """Whether the same request may be sent again, with a key."""
        return keyed and any(
            answer.result is None or answer.status == 409 or answer.result.get("retryable") for answer in answers)

    async def send(self, number, count):
        """Sends messages until it is known what became of them, or for some tries."""
        for attempt in range(1, 4):
            request = Request(number, attempt, count, self.options, plain=self.options.limits)
            self.sent.extend(request.messages)
            if request.vanishes:
                await self.vanish(request)
                if not request.key:
                    return
            refusals = 0
            while True:
                if request.key and request.chance.random() < 0.04:
                    await self.race(request)
                answers = await self.ask(request)
                if not self.may_repeat(answers, request.key):
                    break
                refusals += all(answer.outcome == "not_sent" for answer in answers)
                if refusals > 3:
                    return
                await asyncio.sleep(0.02 + request.chance.random() * 0.1)
            if request.key:
                if request.chance.random() < 0.1:
                    await self.ask(request)
                return
            # Without a key only what was certainly not sent is sent again, under a name of its own.
            if count > 1 or self.options.limits or answers[0].outcome != "not_sent" \
                    or not answers[0].result.get("retryable"):
                return
            await asyncio.sleep(0.02 + request.chance.random() * 0.1)

    async def run(self, work):
        while work:
            number, count = work.popleft()
            await self.send(number, count)
            self.done.append(count)
        self.drop()


class Judge:
    """Compares what clients were told with what the relays did."""

    def __init__(self, relays, gateway, sent, limits):
        self.relays, self.gateway, self.sent, self.limits = relays, gateway, sent, limits
        self.faults = collections.defaultdict(list)
        self.counts, self.reasons = collections.Counter(), collections.Counter()
        self.events, self.kinds = collections.defaultdict(list), collections.Counter()
        known = {message.name for message in sent}
        for event in sorted(event for relay in relays for event in relay.events()):
            _, kind, name, _, details = event
            self.kinds[f"{kind} {details[0]}" if kind in ("broke", "refused") else kind] += 1
            if kind == "mixed":
                self.faults["a command or content of one message within another"].append(f"{name}: {details}")
            if name in known:
                self.events[name].append(event)
            elif name != "-":
                self.faults["a message that no client sent"].append(name)

    def judge(self):
        for message in self.sent:
            self._judge(message, self.events.get(message.name, []))
        for fault in self.gateway.faults:
            self.faults["the process"].append(fault)
        return self.faults

    def _fault(self, text, message, answer=None, events=()):
        told = [f"{one.begun:.3f} to {one.ended:.3f} {one.outcome}, {one.status}, {one.result}"
                + " <<<" * (one is answer) for one in message.answers]
        did = [f"{at:.3f} {relay} {kind} {' '.join(details)}" for at, kind, _, relay, details in events]
        away = [f"{begun:.3f} to {ended:.3f}" for begun, ended in self.gateway.away
                if begun < message.answers[-1].ended + 1 and ended > message.answers[0].begun - 1]
        self.faults[text].append("\n    ".join([
            f"{message.name}, key {message.key}", *told, f"relays: {', '.join(did)}", f"gateway away: {away}"]))

    def _judge(self, message, events):
        taken = [event for event in events if event[1] == "taken"]
        if len(taken) > 1:
            self._fault("taken twice", message, None, events)
        self._judge_ends(message, events)
        whole = [answer.begun for answer in message.answers if answer.vanished not in ("head", "body")]
        first = min(whole, default=float("inf"))
        if any(event[1] == "end" and event[0] < first for event in events):
            self._fault("the end of a message of which the client sent a part", message, message.answers[0], events)
        last = None
        for answer in message.answers:
            outcome = answer.outcome
            if outcome in ("accepted", "partially_accepted"):
                self._judge_accepted(message, answer, taken, events)
            elif outcome == "not_sent":
                self._judge_not_sent(message, answer, taken, events)
            elif outcome == "unknown":
                if not self._explained(message, answer, events):
                    self._fault("unknown, without a reason that the relays know", message, answer, events)
            elif outcome == "unanswered":
                self._judge_unanswered(message, answer, events)
            # Under a key, 409, and 503 before the key was looked up, say nothing of the outcome.
            elif outcome != "vanished" and not (message.key and answer.status in (409, 503)):
                self._fault("an unexpected response", message, answer, events)
            self._judge_text(message, answer, events)
            # What is final stays as it is, word for word; but a kill may lose a result, and leave it unknown.
            lost = outcome == "unknown" and any(
                last.begun < moment < answer.ended for moment in self.gateway.killed) if last else False
            says = answer.result is not None and not outcome.startswith("status")
            if last and says and last.ended < answer.begun and not lost and \
                    (outcome != last.outcome or answer.result.get("text") != last.result.get("text")):
                self._fault("a final response that changed", message, answer, events)
            if outcome in ("accepted", "partially_accepted", "unknown"):
                last = answer
        self.counts[message.answers[-1].outcome] += 1

    def _judge_ends(self, message, events):
        """After the end of a message without a refusal nothing is sent again; nor after a refusal for good."""
        settled, asked_alone = None, False
        for at, kind, _, relay, details in events:
            if settled and settled[0] == "end" and kind == "end":
                self._fault("its end was sent twice", message, None, events)
                return
            if settled and kind == "mail":
                # MAIL that stood behind another message's content may have been refused for that: it is asked alone, once.
                if settled[0] == "mail" and relay == settled[2] and not asked_alone:
                    asked_alone, settled = True, None
                    continue
                # If the gateway died before it knew of a refusal, whoever repeats the request has it sent again. And a relay
                # may read an envelope late that the dead gateway had written; it never reads a second end.
                if message.key and any(settled[3] - 1 < moment < at for moment in self.gateway.killed):
                    settled = settled if settled[0] == "end" else None
                    continue
                self._fault("sent again after " + settled[1], message, None, events)
                return
            if kind == "end":
                settled = ("end", "its end, which no relay refused", relay, at)
            elif kind == "refused" and details[0] == "end" and details[1] == "451" or \
                    kind == "broke" and details == ["end", "421"]:
                settled = None
            elif kind == "refused" and details[1] == "550" and (details[0] != "rcpt" or len(message.recipients) == 1):
                settled = (details[0], "a refusal for good", relay, at)

    def _judge_accepted(self, message, answer, taken, events):
        if not taken:
            self._fault("told accepted, and no relay took it", message, answer, events)
            return
        _, _, _, _, (serial, recipients) = taken[0]
        if answer.result["text"].split()[-1] != serial:
            self._fault("the reply to another message", message, answer, events)
        if sorted(answer.result["accepted"]) != sorted(recipients.split(",")):
            self._fault("other recipients than the relay took", message, answer, events)
        refused = sorted(set(message.recipients) - set(recipients.split(",")))
        if sorted(one["address"] for one in answer.result.get("rejected", [])) != refused:
            self._fault("other rejected recipients than the relay refused", message, answer, events)

    def _judge_not_sent(self, message, answer, taken, events):
        by = answer.begun if message.raced else answer.ended
        if any(not message.key or event[0] < by for event in taken):
            self._fault("told not_sent, and a relay took it", message, answer, events)
        # If a relay got the end of the message, it has to have refused it.
        ends = [event for event in events if event[1] == "end" and event[0] < by]
        refusals = [event for event in events if event[1] in ("refused", "broke") and event[4][0] == "end"
                    and event[4][1] in ("451", "550", "421")]
        if len(ends) > len(refusals):
            self._fault("told not_sent after an end without a refusal", message, answer, events)
        code, stage = answer.result.get("code"), answer.result.get("stage")
        if code and stage in MESSAGE_STAGES and not any(
                event[4][0] in (MESSAGE_STAGES[stage], "content") and event[4][1] == str(code)
                for event in events if event[1] in ("refused", "broke") and event[4][1:]):
            self._fault("a code that no relay said", message, answer, events)

    def _judge_text(self, message, answer, events):
        if answer.result is None:
            return
        texts = [(answer.result.get("text"), answer.result.get("stage"))]
        texts += [(one["text"], "rcpt") for one in answer.result.get("rejected") or []]
        for text, stage in texts:
            if not text:
                continue
            names = set(ID.findall(text))
            if names - {message.name} or not names and (answer.status == 200 or stage in MESSAGE_STAGES):
                self._fault("the text of another reply", message, answer, events)

    def _explained(self, message, answer, events):
        """Whether something happened after which nobody can know what became of the message."""
        for index, (at, kind, _, relay, details) in enumerate(events):
            if at > answer.ended:
                break
            if kind == "broke" and details[0] in ("content", "end") and details[1] != "421":
                self.reasons[f"the relay: {details[1]} at {details[0]}"] += 1
                return True
            if kind == "data":
                told = next((event[0] for event in events[index:] if event[1] in ("told", "refused")), float("inf"))
                killed = [moment for one in self.relays if one.name == relay for moment in one.killed]
                if any(at - 0.1 < moment <= min(told + 0.1, answer.ended) for moment in self.gateway.cut):
                    self.reasons["the gateway was stopped at once"] += 1
                    return True
                if any(at - 0.1 < moment <= min(told + 0.1, answer.ended) for moment in killed):
                    self.reasons["the relay was killed"] += 1
                    return True
                if FINAL_TIMEOUT * 0.9 <= told - at < float("inf"):
                    self.reasons["the relay was slow"] += 1
                    return True
            if kind == "mail" and message.key and any(at <= moment <= answer.ended for moment in self.gateway.killed):
                self.reasons["the gateway was killed"] += 1
                return True
        return False

    def _judge_unanswered(self, message, answer, events):
        away = [span for span in self.gateway.away if span[0] <= answer.ended and answer.opened <= span[1]]
        killed = any(span[0] in self.gateway.killed for span in away)
        if not away:
            self._fault("no response from a gateway that lived", message, answer, events)
        elif not killed and any(answer.begun < event[0] < answer.ended and event[1] == "mail" for event in events):
            self._fault("no response after SIGTERM to a message that was sent", message, answer, events)


async def disturb(options, done, chance, acts):
    """Does these things, spread over the run, in an order by chance."""
    chance.shuffle(acts)
    for number, act in enumerate(acts):
        while sum(done) < options.messages * (number + 1) // (len(acts) + 1):
            await asyncio.sleep(0.01)
        await asyncio.sleep(chance.random() * 0.05)
        await act()


async def watch(done, options):
    """Ends the run if nothing happens any more."""
    before, since = 0, time.monotonic()
    while sum(done) < options.messages:
        await asyncio.sleep(1)
        if sum(done) > before:
            before, since = sum(done), time.monotonic()
        elif time.monotonic() - since > 3 * PATIENCE:
            raise Failure(f"nothing came to an end for {3 * PATIENCE} s: {before} of {options.messages} messages are done")


def planned(options):
    """The requests: number of the first message, and how many."""
    chance, work, number = random.Random(f"{options.seed}/work"), collections.deque(), 0
    while number < options.messages:
        count = chance.randint(2, 20) if not options.limits and chance.random() < 0.03 else 1
        count = min(count, options.messages - number)
        work.append((number, count))
        number += count
    return work


async def experiment(options, folder, relays, gateway):
    """Runs it. Returns what was sent, with what came of it, and the seconds it took."""
    for relay in relays:
        relay.start()
    await gateway.start()
    sent, done, work, begun = [], [], planned(options), time.monotonic()

    async def restart(relay, chance):
        relay.kill()
        await asyncio.sleep(chance.random() * 0.4)
        relay.start()

    chance = random.Random(f"{options.seed}/acts")
    at_once = options.stops // 3
    acts = [gateway.kill] * options.kills + [gateway.terminate] * (options.stops - at_once)
    acts += [gateway.terminate_at_once] * at_once + [gateway.reload] * options.reloads
    others = [lambda: restart(chance.choice(relays), chance)] * options.restarts
    tasks = [asyncio.ensure_future(one) for one in (
        watch(done, options), disturb(options, done, random.Random(f"{options.seed}/gateway"), acts),
        disturb(options, done, random.Random(f"{options.seed}/relays"), others),
        *(Client(gateway, options, sent, done).run(work) for _ in range(options.clients)))]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
    seconds = time.monotonic() - begun
    # What its clients left behind is finished, and written down by the relays.
    gateway.process.signal(signal.SIGTERM)
    code = await asyncio.to_thread(gateway.process.wait, 40)
    if code != 0:
        gateway.faults.append(f"the gateway ended with {code} in its last life")
    return sent, seconds


def judge_limits(judge, faults):
    """Nothing fails that need not: only the end without a reply has an outcome but accepted."""
    closed = judge.kinds["broke end"]
    for outcome, count in judge.counts.items():
        if outcome == "unknown" and count != closed:
            faults["needless"].append(f"{count} unknown, and the relay closed {closed} sessions at the end of a message")
        if outcome not in ("accepted", "unknown"):
            failed = [message for message in judge.sent if message.answers[-1].outcome == outcome]
            faults["needless"].append(f"{count} {outcome}, such as {failed[0].answers[-1].result}")
    if not closed or judge.counts["unknown"] != closed:
        faults["needless"].append(f"{closed} ends without a reply, {judge.counts['unknown']} unknown")
    for kind in ("refused mail", "refused data", "broke mail", "broke data"):
        if not judge.kinds[kind]:
            faults["the experiment"].append(f"the relay never did this: {kind}")


def report(options, judge, gateway, relays, seconds):
    faults = judge.judge()
    requests = sum(len(message.answers) for message in judge.sent)
    print(f"seed {options.seed}: {options.messages} messages, {requests} times asked for, in {seconds:.0f} s; "
          f"{len(gateway.killed)} SIGKILL, {options.stops} SIGTERM ({len(gateway.cut)} of them twice) and {gateway.reloads} "
          f"SIGHUP for the gateway (exit codes {dict(gateway.codes)}), "
          f"{sum(len(relay.killed) for relay in relays)} SIGKILL for the relays")
    print(f"the relays: {judge.kinds['taken']} taken; {dict(sorted(judge.kinds.items()))}")
    print(f"the clients, at last: {dict(judge.counts)}; reasons of unknown: {dict(judge.reasons)}")
    if options.limits:
        judge_limits(judge, faults)
    else:
        for outcome in ("accepted", "partially_accepted", "not_sent", "unknown", "vanished"):
            if not judge.counts[outcome] and options.messages >= 2000:
                faults["the experiment"].append(f"no message ended as {outcome}: it is too short to show anything")
        if judge.counts["accepted"] < len(judge.sent) / 2:
            faults["the experiment"].append("fewer than half of the messages were accepted")
    for text, examples in faults.items():
        print(f"FAILED {len(examples)} × {text}, such as:")
        for example in examples[:options.examples]:
            print(f"  {example}")
    return bool(faults)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--limits", action="store_true")
    parser.add_argument("--full", action="store_true")
    for name in ("messages", "kills", "stops", "reloads", "restarts", "clients"):
        parser.add_argument(f"--{name}", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=2)
    parser.add_argument("--postern", required=True)
    options = parser.parse_args()
    if options.limits:
        defaults = {"messages": 20000, "kills": 0, "stops": 0, "reloads": 0, "restarts": 0, "clients": 16}
    else:
        part = 50 if options.full else 5
        defaults = {"messages": 100_000 if options.full else 2000, "kills": part, "stops": part, "reloads": part,
                    "restarts": part, "clients": 48}
    for name, value in defaults.items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    folder = Path(tempfile.mkdtemp(prefix="postern-ledger-"))
    names, profile = (["first"], "limits") if options.limits else (["first", "second"], "chaos")
    options.certificate = Certificate(folder)
    # Messages go to the first one with STARTTLS, and to the second without.
    relays = [Relay(name, profile, options.seed, folder,
                    certificate=options.certificate if (name, profile) == ("first", "chaos") else None) for name in names]
    gateway, failed = Gateway(options, folder, relays), True
    try:
        sent, seconds = asyncio.run(experiment(options, folder, relays, gateway))
        for relay in relays:
            relay.process.stop()
        failed = report(options, Judge(relays, gateway, sent, options.limits), gateway, relays, seconds)
    except (Failure, subprocess.TimeoutExpired) as failure:
        print(f"FAILED {failure}")
    finally:
        for process in [gateway.process, *(relay.process for relay in relays)]:
            if process:
                process.stop()
    if failed:
        print(f"seed {options.seed}; journals and logs are in {folder}")
    else:
        shutil.rmtree(folder)
    return failed


if __name__ == "__main__":
    sys.exit(main())
