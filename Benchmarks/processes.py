"""Starting, watching and ending the processes that are measured."""

import ctypes
import http.client
import os
import signal
import socket
import ssl
import subprocess
import threading
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
    """A started program, which may start others; ends it when the block is left."""

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
        descendants = self.all_pids()[1:]
        if self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(5)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        for pid in descendants:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self._output.close()

    def check(self):
        if self.ended():
            with open(self.log, errors="replace") as file:
                last = (file.read().strip().splitlines() or ["no output"])[-1]
            raise Failure(f"{self.command[0]} ended with {self._child.returncode}: {last} (see {self.log})")

    def all_pids(self):
        """The process and all that came of it."""
        found = [self.pid]
        for pid in found:
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/children") as file:
                        found += [int(child) for child in file.read().split()]
            except OSError:
                pass  # it has ended meanwhile
        return found

    def cpu_seconds(self):
        """User and system time of the process and all that came of it."""
        ticks = 0
        for pid in self.all_pids():
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
            ticks += sum(int(field) for field in fields[11:15])  # with those that have ended and were waited for
        return ticks / TICKS

    def status(self):
        """Own memory (RssAnon), its peak, and resident pages of files, in MiB, and the number of threads, added up over all
        processes.

        The kernel keeps a peak of all resident memory only. Pages of files stay once they are there, so what is not theirs
        at the end was own memory at the peak.
        """
        total = {"own_mib": 0.0, "own_peak_mib": 0.0, "file_mib": 0.0, "threads": 0}
        for pid in self.all_pids():
            with open(f"/proc/{pid}/status") as file:
                found = dict(line.split(":", 1) for line in file)
            own, files, shared, peak = (
                int(found[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile", "RssShmem", "VmHWM"))
            total["own_mib"] += own
            total["own_peak_mib"] += max(own, peak - files - shared)
            total["file_mib"] += files
            total["threads"] += int(found["Threads"])
        return total

    def thread_names(self):
        names = []
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/comm") as file:
                names.append(file.read().strip())
        return names

    def sockets(self):
        count = 0
        for descriptor in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                count += os.readlink(f"/proc/{self.pid}/fd/{descriptor}").startswith("socket:")
            except OSError:
                pass
        return count


class Sampler(threading.Thread):
    """The most that a function has returned, asked ten times a second while the block lasts."""

    def __init__(self, function):
        super().__init__(daemon=True)
        self.most, self._function, self._ended = 0, function, threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self.join()

    def run(self):
        while not self._ended.wait(0.1):
            try:
                self.most = max(self.most, self._function())
            except (OSError, KeyError):
                return  # the process has ended


def connections_to(port):
    """How many connections on loopback lead to a port."""
    count = 0
    with open("/proc/net/tcp") as file:
        for line in file.readlines()[1:]:
            _, _, remote, state = line.split()[:4]
            count += remote.endswith(f":{port:04X}") and state == "01"
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


def _connection(port, https):
    if https:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", port, timeout=1, context=context)
    return http.client.HTTPConnection("127.0.0.1", port, timeout=1)


def wait_until_live(process, port, https=False, seconds=20):
    """Waits for GET /livez to answer 200."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        process.check()
        connection = _connection(port, https)
        try:
            connection.request("GET", "/livez")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.001)
    raise Failure(f"{process.command[0]} does not answer GET /livez with 200 after {seconds} s (see {process.log})")
