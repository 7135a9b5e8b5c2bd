"""What was measured where: the machine and the versions."""

import datetime
import os
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
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return "unknown"


def _versions(options):
    return {
        "Postern": first_line(options.postern, "--version") + " " + first_line("git", "describe", "--always", "--dirty"),
        "Swift": first_line("swift", "--version").removeprefix("Swift version "),
        "Go": first_line("go", "version").removeprefix("go version "),
        "go-smtp": _of_package("golang-github-emersion-go-smtp-dev"),
        "Node": first_line("node", "--version"), "nodemailer": _of_package("node-nodemailer"),
        "Python": first_line(f"{options.work}/python/bin/python", "--version").removeprefix("Python ")
        + " with " + _python_packages(options.work),
        "libmicrohttpd": first_line(f"{options.work}/empty_microhttpd", "--version"),
        "wrk": _of_package("wrk"), "Postfix": _of_package("postfix"), "stunnel": _of_package("stunnel4")}


def describe(options):
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"), "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)), "kernel": os.uname().release,
        "congestion_control": _congestion_control(), "load_before": os.getloadavg()[0], "versions": _versions(options)}
