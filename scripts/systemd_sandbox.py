"""A systemd of its own, to run units in: process 1 of its namespaces, on an overlay of this machine's root that is thrown away.
It needs root. It shares the network with this machine."""

import contextlib
import os
import subprocess
import time
from pathlib import Path

SYSTEMD = "/lib/systemd/systemd"
# The targets that ordinary units refer to. The sandbox has no others, and starts nothing but what it is told to.
TARGETS = ("default", "sysinit", "basic", "sockets", "shutdown", "umount", "network-online", "multi-user")
SETUP = r"""
set -eu
folder=$1 cgroup=$2
root=$folder/root
mount -t tmpfs tmpfs "$folder"
mkdir "$folder/upper" "$folder/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
: >"$root/dev/kmsg"
# What PrivateDevices= expects.
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
else
    mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
    mkdir "$root/sys/fs/cgroup/systemd"
    mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd"
    # So that systemd does not add the other hierarchies, whose namespaces begin elsewhere.
    mount -o remount,ro "$root/sys/fs/cgroup"
fi
mkdir -p "$root/run/units" "$root/etc/postern"
while [ ! -e "$folder/ready" ]; do sleep 0.05; done
# Not chroot: from within one, the kernel permits no user namespace (PrivateUsers=).
cd "$root"
mkdir run/old
pivot_root . run/old
umount --lazy run/old
# systemd mounts the credentials of a unit in a namespace of its own, and expects them to arrive here.
mount --make-rshared /
exec env -i container=postern SYSTEMD_LOG_TARGET=kmsg SYSTEMD_UNIT_PATH=/run/units PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=default.target --show-status=no
"""


class Unavailable(Exception):
    """This machine does not permit it."""


class Sandbox:
    """A running systemd. `root` is its root directory, as this process sees it."""

    def __init__(self, work, units):
        self.folder = Path(work) / "systemd"
        self.folder.mkdir()
        (self.folder.parent / "setup").write_text(SETUP)
        base = Path("/sys/fs/cgroup")
        if not (base / "cgroup.controllers").exists():
            base = base / "systemd"
        self.cgroup = base / f"postern-check-{os.getpid()}"
        if os.getuid() != 0 or not Path(SYSTEMD).exists():
            raise Unavailable("it needs root and systemd")
        self.log = open(self.folder.parent / "systemd.log", "w", encoding="utf-8")
        try:
            self.cgroup.mkdir()
            # Into the cgroup first: a cgroup namespace begins where its first process is.
            self.outer = subprocess.Popen(
                ["sh", "-c", 'echo 0 >"$1/cgroup.procs" && shift && exec "$@"', "sh", str(self.cgroup), "unshare",
                 "--mount", "--pid", "--ipc", "--uts", "--cgroup", "--fork", "--kill-child", "--propagation", "private",
                 "sh", str(self.folder.parent / "setup"), str(self.folder), str(self.cgroup)],
                stdout=self.log, stderr=self.log)
        except OSError as error:
            raise Unavailable(error) from error
        self.main = self._wait(self._child, "no process")
        self._wait(lambda: self._has("run/units") and self._has("etc/postern"), "no root")
        self.root = Path(f"/proc/{self.main}/root") / str(self.folder / "root").lstrip("/")
        for name in TARGETS:
            (self.root / f"run/units/{name}.target").write_text(f"[Unit]\nDescription={name}\nDefaultDependencies=no\n")
        for name, text in units.items():
            path = self.root / "run/units" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    def _child(self):
        with contextlib.suppress(OSError):
            found = Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children").read_text().split()
            return int(found[0]) if found else None

    def _has(self, path):
        return (Path(f"/proc/{self.main}/root") / str(self.folder / "root").lstrip("/") / path).exists()

    def _wait(self, condition, what):
        until = time.monotonic() + 15
        while time.monotonic() < until and self.outer.poll() is None:
            found = condition()
            if found:
                return found
            time.sleep(0.05)
        self.__exit__()
        raise Unavailable(f"{what}: {Path(self.log.name).read_text()}")

    def boot(self):
        """Starts systemd, after the root has what its units need."""
        (self.root.parent / "ready").touch()
        self.root = Path(f"/proc/{self.main}/root")
        self._wait(lambda: self.root.joinpath("run/systemd/private").exists(), "systemd does not start")

    def systemctl(self, *arguments, is_expected=True):
        """What systemctl prints in the sandbox; AssertionError if it fails, unless that is expected."""
        done = subprocess.run(
            ["nsenter", f"--target={self.main}", "--mount", "--pid", "--ipc", "--uts", "--root", "--wd", "systemctl", "--no-pager",
             *arguments], capture_output=True, text=True, check=False, timeout=120)
        if is_expected and done.returncode != 0:
            raise AssertionError(f"systemctl {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def show(self, unit, name):
        return self.systemctl("show", "--value", f"--property={name}", unit).strip()

    def outside(self, pid):
        """The id that a process of the sandbox has on this machine."""
        for path in Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError):
                for line in path.read_text().splitlines():
                    ids = line.split()
                    if ids[0] == "NSpid:" and len(ids) == 3 and ids[2] == pid and self._is_inside(path.parent):
                        return int(ids[1])
        raise AssertionError(f"no process {pid} in the sandbox")

    def _is_inside(self, process):
        return os.readlink(process / "ns/pid") == os.readlink(f"/proc/{self.main}/ns/pid")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.outer.kill()
        self.outer.wait()
        for _ in range(50):
            # Innermost first.
            for path in sorted(self.cgroup.rglob("*/"), reverse=True):
                with contextlib.suppress(OSError):
                    path.rmdir()
            with contextlib.suppress(OSError):
                self.cgroup.rmdir()
            if not self.cgroup.exists():
                break
            time.sleep(0.1)
        self.log.close()
