"""The relays that gateways send to, each on a port of loopback."""

import contextlib
import os
import socket
import subprocess
import threading
import time

from processes import Failure, Process, free_port, wait_for_port


@contextlib.contextmanager
def _listening(command, log, port):
    with Process(command, log) as process:
        wait_for_port(process, port)
        yield port
        process.check()


def smtp_sink(work, *options):
    """Postfix's smtp-sink: takes everything and keeps nothing."""
    port = free_port()
    as_nobody = ["-u", "nobody"] if os.getuid() == 0 else []
    return _listening(["/usr/sbin/smtp-sink", *as_nobody, "-m", "4000", *options, f"127.0.0.1:{port}", "4000"],
                      f"{work}/smtp-sink.log", port)


def quick_sink(work):
    """The sink for large messages, of which smtp-sink would be the limit."""
    port = free_port()
    return _listening([f"{work}/sink", str(port)], f"{work}/sink.log", port)


@contextlib.contextmanager
def distant_sink(work, milliseconds):
    """smtp-sink at the end of a long way."""
    port = free_port()
    with smtp_sink(work) as near, \
            _listening([f"{work}/distance", str(port), str(near), str(milliseconds)], f"{work}/distance.log", port):
        yield port


@contextlib.contextmanager
def tls_sink(work, certificate):
    """smtp-sink behind stunnel, which speaks TLS from the first octet."""
    port = free_port()
    with smtp_sink(work) as plain:
        settings = f"{work}/stunnel.conf"
        with open(settings, "w") as file:
            file.write(f"foreground = yes\npid =\nsyslog = no\ndebug = err\nsocket = l:TCP_NODELAY=1\n"
                       f"socket = r:TCP_NODELAY=1\n[smtp]\naccept = 127.0.0.1:{port}\nconnect = 127.0.0.1:{plain}\n"
                       f"cert = {certificate.file}\nkey = {certificate.key}\n")
        with _listening(["stunnel4", settings], f"{work}/stunnel.log", port):
            yield port


class Certificate:
    """A certificate of 127.0.0.1 that vouches for itself, made where it is not there yet."""

    def __init__(self, work):
        self.file, self.key = f"{work}/certificate.pem", f"{work}/key.pem"
        if os.path.exists(self.file):
            return
        made = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650",
             "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.key, "-out", self.file],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise Failure(f"no certificate could be made: {made.stderr.strip()}")


class ScriptedRelay(threading.Thread):
    """A relay on threads: reads at most so many octets a second, and keeps the messages where it is asked to.

    It offers no PIPELINING, so that nothing stands behind the end of a content.
    """

    def __init__(self, rate=None, keep=False):
        super().__init__(daemon=True)
        self.octets, self.messages = 0, []
        self._rate, self._keep = rate, keep
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        if rate:
            # Little is kept for it by the kernel, so that its pace is felt at once.
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._listener.close()

    def run(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        recipients = []
        with peer, contextlib.suppress(OSError):
            lines = peer.makefile("rb")
            peer.sendall(b"220 scripted\r\n")
            while line := lines.readline():
                verb = line[:4].upper()
                if verb == b"DATA":
                    peer.sendall(b"354 go on\r\n")
                    if not self._read_content(lines, recipients):
                        return
                    recipients = []
                if verb == b"RCPT":
                    recipients.append(line.split(b"<")[1].split(b">")[0].decode())
                peer.sendall(b"250-scripted\r\n250 8BITMIME\r\n" if verb == b"EHLO" else b"250 ok\r\n")

    def _read_content(self, lines, recipients):
        tail, pieces = b"\r\n", []
        while piece := lines.read1(65536):
            self.octets += len(piece)
            tail = (tail + piece)[-5:]
            if self._keep:
                pieces.append(piece)
            if tail == b"\r\n.\r\n":
                if self._keep:
                    self.messages.append((recipients, b"".join(pieces)[:-3]))
                return True
            if self._rate:
                time.sleep(len(piece) / self._rate)
        return False
