"""A large raw message on its way through Postern: what it costs in memory and time, with a fast and with a slow relay."""

import http.client
import socket
import threading
import time

import gateways
from processes import Failure, smtp_sink

HEADER = (b"From: Ann <ann@example.org>\r\nTo: bob@example.net\r\nSubject: large\r\n"
          b"Date: Tue, 1 Jul 2025 08:30:00 +0000\r\nMessage-ID: <large@example.org>\r\n\r\n")
# Base64 lines, as an attachment has them.
PIECE = (b"TG9yZW0gaXBzdW0gZG9sb3Igc2l0IGFtZXQsIGNvbnNlY3RldHVyIGFkaXBpc2NpbmcgZWxpdA==\r\n" * 820)
PATIENCE = 300


class SlowRelay(threading.Thread):
    """An SMTP server on loopback that reads a bounded number of octets a second."""

    def __init__(self, rate):
        super().__init__(daemon=True)
        self.rate, self.octets = rate, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        # Little is kept for it by the kernel, so that its pace is felt at once.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self.port = self._listener.getsockname()[1]

    def run(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with peer:
                self._serve(peer)

    def _serve(self, peer):
        lines = peer.makefile("rb")
        peer.sendall(b"220 slow\r\n")
        while line := lines.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                peer.sendall(b"250-slow\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            elif verb == b"DATA":
                peer.sendall(b"354 go\r\n")
                if not self._read_content(lines):
                    return
                peer.sendall(b"250 2.0.0 Ok\r\n")
            else:
                peer.sendall(b"250 ok\r\n")

    def _read_content(self, lines):
        tail = b"\r\n"
        while piece := lines.read1(65536):
            self.octets += len(piece)
            tail = (tail + piece)[-5:]
            if tail == b"\r\n.\r\n":
                return True
            time.sleep(len(piece) / self.rate)
        return False

    def stop(self):
        self._listener.close()


class Progress:
    """How far a client has come with sending."""

    def __init__(self):
        self.sent = 0


def _send(port, octets, progress):
    """Posts a message of about so many octets; returns its size, the status and the seconds it took."""
    pieces = max(0, octets - len(HEADER)) // len(PIECE)
    size = len(HEADER) + pieces * len(PIECE)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    began = time.monotonic()
    connection.putrequest("POST", "/messages")
    connection.putheader("Content-Type", "message/rfc822")
    connection.putheader("Content-Length", str(size))
    connection.endheaders(HEADER)
    for _ in range(pieces):
        connection.send(PIECE)
        progress.sent += len(PIECE)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return size, answer.status, b'"code":250' in body.replace(b" ", b""), time.monotonic() - began


def _gateway(binary, work):
    return gateways.postern(binary, work, POSTERN_MAX_MESSAGE_BYTES="1073741824")


def fast_relay(binary, work, octets):
    """One large message to a relay that takes it as fast as it comes."""
    relay, relay_port = smtp_sink(work)
    with relay:
        process, port = _gateway(binary, work).start(relay_port)
        with process:
            _send(port, len(HEADER) + len(PIECE), Progress())  # what is needed once is there now
            before, cpu = process.status(), process.cpu_seconds()
            size, status, accepted, seconds = _send(port, octets, Progress())
            process.check()
            after = process.status()
            return {"octets": size, "status": status, "accepted": accepted, "seconds": seconds,
                    "cpu_s": process.cpu_seconds() - cpu, "rss_before_mib": before["rss_mib"],
                    "peak_mib": after["peak_mib"], "cost_mib": after["peak_mib"] - before["rss_mib"]}


def slow_relay(binary, work, octets, rate):
    """One message to a relay that reads slowly: the client must not get far ahead of it."""
    relay = SlowRelay(rate)
    relay.start()
    process, port = _gateway(binary, work).start(relay.port)
    with process:
        _send(port, len(HEADER) + len(PIECE), Progress())
        before = process.status()
        taken, progress, ahead = relay.octets, Progress(), 0
        answer = []
        client = threading.Thread(target=lambda: answer.append(_send(port, octets, progress)), daemon=True)
        client.start()
        while client.is_alive():
            ahead = max(ahead, progress.sent - (relay.octets - taken))
            client.join(0.02)
        process.check()
        after = process.status()
    relay.stop()
    if not answer:
        raise Failure("the message to the slow relay was not answered")
    size, status, accepted, seconds = answer[0]
    return {"octets": size, "status": status, "accepted": accepted, "seconds": seconds, "rate": rate,
            "ahead_mib": ahead / 2 ** 20, "rss_before_mib": before["rss_mib"], "peak_mib": after["peak_mib"],
            "cost_mib": after["peak_mib"] - before["rss_mib"]}


def client_gone(binary, work):
    """A client that goes away in the middle: the relay must see no end of the message."""
    relay = SlowRelay(1 << 30)
    relay.start()
    process, port = _gateway(binary, work).start(relay.port)
    with process:
        with socket.create_connection(("127.0.0.1", port), 10) as client:
            client.sendall(b"POST /messages HTTP/1.1\r\nHost: x\r\nContent-Type: message/rfc822\r\n"
                           b"Content-Length: 100000000\r\n\r\n" + HEADER)
            for _ in range(300):
                client.sendall(PIECE)
        began = time.monotonic()
        until = began + 30
        while time.monotonic() < until:
            with open(process.log, errors="replace") as log:
                if "client went away" in log.read():
                    break
            time.sleep(0.01)
        noticed = time.monotonic() - began
        process.check()
    relay.stop()
    return {"noticed_s": noticed, "noticed": noticed < 30, "octets_at_the_relay": relay.octets}


def run(binary, work, octets):
    """All of it."""
    return {"fast": fast_relay(binary, work, octets), "slow": slow_relay(binary, work, 200_000_000, 40_000_000),
            "gone": client_gone(binary, work)}


def good(result, bound_mib=16):
    """Whether both messages were taken in less memory than the bound, and the vanished client was noticed."""
    return all(result[name]["accepted"] and result[name]["cost_mib"] < bound_mib for name in ("fast", "slow")) \
        and result["gone"]["noticed"]


def lines(result):
    """The result as Markdown."""
    fast, slow, gone = result["fast"], result["slow"], result["gone"]
    return [
        "", "### A large raw message", "",
        f"- {fast['octets'] / 1e6:,.0f} MB to a fast relay: {fast['status']} after {fast['seconds']:.1f} s "
        f"({fast['octets'] / 1e6 / fast['seconds']:,.0f} MB/s), {fast['cpu_s']:.2f} s of CPU; "
        f"resident {fast['rss_before_mib']:.1f} MiB before, {fast['peak_mib']:.1f} at the peak: "
        f"**{fast['cost_mib']:.1f} MiB** for the message.",
        f"- {slow['octets'] / 1e6:,.0f} MB to a relay that reads {slow['rate'] / 1e6:,.0f} MB/s: {slow['status']} after "
        f"{slow['seconds']:.1f} s; the client was never more than {slow['ahead_mib']:.1f} MiB ahead of the relay, the "
        f"kernel's buffers included; **{slow['cost_mib']:.1f} MiB** for the message.",
        f"- A client that went away in the middle was noticed after {gone['noticed_s'] * 1000:.0f} ms; the relay had "
        f"{gone['octets_at_the_relay'] / 1e6:.0f} MB of it and no final dot.", ""]
