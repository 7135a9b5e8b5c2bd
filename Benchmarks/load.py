"""The load: wrk, the client with a fixed rate, smtp-source, and one large upload."""

import json
import os
import socket
import subprocess
import time

import bodies
import gateways
from processes import Failure, clean_environment

HERE = os.path.dirname(os.path.abspath(__file__))


def _last_line_as_json(command, seconds, environment):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, text=True,
                          timeout=seconds + 90, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines or not lines[-1].startswith("{"):
        raise Failure(f"{command[0]} failed: {(done.stderr or done.stdout).strip()}")
    return json.loads(lines[-1])


def wrk(gateway, path, body, connections, seconds, options, patience=2, close=False, gaps=False, keys=None):
    """As much as goes on so many connections, each of which waits for its answer before it sends again.

    With keys each request has an Idempotency-Key of its own that begins so.
    """
    environment = clean_environment(
        BENCHMARK_BODY=bodies.file(options.work, body), **({"BENCHMARK_CLOSE": "1"} if close else {}),
        **({"BENCHMARK_GAPS": "1"} if gaps else {}), **({"BENCHMARK_KEYS": keys} if keys else {}))
    return _last_line_as_json(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", f"{patience}s", "-s", f"{HERE}/clients/post.lua",
         gateway.address + path], seconds, environment)


def wrk_faults(result, refused=False):
    """Why a run does not count: answers of the wrong status, socket errors, timeouts, or no answer at all."""
    found = [f"{result[name]} {label}" for name, label in (
        ("connect", "connect errors"), ("read", "read errors"), ("write", "write errors"), ("timeout", "timeouts"))
        if result[name]]
    wrong = result["requests"] - result["status"] if refused else result["status"]
    if wrong:
        found.append(f"{wrong} answers of the wrong status")
    return found or ([] if result["requests"] else ["no answer at all"])


def steady(gateway, body, rate, connections, seconds, options, warm_up):
    """A fixed number of requests a second, whatever becomes of them."""
    return _last_line_as_json(
        [f"{options.work}/steady", str(gateway.port), "/messages", bodies.file(options.work, body), f"{rate:.1f}",
         str(connections), str(warm_up), str(seconds)], seconds + warm_up, clean_environment())


def steady_faults(result):
    return [f"{result[name]} {label}" for name, label in (
        ("wrong", "answers of the wrong status"), ("lost", "connections lost"), ("unanswered", "requests unanswered"))
        if result[name]]


def smtp_source(relay_port, messages, octets=1024, sessions=gateways.SESSIONS):
    """Postfix's load generator straight to the relay. Returns the seconds it took, and its CPU seconds."""
    command = ["/usr/sbin/smtp-source", "-d", "-s", str(sessions), "-l", str(octets), "-m", str(messages),
               f"127.0.0.1:{relay_port}"]
    began = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    except BaseException:
        child.kill()
        raise
    return {"seconds": time.monotonic() - began, "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "faults": [f"smtp-source ended with {child.returncode}"] if child.returncode else []}


HEADER = (b"From: Ann <ann@example.org>\r\nTo: bob@example.net\r\nSubject: large\r\n"
          b"Date: Tue, 1 Jul 2025 08:30:00 +0000\r\nMessage-ID: <large@example.org>\r\n\r\n")
# Base64 lines, as an attachment has them.
PIECE = b"TG9yZW0gaXBzdW0gZG9sb3Igc2l0IGFtZXQsIGNvbnNlY3RldHVyIGFkaXBpc2NpbmcgZWxpdA==\r\n" * 3280


def raw_head(size):
    return (b"POST /messages?from=ann@example.org&to=bob@example.net HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Type: message/rfc822\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % size)


class Upload:
    """A raw message of about so many octets; `sent` says meanwhile how far it has come."""

    def __init__(self, port, octets):
        self._port, self._pieces = port, max(0, octets - len(HEADER)) // len(PIECE)
        self.size, self.sent = len(HEADER) + self._pieces * len(PIECE), 0
        self.seconds, self.accepted, self.status = 0.0, False, None

    def run(self):
        with socket.create_connection(("127.0.0.1", self._port), 300) as client:
            began = time.monotonic()
            client.sendall(raw_head(self.size) + HEADER)
            for _ in range(self._pieces):
                client.sendall(PIECE)
                self.sent += len(PIECE)
            answer = b"".join(iter(lambda: client.recv(65536), b""))
            self.seconds = time.monotonic() - began
        self.status = int(answer.split(b" ", 2)[1])
        self.accepted = self.status == 200 and b'"code":250' in answer.replace(b" ", b"")
        return self
