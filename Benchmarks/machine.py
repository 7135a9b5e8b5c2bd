"""What was measured where: the machine and the versions."""

import datetime
import os
import re
import socket
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TCP_CONGESTION = 13
PYTHON_PACKAGES = ("fastapi", "uvicorn", "uvloop", "aiosmtplib", "flask", "gunicorn")


def first_line(*command):
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                              check=False, cwd=HERE)
    except OSError:
        return "not found"
    return ((done.stdout + done.stderr).strip().splitlines() or ["unknown"])[0].strip()


def _of_package(name):
    return first_line("dpkg-query", "-W", "-f", "${Version}", name)


def _python_packages(work):
    code = "import importlib.metadata as m, sys; print(', '.join(f'{n} {m.version(n)}' for n in sys.argv[1:]))"
    return first_line(f"{work}/python/bin/python", "-c", code, *PYTHON_PACKAGES)


def _congestion_control():
    """What a connection on loopback really uses."""
    with socket.create_server(("127.0.0.1", 0)) as server, \
            socket.create_connection(server.getsockname()) as connection:
        return connection.getsockopt(socket.IPPROTO_TCP, TCP_CONGESTION, 16).split(b"\0")[0].decode()


def _cpu():
    """What the kernel says of the first processor."""
    with open("/proc/cpuinfo") as file:
        first = file.read().split("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}


def processor(cpu):
    """A name that tells processors apart: within a virtual machine the model is often a maker's name and nothing else."""
    name = re.sub(r"\((?:R|TM|r|tm)\)|\b(?:CPU|Processor)\b|@.*|\d+-Core", "", cpu.get("model name", "unknown processor"))
    numbers = [f"{what} {cpu[key]}" for what, key in (("family", "cpu family"), ("model", "model")) if key in cpu]
    return " ".join(name.split()) + (f" ({', '.join(numbers)})" if numbers else "")


def _versions(options):
    return {
        "Swift": first_line("swift", "--version").removeprefix("Swift version "),
        "Go": first_line("go", "version").removeprefix("go version "),
        "go-smtp": _of_package("golang-github-emersion-go-smtp-dev"),
        "Rust": first_line("/usr/bin/rustc", "--version").removeprefix("rustc "),
        **{crate: _of_package(f"librust-{crate}-dev") for crate in ("hyper", "tokio", "serde-json")},
        "Node": first_line("node", "--version"), "nodemailer": _of_package("node-nodemailer"),
        "Python": first_line(f"{options.work}/python/bin/python", "--version").removeprefix("Python ")
        + " with " + _python_packages(options.work),
        "libmicrohttpd": first_line(f"{options.work}/empty_microhttpd", "--version"),
        "wrk": _of_package("wrk"), "Postfix": _of_package("postfix"), "stunnel": _of_package("stunnel4")}


def describe(options):
    """The machine, and what is measured on it."""
    cpu, cores = _cpu(), len(os.sched_getaffinity(0))
    return {"name": f"{processor(cpu)}, {cores} core{'s' if cores > 1 else ''}", "cpu": cpu.get("model name", "unknown"),
            "kernel": os.uname().release.partition("-")[0], "congestion_control": _congestion_control(),
            "versions": _versions(options)}


def session(options, workloads):
    """A measurement that begins now."""
    commit = first_line("git", "describe", "--always", "--dirty")
    return {"date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M"),
            "version": f"{first_line(options.postern, '--version')} {commit}", "rounds": options.rounds,
            "seconds": options.seconds, "load_before": os.getloadavg()[0],
            "workloads": [workload.name for workload in workloads]}
