"""A relay that fails as a cell says, and remembers what it had of each message."""

import asyncio
import itertools
import re
import socket
import struct

# So little that content which the relay does not read stays at the gateway.
RECEIVE_BUFFER, READ_AHEAD, SEGMENT = 16384, 8192, 1000
# An endless reply ends here: by then the gateway must have given up.
ENDLESS = 24 * 1024 * 1024
PART_OF_CONTENT = 8 * 1024


class Gone(Exception):
    """The connection is over."""


class Message:
    """What the relay had of a message."""

    def __init__(self):
        self.mails = 0
        self.whole = 0
        # The final reply that the relay gave, as (code, enhanced code, text).
        self.final = None
        self.confirmed = 0
        # All replies that were given to it.
        self.replies = []
        self.message_ids = set()
        self.damaged = False
        self.chained = False
        self.by_bdat = False
        # Set when the relay has begun to read its content, or has failed: a client that waits may go on.
        self.struck = asyncio.Event()

    @property
    def state(self):
        if not self.whole:
            return "-"
        if self.confirmed:
            return "confirmed"
        return "refused" if self.final else "whole"


class Script:
    """What the relay does during one cell."""

    def __init__(self, cell, message, leader=None):
        self.cell, self.message, self.leader = cell, message, leader
        self.left = 1 if cell.mode == "once" else 1000
        self.played = 0
        # The leader waits before its content until the other message waits behind it.
        self.leader_waits, self.go_on = asyncio.Event(), asyncio.Event()
        # Set when what comes late has been sent.
        self.settled = asyncio.Event()
        self.trouble = []

    def strikes(self, stage, message=None):
        """Whether the fault is due now."""
        if self.cell.stage != stage or message is not None and message != self.message or not self.left:
            return False
        self.left -= 1
        self.played += 1
        return True


class Relay:
    """A listener on loopback. It plays one script after the other."""

    tokens = itertools.count(1)

    def __init__(self, tls, contexts):
        self.tls, self.contexts = tls, contexts
        self.script = None
        self.messages = {}
        self.connections = set()
        self.session_replies = []
        self.port = 0
        self.log = None

    async def listen(self):
        self.server = await asyncio.start_server(self._serve, sock=self._socket(), limit=READ_AHEAD, backlog=64)
        self.port = self.server.sockets[0].getsockname()[1]

    def _socket(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(("127.0.0.1", self.port))
        return listener

    async def stop_listening(self, unanswered=False):
        """From now on connections are refused, or not answered."""
        self.server.close()
        self.full = []
        if unanswered:
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self.port))
            listener.listen(0)
            self.full.append(listener)
            # The queue of connections that nobody accepts is full after these.
            for _ in range(3):
                client = socket.socket()
                client.setblocking(False)
                try:
                    client.connect(("127.0.0.1", self.port))
                except BlockingIOError:
                    pass
                self.full.append(client)
            await asyncio.sleep(0.05)
        self.script.played += 1

    async def listen_again(self):
        for open_socket in self.full:
            open_socket.close()
        await self.listen()

    def begin(self, script):
        self.script = script
        self.messages, self.session_replies = {}, []

    async def end(self):
        """Closes all connections, so that the next cell begins with none.

        - Returns: whether the gateway closed its side of each.
        """
        closed = True
        for connection in list(self.connections):
            connection.end()
        for connection in list(self.connections):
            try:
                await asyncio.wait_for(asyncio.shield(connection.task), 12)
            except (asyncio.TimeoutError, asyncio.CancelledError):
                closed = False
                connection.task.cancel()
        self.script = None
        return closed

    def message(self, name):
        return self.messages.setdefault(name, Message())

    async def _serve(self, reader, writer):
        connection = Connection(self, reader, writer)
        self.connections.add(connection)
        try:
            await connection.run()
        except (Gone, OSError):
            pass
        except Exception as error:
            if self.script:
                self.script.trouble.append(f"the relay failed: {error!r}")
        finally:
            try:
                await connection.finish()
            finally:
                self.connections.discard(connection)


class Connection:
    """A session as the relay sees it."""

    def __init__(self, relay, reader, writer):
        self.relay, self.reader, self.writer = relay, reader, writer
        self.script = relay.script
        self.task = asyncio.current_task()
        self.buffer = bytearray()
        self.ended = asyncio.Event()
        self.at_end = False
        self.message = None
        self.name = None
        # Of the transaction: how many recipients were named, and how many accepted.
        self.answered = self.recipients = 0
        self.chunks = b""
        # A line that was read ahead.
        self.ahead = None
        # What is left of a reply whose beginning came before its turn.
        self.rest = b""
        self.secure = False

    # The wire

    def note(self, what):
        if self.relay.log is not None:
            self.relay.log.append(f"{id(self) & 0xFFFF:04x} {what}")

    async def send(self, octets):
        self.note(f"S: {octets[:200]!r}")
        self.writer.write(octets)
        await self.writer.drain()

    async def fill(self):
        piece = await self.reader.read(65536)
        if not piece:
            self.at_end = True
            self.note("the gateway closed")
            raise Gone
        self.buffer += piece

    @property
    def gone(self):
        """Whether the gateway has closed its side, or reset the connection."""
        return self.at_end or self.reader.at_eof() or self.reader.exception() is not None or self.writer.transport.is_closing()

    async def line(self):
        if self.ahead is not None:
            line, self.ahead = self.ahead, None
            return line
        while (end := self.buffer.find(b"\n")) < 0:
            if len(self.buffer) > 65536:
                raise Gone
            await self.fill()
        line = bytes(self.buffer[:end + 1])
        del self.buffer[:end + 1]
        self.note(f"C: {line!r}")
        return line

    async def exactly(self, count):
        while len(self.buffer) < count:
            await self.fill()
        taken = bytes(self.buffer[:count])
        del self.buffer[:count]
        return taken

    async def be_silent(self):
        """Says nothing more, until the gateway has had enough."""
        while True:
            self.buffer.clear()
            await self.fill()

    def end(self):
        """The cell is over: what waits here need not wait any longer."""
        self.ended.set()
        self.shut()

    def shut(self):
        """Closes the relay's side."""
        if self.at_end or self.writer.transport.is_closing():
            return
        try:
            self.writer.transport.resume_reading()
        except RuntimeError:
            pass
        try:
            if not self.secure and self.writer.can_write_eof():
                self.writer.write_eof()
            else:
                self.writer.close()
        except OSError:
            self.writer.transport.abort()

    async def finish(self):
        """Reads until the gateway has closed its side too, so that it does not meet a reset by chance."""
        self.shut()
        try:
            async with asyncio.timeout(10):
                while await self.reader.read(65536):
                    pass
        except (OSError, TimeoutError):
            pass
        self.writer.close()
        try:
            async with asyncio.timeout(5):
                await self.writer.wait_closed()
        except (OSError, TimeoutError):
            self.writer.transport.abort()

    def reset(self):
        self.note("reset")
        if self.gone:
            raise Gone
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        self.at_end = True
        raise Gone

    async def reset_at(self, stage, refused=False):
        if stage == "greeting":
            # At once, it would be a connection that could not be made. If the greeting was a refusal, QUIT shows that it was read.
            try:
                async with asyncio.timeout(5 if refused else 0.3):
                    await self.fill()
            except TimeoutError:
                pass
        self.reset()

    async def close(self):
        self.note("close")
        if self.secure:
            # With close_notify.
            self.writer.close()
            raise Gone
        self.writer.write_eof()
        # Closing while octets are unread would reset the connection.
        while not self.ended.is_set():
            self.buffer.clear()
            await self.fill()
        raise Gone

    async def truncate(self):
        self.note("truncate")
        self.writer.get_extra_info("socket").shutdown(socket.SHUT_WR)
        while not self.ended.is_set():
            self.buffer.clear()
            await self.fill()
        raise Gone

    async def handshake(self, context):
        await self.writer.start_tls(context, ssl_handshake_timeout=20)
        # Not half a megabyte, which would be more than the content of most messages here.
        self.writer.transport.set_read_buffer_limits(high=READ_AHEAD)
        self.secure = True

    # Replies

    def text(self, stage):
        return f"{stage} {self.name or 'session'} t{next(self.relay.tokens)}"

    def given(self, stage, code, text):
        """Remembers a reply that the gateway may show."""
        enhanced = f"{code // 100}.0.0" if code // 100 in (2, 4, 5) else None
        said = (code, enhanced, text)
        if self.message is not None:
            self.message.replies.append(said)
            if stage == "final":
                self.message.final = said
        else:
            self.relay.session_replies.append(said)
        return said

    @staticmethod
    def octets(said):
        code, enhanced, text = said
        return f"{code} {enhanced + ' ' if enhanced else ''}{text}\r\n".encode()

    async def reply(self, stage, code, lines=()):
        """Gives the usual reply to a command, or what the cell has instead.

        - Parameter lines: further lines, as the reply to EHLO has.
        - Returns: whether the command was carried out.
        """
        said = (code, f"{code // 100}.0.0" if code // 100 == 2 and stage not in ("greeting", "ehlo", "ehlo-tls") else None,
                self.text(stage))
        usual = self.octets(said)
        if lines:
            usual = b"".join(f"{code}-{line}\r\n".encode() for line in [said[2], *lines[:-1]])
            usual += f"{code} {lines[-1]}\r\n".encode()
        if self.script.strikes(stage, None if self.message is None else self.name):
            return await self.fail(self.script.cell.fault, stage, said, usual)
        if stage == "final" and self.rest:
            # What began before its turn is no reply to this content, and there is none.
            rest, self.rest = self.rest, b""
            await self.send(rest)
            await self.be_silent()
        self.confirm(stage, said)
        if stage == "final" and self.script.strikes("after", self.name):
            await self.go_on_after(self.script.cell.fault, usual)
        else:
            await self.send(usual)
        return True

    def confirm(self, stage, said):
        if self.message is not None:
            self.message.replies.append(said)
            if stage == "final":
                self.message.final = said
                self.message.confirmed += 1
        else:
            self.relay.session_replies.append(said)

    def refusal(self, stage, kind):
        code = {"4yz": 451, "421": 421, "503": 503, "530": 530}.get(kind)
        if code is None:
            code = 535 if stage == "auth" else 550 if stage in ("mail", "rcpt", "rcpt2") else 554
        text = self.text(stage)
        if "long-line" in kind:
            text += " " + "x" * 6000
        return self.octets(self.given(stage, code, text))

    async def fail(self, fault, stage, said, usual):
        """Does what the fault is, instead of the usual reply."""
        self.note(f"fault: {fault} at {stage}")
        if self.message is not None and fault != "early-piece":
            self.message.struck.set()
        name, _, then = fault.partition("+")
        code = said[0]
        if name == "split":
            self.confirm(stage, said)
            await self.split(usual)
            return True
        if name == "long-line":
            # The gateway may leave out what is beyond its limit.
            long = (code, said[1], said[2] + " " + "x" * 6000)
            self.confirm(stage, long)
            if stage in ("ehlo", "ehlo-tls"):
                await self.send(usual.replace(said[2].encode(), long[2].encode()))
            else:
                await self.send(self.octets(long))
            return True
        if name == "many-lines":
            extra = [f"line {number} of many" for number in range(60)]
            many = (code, said[1], "\n".join([said[2], *extra]))
            self.confirm(stage, many)
            await self.send(b"".join(f"{code}-{said[1] + ' ' if said[1] else ''}{line}\r\n".encode()
                                     for line in [said[2], *extra[:-1]])
                            + f"{code} {said[1] + ' ' if said[1] else ''}{extra[-1]}\r\n".encode())
            return True
        if name == "group":
            return "group"
        if name in ("4yz", "5yz", "421", "503", "530", "5yz-split", "5yz-long-line"):
            octets = self.refusal(stage, name)
            await (self.split(octets) if name == "5yz-split" else self.send(octets))
            if name == "421" or then == "close":
                await self.close()
            if then == "reset":
                await self.reset_at(stage, refused=True)
            if then == "silent":
                await self.be_silent()
            return False
        await self.break_protocol(name, then, code, usual)
        if name == "double":
            self.confirm(stage, said)
            await self.send(usual + usual)
        elif name in ("early", "early-5yz"):
            octets = self.refusal(stage, "5yz") if name == "early-5yz" else self.following(stage)
            self.confirm(stage, said)
            await self.send(usual + octets)
        elif name == "early-piece":
            await self.send(usual)
            await asyncio.sleep(0.03)
            early = self.octets((250, "2.0.0", self.text("early")))
            await self.send(early[:1])
            self.rest = early[1:]
            await asyncio.sleep(0.03)
        elif name == "close":
            await self.close()
        elif name == "reset":
            await self.reset_at(stage)
        elif name == "truncate":
            await self.truncate()
        else:
            raise AssertionError(f"unknown fault {name}")
        return True

    async def break_protocol(self, name, then, code, usual):
        """What ends the connection, sooner or later. Returns if the fault is none of these."""
        broken = {
            "malformed-text": b"certainly, go on\r\n",
            "malformed-code": b"666 the number of a beast\r\n",
            "malformed-separator": usual[:3] + b"=" + usual[4:],
            "malformed-lines": b"%d-first\r\n%d second\r\n" % (code, code + 1),
            "malformed-binary": bytes(range(128, 160)) + b"\x00\x01\r\n",
            "misfit": (b"250 fine\r\n" if code == 354 else b"354 go on\r\n"),
        }.get(name)
        if broken is not None:
            await self.send(broken)
        elif name == "endless-line":
            await self.endless(usual[:-2], b"x" * 16384)
        elif name == "endless-lines":
            await self.endless(b"", (usual[:3] + b"-there is more\r\n") * 1000)
        elif name == "half":
            await self.send(usual[:2] if then == "silent" else usual[:-2])
            if then == "close":
                await self.close()
        elif name == "trickle":
            for octet in usual:
                await self.send(bytes([octet]))
                await self.wait(1)
        elif name != "silent":
            return
        await self.be_silent()

    async def wait(self, seconds):
        """Waits, unless the gateway closes the connection or the cell ends."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self.fill()
        except TimeoutError:
            pass

    async def endless(self, beginning, piece):
        await self.send(beginning + piece)
        sent = 0
        while sent < ENDLESS:
            # What is written to a connection that is gone is dropped without a word.
            if self.gone:
                raise Gone
            self.writer.write(piece)
            await self.writer.drain()
            # The news of a connection that is gone wait for their turn.
            await asyncio.sleep(0)
            sent += len(piece)
        # With TLS a gateway that has closed its side reads until the relay has closed its own, too.
        raise Gone

    async def split(self, octets):
        for octet in octets[:-1]:
            await self.send(bytes([octet]))
            await asyncio.sleep(0.0005)
        # No pause here: behind STARTTLS the handshake has to be the next that is read.
        await self.send(octets[-1:])

    def following(self, stage):
        """The good reply to the command that the gateway is going to send."""
        if stage in ("greeting", "starttls"):
            return b"250-relay\r\n250 AUTH PLAIN\r\n"
        if stage in ("ehlo", "ehlo-tls"):
            return b"220 2.0.0 go on\r\n" if stage == "ehlo" and self.relay.tls == "starttls" else b"235 2.0.0 welcome\r\n"
        if stage == "rcpt":
            return b"354 go on\r\n"
        return b"250 2.0.0 taken before it was there\r\n"

    async def go_on_after(self, fault, usual):
        """What the relay does after it has confirmed a message, in the same packet or a little later."""
        self.note(f"fault: {fault} after the confirmation")
        late = fault.startswith("late-")
        name = fault.removeprefix("late-")
        extra = {
            "extra": self.octets((250, "2.0.0", "one too many")),
            "extra-4yz": self.octets((451, "4.0.0", "one too many")),
            "extra-5yz": self.octets((554, "5.0.0", "one too many")),
            "5yz": self.octets((554, "5.0.0", "one too many")),
            "extra-421": self.octets((421, "4.0.0", "goodbye")),
            "421": self.octets((421, "4.0.0", "goodbye")),
            "extra-354": b"354 go on\r\n",
            "garbage": b"certainly, go on\r\n",
            "half": b"25",
            "half-rest": b"25",
            "half-rest-5yz": b"55",
        }.get(name, b"")
        if name == "endless":
            await self.endless(usual, b"250-there is more\r\n" * 1000)
        await self.send(usual if late else usual + extra)
        if late:
            await asyncio.sleep(0.03)
            if extra:
                await self.send(extra)
            self.script.settled.set()
        if name in ("extra-421", "421", "close"):
            await self.close()
        elif name == "reset":
            self.reset()
        elif name == "truncate":
            await self.truncate()
        elif name == "deaf":
            await self.be_silent()
        elif name.startswith("half-rest"):
            self.ahead = await self.line()
            await self.send(b"4 5.0.0 one too many\r\n" if name.endswith("5yz") else b"0 one too many\r\n")

    # The session

    async def run(self):
        if self.script is None:
            raise Gone
        if self.relay.tls == "implicit":
            await self.begin_tls()
        if not await self.reply("greeting", 220):
            return await self.commands(refused=True)
        await self.commands()

    async def begin_tls(self):
        if self.script.strikes("tls"):
            fault = self.script.cell.fault
            self.note(f"fault: {fault} in the handshake")
            if fault == "untrusted":
                await self.handshake(self.relay.contexts["untrusted"])
                return
            if fault == "clear-text":
                await self.send(b"220 what handshake?\r\n")
            elif fault == "garbage":
                await self.send(bytes(range(200, 256)) * 4)
            elif fault == "close":
                await self.close()
            elif fault == "reset":
                self.reset()
            await self.be_silent()
        await self.handshake(self.relay.contexts["trusted"])

    async def commands(self, refused=False):
        while True:
            line = await self.line()
            verb = line[:4].upper().strip()
            if verb == b"QUIT":
                await self.send(b"221 2.0.0 goodbye\r\n")
                return
            if refused:
                await self.send(b"503 5.0.0 only QUIT now\r\n")
            elif verb == b"EHLO":
                await self.hello()
            elif verb == b"STAR":
                if await self.reply("starttls", 220):
                    if self.buffer:
                        self.script.trouble.append("the gateway sent octets behind STARTTLS")
                    await self.begin_tls()
            elif verb == b"AUTH":
                await self.reply("auth", 235)
            elif verb == b"MAIL":
                await self.mail(line)
            elif verb == b"RCPT":
                await self.recipient()
            elif verb == b"DATA":
                await self.data()
            elif verb == b"BDAT":
                await self.chunk(line)
            elif verb == b"RSET":
                self.message = self.name = None
                await self.reply("rset", 250)
            elif verb == b"NOOP":
                await self.send(b"250 2.0.0 here\r\n")
            else:
                self.script.trouble.append(f"the gateway sent {line[:60]!r} as a command")
                await self.send(b"500 5.5.2 what?\r\n")

    async def hello(self):
        cell = self.script.cell
        offers = ["8BITMIME", "ENHANCEDSTATUSCODES"]
        if cell.pipelining:
            offers.append("PIPELINING")
        if cell.chunking:
            offers.append("CHUNKING")
        if self.relay.tls == "starttls" and not self.secure:
            offers.append("STARTTLS")
        else:
            offers.append("AUTH PLAIN")
        await self.reply("ehlo-tls" if self.relay.tls == "starttls" and self.secure else "ehlo", 250, offers)

    async def mail(self, line):
        self.name = re.search(rb"<([^@>]*)", line)[1].decode()
        self.message = self.relay.message(self.name)
        self.message.mails += 1
        self.recipients = self.answered = 0
        done = await self.reply("mail", 250)
        if done == "group":
            # All commands of the envelope have to be here before the first reply leaves.
            names = [await self.line(), await self.line()]
            if names[0][:4] != b"RCPT" or names[1][:4] != b"DATA":
                self.script.trouble.append(f"the group is {names}")
            texts = [(250, "2.0.0", self.text("mail")), (250, "2.0.0", self.text("rcpt")), (354, None, self.text("data"))]
            self.message.replies += texts
            self.recipients = 1
            await self.send(b"".join(map(self.octets, texts)))
            await self.content()
        elif not done:
            self.message = None

    async def recipient(self):
        if self.message is None:
            await self.send(b"503 5.5.1 MAIL first\r\n")
            return
        self.answered += 1
        if await self.reply("rcpt" if self.answered == 1 else "rcpt2", 250):
            self.recipients += 1

    async def data(self):
        if self.message is None or not self.recipients:
            await self.send(b"503 5.5.1 no valid recipients\r\n")
            return
        if self.name == self.script.leader and not self.script.go_on.is_set():
            self.script.leader_waits.set()
            await self.script.go_on.wait()
        if self.script.cell.stage == "rset" and self.name == self.script.message:
            await self.send(self.refusal("data", "5yz"))
            self.message = None
        elif await self.reply("data", 354):
            await self.content()
        else:
            self.message = None

    async def content(self):
        message = self.message
        if self.script.cell.stage == "content" and self.name == self.script.message and self.script.left:
            while len(self.buffer) < PART_OF_CONTENT:
                await self.fill()
            if self.script.strikes("content", self.name):
                await self.strike_content()
        if not self.buffer:
            await self.fill()
        message.struck.set()
        while (end := self.buffer.find(b"\r\n.\r\n")) < 0:
            if self.buffer.startswith(b".\r\n"):
                end = -2
                break
            await self.fill()
        octets = bytes(self.buffer[:end + 2])
        del self.buffer[:end + 5]
        await self.take(octets)

    async def strike_content(self):
        """The relay has read a part of the content, reads no more, and says something."""
        message, fault = self.message, self.script.cell.fault
        self.note(f"fault: {fault} in the content")
        self.writer.transport.pause_reading()
        name, _, then = fault.partition("+")
        try:
            if name == "early":
                await self.send(self.octets((250, "2.0.0", "taken before it was there")))
            elif name in ("4yz", "5yz", "421", "5yz-split", "5yz-long-line"):
                octets = self.refusal("content", name)
                message.struck.set()
                await (self.split(octets) if name == "5yz-split" else self.send(octets))
                if then == "reset":
                    self.reset()
                if then == "close" or name == "421":
                    self.half_close()
            elif name in ("close", "truncate"):
                self.half_close(truncates=name == "truncate")
            elif name == "reset":
                self.reset()
            elif name == "endless-line":
                await self.endless(b"250 ", b"x" * 16384)
            elif name == "endless-lines":
                await self.endless(b"", b"250-there is more\r\n" * 1000)
            elif name != "silent":
                await self.send({
                    "malformed-text": b"certainly, go on\r\n",
                    "malformed-code": b"666 the number of a beast\r\n",
                    "malformed-binary": bytes(range(128, 160)) + b"\x00\x01\r\n",
                    "misfit": b"354 go on\r\n",
                }[name])
        finally:
            message.struck.set()
        await self.ended_or_reset()
        raise Gone

    def half_close(self, truncates=False):
        if self.secure and not truncates:
            self.writer.close()
        else:
            self.writer.get_extra_info("socket").shutdown(socket.SHUT_WR)

    async def ended_or_reset(self):
        """Waits without reading until the cell ends."""
        await self.ended.wait()
        self.buffer.clear()

    async def take(self, octets):
        """The whole content is there."""
        message, name = self.message, self.name
        message.whole += 1
        message.final = None
        text = octets.replace(b"\r\n..", b"\r\n.")
        inner = text.replace(b"=\r\n", b"")
        marks = re.findall(rb"(?:BEGIN|END)-(\w+)-", inner)
        message.damaged = message.damaged or marks != [name.encode()] * 2
        if found := re.search(rb"(?im)^Message-ID: *(\S+)", octets):
            message.message_ids.add(found[1])
        if name == self.script.leader:
            # Whether another envelope came with this content, before its reply.
            try:
                async with asyncio.timeout(0.3):
                    self.ahead = await self.line()
            except TimeoutError:
                pass
            if self.ahead is not None and self.ahead[:4] == b"MAIL":
                self.relay.message(re.search(rb"<([^@>]*)", self.ahead)[1].decode()).chained = True
        await self.reply("final", 250)
        self.message = self.name = None

    async def chunk(self, line):
        words = line.split()
        if self.message is None or not self.recipients:
            await self.exactly(int(words[1]))
            await self.send(b"503 5.5.1 no valid recipients\r\n")
            return
        self.message.by_bdat = True
        self.chunks += await self.exactly(int(words[1]))
        if words[-1].upper() == b"LAST":
            octets, self.chunks = self.chunks, b""
            await self.take(octets)
        else:
            await self.send(b"250 2.0.0 go on\r\n")
