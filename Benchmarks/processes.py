"""Starting, watching and ending the processes that are measured."""

import ctypes
import http.client
import os
import pwd
import signal
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Failure(Exception):
    """Something that keeps the measurement from going on; the text says what to do."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environment(**values):
    """The caller's environment without settings of Postern, so that only those of the benchmark count."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("POSTERN_")}
    return {**kept, **values}


def _end_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """A started program; ends it when the block is left."""

    def __init__(self, command, log, environment=None):
        self.command, self.log = command, log
        self._output = open(log, "wb")
        self._child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.STDOUT,
            env=environment or clean_environment(), preexec_fn=_end_with_parent)
        self.pid = self._child.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def ended(self):
        return self._child.poll() is not None

    def stop(self):
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(5)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        self._output.close()

    def check(self):
        if self.ended():
            with open(self.log, errors="replace") as file:
                last = (file.read().strip().splitlines() or ["no output"])[-1]
            raise Failure(f"{self.command[0]} ended with {self._child.returncode}: {last} (see {self.log})")

    def cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def status(self):
        """Resident memory and its peak in MiB, and the number of threads."""
        found = {}
        with open(f"/proc/{self.pid}/status") as file:
            for line in file:
                name, _, value = line.partition(":")
                found[name] = value.split()
        return {"rss_mib": int(found["VmRSS"][0]) / 1024, "peak_mib": int(found["VmHWM"][0]) / 1024,
                "threads": int(found["Threads"][0])}

    def sockets(self):
        count = 0
        for descriptor in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                count += os.readlink(f"/proc/{self.pid}/fd/{descriptor}").startswith("socket:")
            except OSError:
                pass
        return count


def wait_for_port(process, port, seconds=10):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        process.check()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise Failure(f"{process.command[0]} does not listen on port {port} after {seconds} s (see {process.log})")


def wait_until_live(process, port, seconds=10):
    """Waits for GET /livez to answer 200."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        process.check()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        try:
            connection.request("GET", "/livez")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.005)
    raise Failure(f"{process.command[0]} does not answer GET /livez with 200 after {seconds} s (see {process.log})")


def smtp_sink(work, *options, backlog=1000):
    """A relay that takes everything and keeps nothing: the process and its port."""
    port = free_port()
    command = ["/usr/sbin/smtp-sink"]
    if os.getuid() == 0:
        pwd.getpwnam("nobody")
        command += ["-u", "nobody"]
    process = Process([*command, *options, f"127.0.0.1:{port}", str(backlog)], f"{work}/smtp-sink.log")
    try:
        wait_for_port(process, port)
    except BaseException:
        process.stop()
        raise
    return process, port
