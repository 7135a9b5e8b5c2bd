"""What the experiments with the gateway start and look at: processes, and the relay of ledger_relay.py."""

import os
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Benchmarks"))
sys.dont_write_bytecode = True

from processes import Process, free_port, wait_for_port  # noqa: E402, found through the line above


class Instance(Process):
    """A process that is ended in every way."""

    def signal(self, number):
        self._child.send_signal(number)

    def wait(self, seconds):
        return self._child.wait(seconds)

    def own_memory(self):
        """Memory that is the process's own (RssAnon), in KiB."""
        with open(f"/proc/{self.pid}/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("RssAnon"))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


class Relay:
    """A relay of ledger_relay.py, at a port that it keeps; each start is a run."""

    def __init__(self, name, profile, seed, folder, delay=0.0, certificate=None):
        self.name, self.folder = name, Path(folder)
        self.options = ["--name", name, "--profile", profile, "--seed", str(seed), "--delay", str(delay)]
        if certificate:
            self.options += ["--certificate", certificate.file, "--certificate-key", certificate.key]
        self.port, self.run, self.killed, self.process = free_port(), 0, [], None
        self.journal = self.folder / f"{name}.journal"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.process.stop()

    def start(self):
        self.run += 1
        self.process = Instance(
            [sys.executable, str(ROOT / "scripts/ledger_relay.py"), "--port", str(self.port), "--journal",
             str(self.journal), "--run", str(self.run), *self.options], f"{self.folder}/{self.name}-{self.run}.log")
        wait_for_port(self.process, self.port)

    def kill(self):
        self.process.signal(signal.SIGKILL)
        self.process.wait(10)
        self.process.stop()
        self.killed.append(time.monotonic())

    def hold(self):
        """From now on it gives no final reply."""
        self.process.signal(signal.SIGUSR1)

    def go_on(self):
        self.process.signal(signal.SIGUSR2)

    def events(self):
        """The journal: time, what happened, the message, this relay's name, details."""
        with open(self.journal) as file:
            for line in file:
                moment, kind, message, *details = line.rstrip("\n").split("\t")
                yield float(moment), kind, message, self.name, details
