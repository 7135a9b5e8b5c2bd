"""What is measured: how each gateway is started against a relay."""

import contextlib
import dataclasses
import os
import time

from processes import Process, clean_environment, free_port, wait_for_port, wait_until_live

SESSIONS = 16
HERE = os.path.dirname(os.path.abspath(__file__))
LABELS = {
    "source": "`smtp-source` alone (no HTTP)", "microhttpd": "empty libmicrohttpd handler (no mail)",
    "go": "Go: net/http, emersion/go-smtp", "rust": "Rust: hyper, serde_json", "node": "Node: http, nodemailer",
    "fastapi": "Python: FastAPI, aiosmtplib", "flask": "Python: Flask, smtplib", "postern": "**Postern**",
    "postern-1-loop": "**Postern**, 1 event loop", "postern-2-loops": "**Postern**, 2 event loops"}


@dataclasses.dataclass
class Setting:
    """What a gateway is told; `certificate` turns HTTPS on, `relay_ca` TLS to the relay."""
    relay_port: int
    sessions: int = SESSIONS
    certificate: object = None
    relay_ca: str = None
    more: dict = dataclasses.field(default_factory=dict)


class Running:
    """A gateway that answers: its process, its port, and how long it took from the start to the first answer."""

    def __init__(self, name, process, port, https):
        self.name, self.process, self.port, self.https = name, process, port, https
        self.ready_seconds = 0.0

    @property
    def address(self):
        return f"{'https' if self.https else 'http'}://127.0.0.1:{self.port}"


def _postern(options, port, setting):
    tls = setting.relay_ca is not None
    environment = clean_environment(
        POSTERN_LISTEN=f"127.0.0.1:{port}", POSTERN_RELAY_CONNECTIONS=str(setting.sessions),
        POSTERN_RELAY_URL=f"smtps://127.0.0.1:{setting.relay_port}" if tls else
        f"smtp://127.0.0.1:{setting.relay_port}?tls=none",
        **({"POSTERN_RELAY_CA_FILE": setting.relay_ca} if tls else {}),
        **({"POSTERN_TLS_CERTIFICATE_FILE": setting.certificate.file,
            "POSTERN_TLS_KEY_FILE": setting.certificate.key} if setting.certificate else {}),
        **setting.more)
    return [options.postern, "serve"], environment


def _peer_environment(port, setting, **more):
    return clean_environment(UPSTREAM=f"127.0.0.1:{setting.relay_port}", PORT=str(port), POOL=str(setting.sessions),
                             **more)


def _go(options, port, setting):
    tls = {"UPSTREAM_CA": setting.relay_ca} if setting.relay_ca else {}
    if setting.certificate:
        tls |= {"CERTIFICATE": setting.certificate.file, "KEY": setting.certificate.key}
    return [f"{options.work}/go_peer"], _peer_environment(port, setting, **tls)


def _rust(options, port, setting):
    return [f"{options.work}/rust_peer"], _peer_environment(port, setting)


def _node(_, port, setting):
    return ["node", f"{HERE}/peers/node/server.mjs"], _peer_environment(port, setting)


def _of_each_process(setting, processes):
    return max(1, round(setting.sessions / processes))


def _fastapi(options, port, setting):
    processes = len(os.sched_getaffinity(0))
    environment = _peer_environment(port, setting) | {"POOL": str(_of_each_process(setting, processes))}
    return [f"{options.work}/python/bin/python", "-m", "uvicorn", "fastapi_peer:app", "--app-dir", f"{HERE}/peers/python",
            "--host", "127.0.0.1", "--port", str(port), "--workers", str(processes), "--backlog", "4096",
            "--timeout-keep-alive", "60", "--log-level", "warning", "--no-access-log"], environment


def _flask(options, port, setting):
    processes = len(os.sched_getaffinity(0))
    return [f"{options.work}/python/bin/python", "-m", "gunicorn", "--chdir", f"{HERE}/peers/python", "flask_peer:app",
            "--bind", f"127.0.0.1:{port}", "--workers", str(processes),
            "--threads", str(_of_each_process(setting, processes)), "--worker-connections", "4000", "--backlog", "4096",
            "--keep-alive", "60", "--log-level", "warning"], _peer_environment(port, setting)


def _microhttpd(options, port, _):
    return [f"{options.work}/empty_microhttpd", str(port)], clean_environment()


COMMANDS = {"postern": _postern, "go": _go, "rust": _rust, "node": _node, "fastapi": _fastapi, "flask": _flask,
            "microhttpd": _microhttpd}


@contextlib.contextmanager
def started(name, setting, options):
    """A gateway of that name, from when it answers until the block is left."""
    port, https = free_port(), setting.certificate is not None
    command, environment = COMMANDS[name](options, port, setting)
    began = time.monotonic()
    with Process(command, f"{options.work}/{name}.log", environment) as process:
        if name == "microhttpd":
            wait_for_port(process, port)
        else:
            wait_until_live(process, port, https)
        running = Running(name, process, port, https)
        running.ready_seconds = time.monotonic() - began
        yield running
        process.check()
