#!/usr/bin/env python3
"""A relay on loopback that fails at random, and writes down what it did with every message.

usage: scripts/ledger_relay.py --port PORT --journal FILE --name NAME --seed N --run N --profile chaos|limits|paced
                               [--delay SECONDS] [--certificate FILE --certificate-key FILE]

A message is known by an id: its reverse-path is ID@example.org, its recipients begin with ID, its subject is the id, and
its last line too. Every reply to a command of a message holds the id, so that a reply that met another message's
command is found. What happens to a message follows from the seed, the id, and how often the relay has seen it.

The journal has a line for each event: the time (CLOCK_MONOTONIC, which all processes share), what happened, the id,
and details. A message is written down as taken before the relay says so, so that the journal of a killed relay is true.
"""
import argparse
import asyncio
import os
import random
import re
import resource
import signal
import socket
import ssl
import struct
import time

ADDRESS = re.compile(rb"<([^@>]*)@")
SUBJECT = re.compile(rb"^Subject: (\S+)\r\n", re.M | re.I)
# Commands and contents are read whole; a content is 400 KB at most here.
LIMIT = 4 * 1024 * 1024

# What may go wrong with a message in the profile `chaos`, and how often, in parts.
STAGES = {"mail": 5, "rcpt": 5, "data": 4, "content": 3, "end": 8}
BEFORE_END = {"4yz": 8, "5yz": 8, "421": 5, "close": 5, "reset": 4, "silence": 1, "slow": 5}
IN_CONTENT = {"close": 4, "reset": 4, "silence": 1, "slow": 4}
# `taken-…`: the relay takes the message, and the reply is not what it should be.
AT_END = {"4yz": 6, "5yz": 6, "421": 4, "close": 4, "reset": 4, "silence": 1, "slow": 6, "taken-close": 4,
          "taken-reset": 4, "taken-silence": 1, "told-close": 5, "told-421": 3, "octets": 3}
AT_START = {"4yz": 3, "5yz": 1, "421": 3, "close": 3, "reset": 3, "silence": 1, "slow": 3}


class Gone(Exception):
    """The session is over."""


def drawn(chance, parts):
    return chance.choices(list(parts), parts.values())[0]


class Relay:
    def __init__(self, options):
        self.options, self.sessions, self.taken, self.seen = options, 0, 0, {}
        # SIGUSR1 has the profile `paced` hold its replies, SIGUSR2 has it go on.
        self.goes = asyncio.Event()
        self.goes.set()
        self.tls = None
        if options.certificate:
            self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.tls.load_cert_chain(options.certificate, options.certificate_key)
        self.journal = os.open(options.journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def note(self, kind, message, *details):
        line = "\t".join([f"{time.monotonic():.6f}", kind, message or "-", *map(str, details)])
        os.write(self.journal, f"{line}\n".encode())

    def chance(self, *parts):
        return random.Random("/".join(map(str, (self.options.seed, self.options.name, *parts))))

    async def serve(self, reader, writer):
        self.sessions += 1
        session = PROFILES[self.options.profile](self, reader, writer, self.sessions)
        try:
            await session.run()
        except (Gone, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
            pass
        finally:
            self.note("closed", session.message, session.stage)
            writer.close()


class Session:
    """A session that fails at random at each stage."""

    def __init__(self, relay, reader, writer, number):
        self.relay, self.reader, self.writer, self.number = relay, reader, writer, number
        self.chance = relay.chance("session", relay.options.run, number)
        self.message, self.recipients, self.carried, self.stage = None, [], 0, "start"
        self.fault, self.spares_first, self.pause, self.is_secret = (None, None), False, 0, False
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    # What it may do.

    def say(self, text):
        self.writer.write(text.encode() + b"\r\n")

    def reply(self, code, words):
        """A reply that names the message it is for."""
        enhanced = {2: "2.0.0", 4: "4.3.0", 5: "5.7.1"}.get(code // 100)
        self.say(" ".join(filter(None, [str(code), enhanced, self.message, words])))

    async def end(self, abrupt=False):
        if abrupt and not self.writer.is_closing():
            self.writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()
        else:
            await self.writer.drain()
        raise Gone

    async def fail(self, manner):
        """Fails at this stage. Returns whether the command was refused; does not return if the session is over."""
        if manner == "slow":
            await self.writer.drain()
            await asyncio.sleep(self.chance.uniform(0.02, 0.4))
            return False
        if manner in ("4yz", "5yz"):
            code = 451 if manner == "4yz" else 550
            self.relay.note("refused", self.message, self.stage, code)
            self.reply(code, f"refused at {self.stage}")
            return True
        self.relay.note("broke", self.message, self.stage, manner)
        if manner == "421":
            self.reply(421, f"closing at {self.stage}")
        elif manner == "silence":
            await self.writer.drain()
            while await self.reader.read(65536):
                pass
        await self.end(abrupt=manner == "reset")

    # Its way.

    async def run(self):
        await self.greet()
        while line := await self.reader.readline():
            verb = line[:4].upper()
            if verb == b"MAIL":
                await self.mail(line)
            elif verb == b"RCPT":
                await self.rcpt(line)
            elif verb == b"DATA":
                await self.data()
            elif verb == b"QUIT":
                self.say("221 2.0.0 bye")
                await self.end()
            else:
                if verb == b"RSET":
                    self.message, self.stage = None, "start"
                await self.other(verb)
            await self.writer.drain()

    async def greet(self):
        manner = drawn(self.chance, AT_START) if self.chance.random() < 0.04 else None
        if manner and await self.fail(manner):
            await self.end()
        self.say("220 relay.example.net")

    async def other(self, verb):
        if verb == b"EHLO":
            manner = drawn(self.chance, AT_START) if self.chance.random() < 0.03 else None
            if not (manner and await self.fail(manner)):
                extensions = "250-PIPELINING\r\n" if self.chance.random() < 0.8 else ""
                if self.relay.tls and not self.is_secret:
                    extensions += "250-STARTTLS\r\n"
                self.say(f"250-relay.example.net\r\n{extensions}250-AUTH PLAIN\r\n250 8BITMIME")
        elif verb == b"STAR":
            manner = drawn(self.chance, AT_START) if self.chance.random() < 0.03 else None
            if not (manner and await self.fail(manner)):
                self.say("220 2.0.0 go on")
                await self.writer.start_tls(self.relay.tls)
                self.is_secret = True
        elif verb == b"AUTH":
            manner = drawn(self.chance, AT_START) if self.chance.random() < 0.02 else None
            if not (manner and await self.fail(manner)):
                self.say("235 2.7.0 let in")
        else:
            self.say("250 2.0.0 ok")

    def plan(self):
        """What goes wrong with this message, and at which stage."""
        seen = self.relay.seen[self.message] = self.relay.seen.get(self.message, 0) + 1
        chance = self.relay.chance(self.message, self.relay.options.run, seen)
        self.pause = chance.random() * 0.01
        self.spares_first = chance.random() < 0.5
        if chance.random() >= 0.25:
            return None, None
        stage = drawn(chance, STAGES)
        return stage, drawn(chance, {"content": IN_CONTENT, "end": AT_END}.get(stage, BEFORE_END))

    async def meets(self, stage):
        """Whether the command of this stage is refused."""
        self.stage = stage
        planned, manner = self.fault
        return planned == stage and await self.fail(manner)

    async def mail(self, line):
        self.message, self.recipients = ADDRESS.search(line)[1].decode(), []
        self.fault = self.plan()
        self.relay.note("mail", self.message)
        if await self.meets("mail"):
            self.fault = ("mail", None)
            self.message, self.stage = None, "start"
            return
        self.reply(250, "sender")

    async def rcpt(self, line):
        recipient = line.split(b"<")[1].split(b">")[0].decode()
        if self.message is None:
            self.say(f"503 5.5.1 {recipient.split('@')[0].split('+')[0]} MAIL first")
            return
        if not recipient.startswith(self.message):
            self.relay.note("mixed", self.message, recipient)
        # In half of the cases the first recipient is spared, so that messages are accepted in part.
        if ("+" in recipient or not self.spares_first) and await self.meets("rcpt"):
            return
        self.recipients.append(recipient)
        self.reply(250, "recipient")

    async def data(self):
        if self.message is None or not self.recipients:
            self.say(f"503 5.5.1 {self.message or ''} no recipients".replace("  ", " "))
            return
        if await self.meets("data"):
            self.message, self.stage = None, "start"
            return
        self.relay.note("data", self.message)
        self.stage = "content"
        self.say(f"354 {self.message} go on")
        await self.writer.drain()
        content = b""
        if self.fault[0] == "content":
            content = await self.reader.readexactly(self.chance.choice([1, 100, 300]))
            await self.fail(self.fault[1])
        content += await self.reader.readuntil(b"\r\n.\r\n")
        self.stage = "end"
        self.check(content)
        self.relay.note("end", self.message)
        await asyncio.sleep(self.pause)
        await self.finish(self.fault[1] if self.fault[0] == "end" else None)
        self.message, self.stage, self.fault = None, "start", (None, None)
        self.carried += 1
        await self.rest()

    def check(self, content):
        """The content has to be this message's, from its subject to its last line."""
        subject = SUBJECT.search(content)
        last = content.removesuffix(b"\r\n.\r\n").rstrip().rsplit(b"\r\n", 1)[-1]
        if subject is None or subject[1].decode() != self.message or last.decode() != self.message:
            self.relay.note("mixed", self.message, subject and subject[1].decode(), last[:60])

    async def finish(self, manner):
        if manner in ("4yz", "5yz", "421", "close", "reset", "silence"):
            if not await self.fail(manner):
                await self.end()
            return
        if manner == "slow":
            await self.fail(manner)
        serial = self.take()
        if manner and manner.startswith("taken-"):
            await self.fail(manner.removeprefix("taken-"))
        if manner == "octets":
            # The reply comes an octet at a time.
            for octet in f"250 2.0.0 {self.message} queued as {serial}\r\n".encode():
                self.writer.write(bytes([octet]))
                await self.writer.drain()
                await asyncio.sleep(0.001)
        else:
            self.reply(250, f"queued as {serial}")
        self.relay.note("told", self.message, serial)
        if manner == "told-421":
            self.message = None
            self.say("421 4.3.2 closing after a message")
        if manner in ("told-close", "told-421"):
            await self.end()

    def take(self):
        self.relay.taken += 1
        serial = f"{self.relay.options.name}-{self.relay.options.run}-{self.relay.taken}"
        self.relay.note("taken", self.message, serial, ",".join(self.recipients))
        return serial

    async def rest(self):
        """What happens between messages: a relay may have had enough of a session."""
        dice = self.chance.random()
        if dice < 0.01:
            self.say("421 4.3.2 idle for too long")
        if dice < 0.02:
            await self.end()


class Limited(Session):
    """A session that takes ten messages, and says 451 to the next; one that has carried messages may be closed or given up
    with 421 at any moment between two. It fails a message itself only at the very end, and seldom.
    """

    MOST = 10

    async def greet(self):
        self.says_at = self.chance.choice(["mail", "data"])
        self.say("220 relay.example.net")

    async def other(self, verb):
        if verb == b"EHLO":
            pipelining = "250-PIPELINING\r\n" if self.chance.random() < 0.8 else ""
            self.say(f"250-relay.example.net\r\n{pipelining}250-AUTH PLAIN\r\n250 8BITMIME")
        else:
            self.say("235 2.7.0 let in" if verb == b"AUTH" else "250 2.0.0 ok")

    def plan(self):
        seen = self.relay.seen[self.message] = self.relay.seen.get(self.message, 0) + 1
        chance = self.relay.chance(self.message, self.relay.options.run, seen)
        self.pause = chance.random() * 0.01
        if self.carried >= self.MOST:
            return self.says_at, "4yz"
        dice = chance.random()
        if self.carried and dice < 0.06:
            return chance.choice(["mail", "rcpt", "data"]), chance.choice(["421", "close"])
        if dice > 0.995:
            return "end", chance.choice(["close", "taken-close"])
        return None, None

    async def rest(self):
        dice = self.chance.random()
        if dice < 0.03:
            self.say("421 4.3.2 enough of this session")
        if dice < 0.06:
            await self.end()


class Paced(Session):
    """A session that takes every message, each after the same time; while the relay holds its replies, only after that."""

    async def greet(self):
        self.say("220 relay.example.net")

    async def other(self, verb):
        if verb == b"EHLO":
            self.say("250-relay.example.net\r\n250-PIPELINING\r\n250 8BITMIME")
        else:
            self.say("250 2.0.0 ok")

    def plan(self):
        return None, None

    def check(self, content):
        pass

    async def finish(self, manner):
        await asyncio.sleep(self.relay.options.delay)
        await self.relay.goes.wait()
        self.reply(250, f"queued as {self.take()}")

    async def rest(self):
        pass


PROFILES = {"chaos": Session, "limits": Limited, "paced": Paced}


async def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n\n")[0])
    for name in ("port", "seed", "run"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("journal", "name", "profile"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("certificate", "certificate-key"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--delay", type=float, default=0)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    relay = Relay(options)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, relay.goes.clear)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, relay.goes.set)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", options.port, limit=LIMIT, backlog=1000)
    relay.note("started", None, options.run)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
