"""What is measured: how each gateway is started against a relay."""

from processes import Failure, Process, clean_environment, free_port, wait_for_port, wait_until_live

SESSIONS = 16


class Gateway:
    """A kind of gateway; `path` is where it takes messages."""

    def __init__(self, name, path, start):
        self.name, self.path, self.start = name, path, start


def postern(binary, work, sessions=SESSIONS, **settings):
    def start(relay_port):
        port = free_port()
        environment = clean_environment(
            POSTERN_LISTEN=f"127.0.0.1:{port}", POSTERN_RELAY_URL=f"smtp://127.0.0.1:{relay_port}?tls=none",
            POSTERN_RELAY_CONNECTIONS=str(sessions), **settings)
        process = Process([binary, "serve"], f"{work}/postern.log", environment)
        return _ready(process, port, wait_until_live)
    return Gateway("postern", "/messages", start)


def go_peer(work):
    def start(relay_port):
        port = free_port()
        environment = clean_environment(
            UPSTREAM=f"127.0.0.1:{relay_port}", PORT=str(port), POOL=str(SESSIONS))
        return _ready(Process([f"{work}/go_peer"], f"{work}/go_peer.log", environment), port, wait_until_live)
    return Gateway("go", "/messages", start)


def empty_microhttpd(work):
    def start(_):
        port = free_port()
        process = Process([f"{work}/empty_microhttpd", str(port)], f"{work}/empty_microhttpd.log")
        return _ready(process, port, wait_for_port)
    return Gateway("microhttpd", "/messages", start)


def _ready(process, port, wait):
    try:
        wait(process, port)
    except BaseException:
        process.stop()
        raise
    return process, port


def named(name, binary, work):
    if name == "postern":
        return postern(binary, work)
    if name == "go":
        return go_peer(work)
    if name == "microhttpd":
        return empty_microhttpd(work)
    raise Failure(f"no series {name}: take some of source, microhttpd, go, postern")
