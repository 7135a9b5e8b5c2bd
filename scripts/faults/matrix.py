"""Runs the cells, and judges them by the table and by what the relay took."""

import asyncio
import collections
import itertools

from gateways import RELAYS, Gateway, post, request
from relay import Relay, Script
from rules import repeated

# The timeouts of gateways whose relays fall silent, and of the others.
SHORT, LONG = "2s", "20s"
TRIES = 8

Observed = collections.namedtuple("Observed", "status stage outcome retryable code relay attempts")


class Void(Exception):
    """The cell did not come about: it says nothing, and is tried again."""


def short(value):
    """A value for people, without the middle of a long one."""
    text = str(value)
    return text if len(text) <= 400 else f"{text[:250]} … {text[-150:]}"


class Result:
    """What came of a cell."""

    def __init__(self, cell, observed, faults, log, chunked=False):
        self.cell, self.observed, self.faults, self.log, self.chunked = cell, observed, faults, log, chunked


class Run:
    """One cell on one relay of a gateway."""

    numbers = itertools.count(1)

    def __init__(self, cell, expected, gateway, slot, delay):
        self.cell, self.expected, self.gateway, self.slot, self.delay = cell, expected, gateway, slot, delay
        self.relay = gateway.slots[slot]
        self.number = next(self.numbers)
        self.faults = []

    def name(self, letter):
        return f"{letter}{self.number}"

    async def send(self, letter, form="json", key=None, recipients=1):
        name = self.name(letter)
        head, body = request(name, self.slot, form, key, recipients, self.lines(letter, form))
        hold = None
        if form == "held":
            async def hold():
                await self.relay.message(name).struck.wait()
                await asyncio.sleep(0.03)
        return await post(self.gateway.port, head, body, hold)

    def lines(self, letter, form):
        """How long a message is."""
        if letter != "m" or self.cell.stage != "content" and form != "held":
            return 3
        # What is sent first of it is more than the gateway writes at once.
        if form == "held" or self.cell.kind.startswith("refuse"):
            return 5500
        # More than the kernel's buffers hold: a part stays at the gateway if the relay does not read.
        return 17000

    async def run(self):
        cell = self.cell
        script = Script(cell, self.name("m"), self.name("a") if cell.position == "chained" else
                        self.name("m") if cell.position in ("leading", "queued") else None)
        self.script, self.observed = script, None
        self.relay.log = []
        self.relay.begin(script)
        try:
            await self.play()
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            self.faults.append(f"the gateway did not respond: {error!r}")
        except (KeyError, ValueError, AttributeError) as error:
            self.faults.append(f"the response cannot be read: {error!r}")
        finally:
            script.go_on.set()
            if not await self.relay.end():
                self.faults.append("the gateway did not close its connection after the relay had")
        self.faults += script.trouble
        if not script.played:
            self.faults.append("the fault was not played")
        chunked = self.relay.message(self.name("m")).by_bdat
        return Result(cell, self.observed, self.faults, self.relay.log, chunked)

    async def play(self):
        cell = self.cell
        key = f"key-{self.number}" if cell.key else None
        subject = dict(form=cell.format, key=key, recipients=2 if cell.stage == "rcpt2" else 1)
        if cell.stage == "connect":
            await self.relay.stop_listening(unanswered=cell.fault == "unanswered")
        if cell.position in ("later", "chained", "leading", "queued"):
            self.check_accepted("w", await self.send("w"))
        if cell.position in ("first", "later"):
            response = await self.send("m", **subject)
        else:
            # The leader waits for its 354 until the other one stands behind it.
            leads = cell.position != "chained"
            leader = asyncio.ensure_future(self.send("m", **subject) if leads else self.send("a"))
            async with asyncio.timeout(20):
                await self.script.leader_waits.wait()
            other = asyncio.ensure_future(self.send("b") if leads else self.send("m", **subject))
            await asyncio.sleep(self.delay)
            self.script.go_on.set()
            first, second = await asyncio.gather(leader, other)
            response = first if leads else second
            other = self.name("b" if leads else "m")
            if cell.position != "queued" and not self.relay.message(other).chained:
                raise Void("the message was not chained")
            self.check_accepted("b" if leads else "a", second if leads else first)
        if cell.stage == "connect":
            await self.relay.listen_again()
        if cell.fault.startswith("late-"):
            async with asyncio.timeout(20):
                await self.script.settled.wait()
            await asyncio.sleep(0.05)
        self.observed = self.observe(response)
        self.check_reply(response)
        self.check_outcome(response)
        if key:
            await self.repeat(key, subject, response)
        self.check_accepted("n", await self.send("n"), next=True)

    # What came

    def observe(self, response):
        message = self.relay.message(self.name("m"))
        retryable = response.member("retryable")
        return Observed(
            str(response.status), response.member("stage") or "-",
            response.member("status") if response.status == 200 else response.member("outcome") or "-",
            "-" if response.status == 200 else {True: "yes", False: "no"}.get(retryable, str(retryable)),
            str(response.member("code") or "-"), message.state, str(message.mails))

    def check_reply(self, response):
        """The response carries a reply that the relay gave to this message, or to its session."""
        if response.member("code") is None:
            return
        said = self.said(response)
        message = self.relay.message(self.name("m"))
        given = [message.final] if response.status == 200 else message.replies + self.relay.session_replies
        if not any(self.same(said, reply) for reply in given if reply):
            self.faults.append(
                f"CONTRADICTION: the reply {short(said)} is none that the relay gave to this message: {short(given)}")
        if response.status == 503 and "retry-after" not in response.fields:
            self.faults.append("503 without Retry-After")
        for refused in response.member("rejected") or []:
            said = (refused["code"], refused["enhanced_code"], refused["text"])
            if not any(self.same(said, reply) for reply in message.replies):
                self.faults.append(f"CONTRADICTION: the recipient's reply {short(refused)} is none that the relay gave")

    @staticmethod
    def said(response):
        return response.member("code"), response.member("enhanced_code"), response.member("text")

    @staticmethod
    def same(said, given):
        """Whether it is that reply. A text beyond 1,000 characters may be cut."""
        text = said[2].removesuffix("…")
        return said[:2] == given[:2] and (said[2] == given[2] or len(text) >= 1000 and given[2].startswith(text))

    def check_outcome(self, response):
        """What the response claims is what the relay has, whatever the table says."""
        message = self.relay.message(self.name("m"))
        if response.status == 200:
            if not message.confirmed:
                self.faults.append("CONTRADICTION: accepted, and the relay did not confirm it")
            if message.damaged:
                self.faults.append("CONTRADICTION: the relay has not what was sent")
        elif response.member("outcome") == "not_sent" and message.whole and message.state != "refused":
            self.faults.append("CONTRADICTION: not_sent, and the relay took all of it")
        elif response.member("outcome") == "unknown" and not message.whole:
            # Not a lie, but less than is known.
            self.faults.append("unknown, and the relay had not got all of it")
        if response.member("outcome") == "unknown" and response.member("retryable") is not False:
            self.faults.append("CONTRADICTION: unknown, and to be repeated")
        if message.whole > 1:
            self.faults.append(f"CONTRADICTION: the relay got it {message.whole} times")

    def check_accepted(self, letter, response, next=False):
        message = self.relay.message(self.name(letter))
        who = {"w": "the message before", "a": "the message in front", "b": "the message behind", "n": "the next message"}[letter]
        own = message.replies + self.relay.session_replies
        if response.status != 200:
            foreign = response.member("code") is not None and not any(self.same(self.said(response), reply) for reply in own)
            self.faults.append(f"{'CONTRADICTION: ' * foreign}{who} got {response.status} {response.member('detail')}"
                               + ", which is no reply to it" * foreign)
        elif self.said(response) != message.final:
            self.faults.append(f"CONTRADICTION: {who} got a reply that is not its own: {response.body}, not {message.final}")
        elif message.confirmed != 1 or message.whole != 1 or message.damaged:
            self.faults.append(f"CONTRADICTION: {who} was accepted, and the relay has it {message.whole} times"
                               + ", damaged" * message.damaged)

    async def repeat(self, key, subject, response):
        """The same request with the same Idempotency-Key."""
        message = self.relay.message(self.name("m"))
        before = message.mails
        message.struck.clear()
        again = await self.send("m", **subject)
        wanted = repeated(self.expected)
        replayed = again.fields.get("idempotency-replayed") == "true"
        if replayed:
            if wanted == "sent":
                self.faults.append("the repeated request was not sent")
            if (again.status, again.body) != (response.status, response.body):
                self.faults.append(f"the repeated request got another response: {again.status} {again.body}")
            if message.mails != before:
                self.faults.append("CONTRADICTION: the repeated request was replayed, and sent")
        elif wanted == "replay":
            self.faults.append(f"the repeated request was not replayed: {again.status} {again.body}")
        elif self.cell.mode == "once" and again.status != 200:
            self.faults.append(f"the repeated request got {again.status} {again.body}")
        if again.status == 200 and not message.confirmed or message.confirmed > 1 or message.whole > 1 and message.confirmed != 1:
            self.faults.append(f"CONTRADICTION: after a repeated request the relay confirmed it {message.confirmed} times")
        if len(message.message_ids) > 1:
            self.faults.append(f"two Message-IDs under one Idempotency-Key: {message.message_ids}")


class Slots:
    """Relays that are free for the next cell."""

    def __init__(self, matrix, timeout):
        self.matrix, self.timeout = matrix, timeout
        self.free = {"none": [], "starttls": [], "implicit": []}
        self.starting = asyncio.Lock()

    async def take(self, tls, wants):
        async with self.starting:
            if not self.free[tls]:
                gateway = await self.matrix.start(self.timeout, wants)
                for slot, relay in enumerate(gateway.slots):
                    self.free[relay.tls].append((gateway, slot))
            return self.free[tls].pop()

    def give_back(self, tls, place):
        self.free[tls].append(place)


class Matrix:
    def __init__(self, program, folder, contexts, table):
        self.program, self.folder, self.contexts, self.table = program, folder, contexts, table
        self.gateways, self.results = [], []
        self.repeated = 0
        self.chunked = 0
        # Cells in which a timeout passes, and that came out otherwise than expected.
        self.doubtful = []

    async def start(self, timeout, wants):
        """A gateway with relays of each kind."""
        slots = []
        for tls, count in wants.items():
            for _ in range(count):
                relay = Relay(tls, self.contexts)
                await relay.listen()
                slots.append(relay)
        gateway = Gateway(self.program, self.folder, len(self.gateways), slots, timeout)
        self.gateways.append(gateway)
        await gateway.start()
        return gateway

    async def run(self, cells, at_once):
        """Runs the cells, each kind side by side."""
        groups = {"chained": [], "short": [], "long": []}
        for cell in cells:
            kind = "chained" if cell.position in ("chained", "leading") else "short" if cell.takes_time else "long"
            groups[kind].append(cell)
        try:
            await asyncio.gather(
                self.run_group(groups["long"], LONG, at_once),
                # They mostly wait.
                self.run_group(groups["short"], SHORT, at_once * 4),
                self.run_group([cell for cell in groups["chained"] if not cell.takes_time], LONG, at_once, chained=True),
                self.run_group([cell for cell in groups["chained"] if cell.takes_time], SHORT, at_once * 2, chained=True))
            # On a machine that is busy with other things, a timeout may pass elsewhere than it should. These have the machine
            # to themselves, and the second result counts.
            doubtful, self.doubtful = self.doubtful, None
            self.repeated += len(doubtful)
            await self.run_group([cell for cell in doubtful if cell.position not in ("chained", "leading")], SHORT, 4)
            await self.run_group(
                [cell for cell in doubtful if cell.position in ("chained", "leading")], SHORT, 4, chained=True)
        finally:
            for gateway in self.gateways:
                gateway.stop()

    async def run_group(self, cells, timeout, at_once, chained=False):
        slots = Slots(self, timeout)
        need = collections.Counter(cell.tls for cell in cells)
        most = min(RELAYS, at_once * 3) if chained else at_once
        wants = {tls: min(count, count * most // len(cells) + 1) for tls, count in need.items()}
        queue = collections.deque(cells)

        async def work():
            while queue:
                cell = queue.popleft()
                for attempt in range(TRIES):
                    place = await slots.take(cell.tls, wants)
                    run = Run(cell, self.table[cell], *place, delay=0.1 * (attempt + 1))
                    try:
                        result = await run.run()
                    except Void:
                        result = None
                    # A relay that mishandled an envelope, or took its time, gets none behind contents any more.
                    if not (chained and (result is None or cell.takes_time or cell.kind in ("violation", "unasked"))):
                        slots.give_back(cell.tls, place)
                    if result is not None:
                        break
                    self.repeated += 1
                else:
                    result = Result(cell, None, [f"it did not come about in {TRIES} tries"], run.relay.log)
                self.judge(result)

        await asyncio.gather(*(work() for _ in range(min(at_once, len(cells)))))

    def judge(self, result):
        expected, observed = self.table[result.cell], result.observed
        if observed is not None:
            wrong = [f"{name} is {got}, expected {want}" for name, got, want in zip(observed._fields, observed, expected)
                     if want not in ("*", got)]
            if wrong:
                result.faults.insert(0, "; ".join(wrong))
        if result.faults and result.cell.takes_time and self.doubtful is not None \
                and not any(fault.startswith("CONTRADICTION") for fault in result.faults):
            self.doubtful.append(result.cell)
            return
        self.results.append(result)
        self.chunked += result.chunked
