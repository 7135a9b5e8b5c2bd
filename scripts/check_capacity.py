"""Brings a gateway beyond its capacity, and takes from it what it needs. See `scripts/check-capacity --help`."""

import argparse
import asyncio
import collections
import contextlib
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True

from ledger_processes import Instance, Relay  # noqa: E402, which finds those of the next lines
from in_flight import message_request  # noqa: E402
from processes import Failure, Sampler, clean_environment, connections_to, free_port, wait_until_live  # noqa: E402

# The goals, in KiB of the process's own memory (RssAnon), and threads.
IN_FLIGHT_KIB, IDLE_KIB, THREADS = 16, 8, 20
SESSIONS = 16
# Clients of the steady load.
CONNECTIONS = 32
STORE_UP = 'postern_store_up{store="sqlite"}'


class Bench:
    """What the parts have in common: options, a folder, and what they found."""

    def __init__(self, options, folder):
        self.options, self.folder, self.faults, self.starts = options, folder, [], 0

    def say(self, text):
        print(text, flush=True)

    def expect(self, condition, text):
        if not condition:
            self.faults.append(text)
            self.say(f"  FAILED {text}")

    @contextlib.contextmanager
    def gateway(self, relay, shell=None, **settings):
        """A gateway that answers, until the block is left; with a shell command that starts it as "$0"."""
        self.starts += 1
        port, log = free_port(), f"{self.folder}/gateway-{self.starts}.log"
        environment = clean_environment(
            POSTERN_LISTEN=f"127.0.0.1:{port}", POSTERN_RELAY_URL=f"smtp://127.0.0.1:{relay.port}?tls=none",
            POSTERN_RELAY_CONNECTIONS=str(SESSIONS), POSTERN_SHUTDOWN_DELAY="0s", SWIFT_BACKTRACE="enable=no", **settings)
        program = [self.options.postern, "serve"]
        if shell:
            program = ["bash", "-c", f'{shell} exec "$0" serve', self.options.postern]
            if "2>" in shell:
                program[2] = f'exec "$0" serve {shell}'
        with Instance(program, log, environment) as process:
            wait_until_live(process, port)
            process.port = port
            yield process
            process.check()

    @contextlib.contextmanager
    def part(self, title):
        self.say(title)
        begun = time.monotonic()
        try:
            yield
        except (Failure, OSError, AssertionError, subprocess.TimeoutExpired, http.client.HTTPException) as error:
            self.expect(False, f"{title}: {type(error).__name__} {error}")
        self.say(f"  {time.monotonic() - begun:.0f} s")

    def relay(self, name, delay=0.0):
        return Relay(name, "paced", 0, self.folder, delay)


def ask(port, method, path, body=None, patience=30, connection=None, **headers):
    """Sends a request on a connection of its own, or on that one. Returns status, header fields and body."""
    own = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    own.request(method, path, body, headers)
    response = own.getresponse()
    text = response.read().decode()
    if not connection:
        own.close()
    return response.status, response.headers, text


def post(port, key=None, connection=None, patience=30, name="ann", **members):
    """Sends a message: its status, header fields and document."""
    body = json.dumps({"from": f"{name}@example.org", "to": f"{name}@example.net", "subject": "x", "text": "x", **members})
    headers = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}
    status, fields, text = ask(port, "POST", "/messages", body, patience, connection, **headers)
    return status, fields, json.loads(text)


def metric(port, name, connection=None):
    _, _, text = ask(port, "GET", "/metrics", connection=connection)
    found = re.search(rf"^{re.escape(name)} ([0-9.e+]+)$", text, re.M)
    return float(found[1]) if found else None


def until(condition, seconds, pause=0.1):
    """Waits for a condition. Returns whether it came true."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


def log_of(process):
    with open(process.log, errors="replace") as file:
        return file.read()


# More messages than the relay takes.


class Load:
    """Requests at a fixed rate, whatever becomes of them; each on a connection that is free, or on a new one, but on so many
    at most.
    """

    def __init__(self, port, connections=100_000):
        self.port, self.results, self.room = port, [], asyncio.Semaphore(connections)
        # In turn, so that none rests.
        self.free = collections.deque()
        # How much later than it was due a request was sent at most: then the client is too slow, and not the gateway.
        self.lag = 0.0

    async def one(self, name):
        async with self.room:
            await self._send(name)

    async def _send(self, name):
        begun = time.monotonic()
        try:
            # One that rested for long, the gateway may be about to close (POSTERN_IDLE_TIMEOUT is a minute).
            while self.free and (self.free[0][0].at_eof() or begun - self.free[0][2] > 30):
                self.free.popleft()[1].close()
            if self.free:
                reader, writer, _ = self.free.popleft()
            else:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            body = json.dumps({"from": f"{name}@example.org", "to": f"{name}@example.net", "subject": name,
                               "text": "x" * 500}).encode()
            writer.write(b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                         b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)).decode().lower()
            document = json.loads(await reader.readexactly(int(re.search(r"content-length: (\d+)", head)[1])))
            self.results.append((name, int(head.split()[1]), time.monotonic() - begun, "retry-after: " in head, document))
            if "connection: close" in head:
                writer.close()
            else:
                self.free.append((reader, writer, time.monotonic()))
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            self.results.append((name, type(error).__name__, time.monotonic() - begun, False, {}))

    async def run(self, rate, seconds, prefix):
        tasks, begun = [], time.monotonic()
        for number in range(round(rate * seconds)):
            wait = begun + number / rate - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            self.lag = max(self.lag, -wait)
            tasks.append(asyncio.create_task(self.one(f"{prefix}{number}.1")))
        await asyncio.gather(*tasks)
        for _, writer, _ in self.free:
            writer.close()
        await asyncio.sleep(0)


class Lag(Exception):
    """The client is too slow for the rate."""


def overload(bench):
    rate = bench.options.rate
    while True:
        try:
            return overload_at(bench, rate)
        except Lag as lag:
            if rate <= bench.options.rate / 8:
                return bench.expect(False, f"this machine is too slow to say anything: {lag}")
            bench.say(f"  {lag}; again, with half of the rate")
            rate //= 2


def overload_at(bench, rate):
    options = bench.options
    room, taken_at, told, found = 4 * rate, {}, set(), []
    with bench.part(f"1, 2, 5 and 10 times the {rate} messages a second that the relay takes; room for {room} requests"), \
            bench.relay(f"paced-{rate}", SESSIONS / rate) as relay, \
            bench.gateway(relay, POSTERN_MAX_IN_FLIGHT=str(room)) as gateway, \
            Sampler(lambda: gateway.status()["threads"]) as threads:
        for factor in (1, 2, 5, 10):
            load, begun = Load(gateway.port), time.monotonic()
            asyncio.run(load.run(rate * factor, options.overload, f"m{factor}x"))
            taken_at = {name: at for at, kind, name, _, _ in relay.events() if kind == "taken"}
            # The queue fills at first, and empties at last: neither is counted.
            taken = [at for name, at in taken_at.items()
                     if name.startswith(f"m{factor}x") and 1 <= at - begun <= options.overload]
            throughput = len(taken) / (options.overload - 1)
            accepted = {name for name, status, *_ in load.results if status == 200}
            refused = [result for result in load.results if result[1] == 503]
            told |= accepted
            found.append(throughput)
            waits = sorted(took for _, _, took, _, _ in refused) or [0]
            times = sorted(took for _, status, took, _, _ in load.results if status == 200)
            bench.say(f"  {factor:>2} times: {len(load.results)} requests, {len(accepted)} accepted, {len(refused)} × 503; "
                      f"the relay took {throughput:.0f} a second; median of accepted {statistics.median(times):.2f} s; "
                      f"503 after {statistics.median(waits) * 1000:.0f} ms, 99 of 100 after "
                      f"{waits[len(waits) * 99 // 100] * 1000:.0f} ms")
            if load.lag > 1:
                raise Lag(f"the client lags by {load.lag:.1f} s at {rate * factor} a second")
            others = collections.Counter(result[1] for result in load.results if result[1] not in (200, 503))
            bench.expect(not others, f"{factor} times: other responses {dict(others)}")
            bench.expect(factor > 1 or not refused, f"{len(refused)} × 503 although the relay takes as much as is sent")
            bench.expect(factor < 5 or len(refused) > len(load.results) / 3, f"{factor} times: only {len(refused)} × 503")
            bench.expect(all(retry for _, _, _, retry, _ in refused), f"{factor} times: a 503 without Retry-After")
            bench.expect(all(one.get("outcome") == "not_sent" and one.get("retryable") for *_, one in refused),
                         f"{factor} times: a 503 that does not say not_sent and retryable")
            lied = [name for name, *_ in refused if name in taken_at]
            bench.expect(not lied, f"{factor} times: told 503, and the relay took them: {lied[:5]}")
            # At once: not after a place in a queue. Generous, for machines that do other things.
            bench.expect(waits[len(waits) * 99 // 100] < 2, f"{factor} times: 503 came late")
        ratio = found[-1] / found[0]
        bench.say(f"  throughput at 10 times: {ratio:.2f} of that at 1 time; {threads.most} threads")
        bench.expect(ratio >= options.ratio, f"throughput at 10 times is {ratio:.2f} of that at 1 time")
        bench.expect(told == set(taken_at), f"accepted {len(told)}, and the relay took {len(taken_at)}")
        bench.expect(threads.most <= THREADS, f"{threads.most} threads")


# Many requests in flight.


class Crowd:
    """So many connections, on which a request is sent at once."""

    def __init__(self, port, count):
        self.sockets = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(count)]

    def send(self, request):
        for one in self.sockets:
            one.sendall(request)

    def statuses(self, seconds, is_head=False):
        """The statuses of the responses, as they come."""
        counts, waiting, texts = collections.Counter(), {one.fileno(): one for one in self.sockets}, {}
        with select.epoll() as epoll:
            for number in waiting:
                epoll.register(number, select.EPOLLIN)
            end = time.monotonic() + seconds
            while waiting and time.monotonic() < end:
                for number, _ in epoll.poll(1):
                    piece = waiting[number].recv(65536)
                    texts[number] = texts.get(number, b"") + piece
                    head, ended, body = texts[number].partition(b"\r\n\r\n")
                    length = re.search(rb"(?i)content-length: (\d+)", head)
                    if not piece:
                        counts["closed"] += 1
                    elif ended and (is_head or length and len(body) >= int(length[1])):
                        counts[int(head.split()[1])] += 1
                    else:
                        continue
                    epoll.unregister(number)
                    del waiting[number], texts[number]
        counts["nothing"] += len(waiting)
        return +counts

    def close(self):
        for one in self.sockets:
            one.close()


def in_flight(bench):
    options, count = bench.options, bench.options.in_flight
    request, slack = message_request(), options.slack
    with bench.part(f"{count} requests in flight, the limit of POSTERN_MAX_IN_FLIGHT"), \
            bench.relay("held") as relay, \
            bench.gateway(relay, POSTERN_MAX_IN_FLIGHT=str(count), POSTERN_QUEUE_TIMEOUT="10m",
                          POSTERN_RELAY_FINAL_REPLY_TIMEOUT="10m") as gateway, \
            Sampler(lambda: gateway.status()["threads"]) as threads:
        for _ in range(200):
            post(gateway.port)
        # Started by what asks for it first: the probes of the relay, with loops of their own.
        metric(gateway.port, "postern_messages_in_flight")
        time.sleep(2)
        before, descriptors = gateway.own_memory(), gateway.descriptors()

        def fill(crowd, name):
            """Has all requests in flight, and measures."""
            relay.hold()
            crowd.send(request)
            bench.expect(until(lambda: metric(gateway.port, "postern_messages_in_flight") == count, 120),
                         f"not all requests on {name} connections were taken")
            time.sleep(1)
            memory = (gateway.own_memory() - before) / count
            begun = time.monotonic()
            status, fields, document = post(gateway.port)
            took = time.monotonic() - begun
            bench.expect((status, document.get("outcome")) == (503, "not_sent") and fields["Retry-After"] and took < 2,
                         f"one more request: {status} after {took:.1f} s, {document}")
            relay.go_on()
            statuses = crowd.statuses(180)
            bench.expect(statuses == {200: count}, f"responses on {name} connections: {dict(statuses)}")
            bench.say(f"  on {name} connections: {memory:.1f} KiB each; one more was refused with {status} after "
                      f"{took * 1000:.0f} ms; responses: {dict(statuses)}")
            bench.expect(memory <= IN_FLIGHT_KIB * slack, f"{memory:.1f} KiB each on {name} connections")

        crowd = Crowd(gateway.port, count)
        fill(crowd, "new")
        time.sleep(options.settle)
        memory = (gateway.own_memory() - before) / count
        bench.say(f"  kept and idle: {memory:.1f} KiB each")
        # Only with tcmalloc does memory that was freed leave the process.
        bench.expect(memory <= IDLE_KIB * slack or slack > 1, f"{memory:.1f} KiB for each kept idle connection")
        fill(crowd, "kept")
        peak = gateway.own_memory()
        crowd.close()
        until(lambda: gateway.descriptors() <= descriptors + SESSIONS, 30)
        left, sessions = gateway.descriptors(), connections_to(relay.port)
        bench.expect(left - sessions <= descriptors,
                     f"{left} descriptors after all clients left, {sessions} of them sessions; {descriptors} before")
        goal = before + max(8192, (peak - before) // 5)
        until(lambda: gateway.own_memory() <= goal, options.returns if slack == 1 else 3, 1)
        after = gateway.own_memory()
        bench.say(f"  own memory: {before / 1024:.1f} MiB before, {peak / 1024:.1f} at most, {after / 1024:.1f} after the "
                  f"clients left; {threads.most} threads")
        bench.expect(after <= goal or slack > 1, f"{after / 1024:.1f} MiB stayed after all clients left")
        bench.expect(threads.most <= THREADS, f"{threads.most} threads")


# A steady load.


def steady(bench):
    options, samples = bench.options, []
    with bench.part(f"{options.steady} s of {options.rate} messages a second"), bench.relay("quick", 0.005) as relay, \
            bench.gateway(relay) as gateway:
        post(gateway.port)
        metric(gateway.port, "postern_messages_in_flight")
        time.sleep(1)
        before, ended, begun = gateway.descriptors(), threading.Event(), time.monotonic()

        def sample():
            while not ended.wait(0.25):
                samples.append((time.monotonic() - begun, gateway.own_memory(), gateway.descriptors()))

        watcher = threading.Thread(target=sample, daemon=True)
        watcher.start()
        load = Load(gateway.port, CONNECTIONS)
        asyncio.run(load.run(options.rate, options.steady, "m"))
        ended.set()
        watcher.join()
        statuses = collections.Counter(result[1] for result in load.results)
        early, late = (statistics.median(memory for at, memory, _ in samples if first <= at / options.steady <= last) / 1024
                       for first, last in ((0.3, 0.55), (0.75, 1)))
        # One for each client and each session, and some for sessions that end while others begin.
        most, bound = max(one[2] for one in samples), before + CONNECTIONS + SESSIONS + 8
        until(lambda: gateway.descriptors() - connections_to(relay.port) < before, 10)
        left = gateway.descriptors() - connections_to(relay.port)
        bench.say(f"  {dict(statuses)}; own memory {early:.1f} MiB early, {late:.1f} late; {most} descriptors at most, for "
                  f"{CONNECTIONS} clients and {SESSIONS} sessions; {left} after the clients left, without those of sessions")
        bench.expect(statuses == {200: len(load.results)}, f"responses {dict(statuses)}")
        bench.expect(late <= early * 1.1 + 2, f"own memory grew from {early:.1f} to {late:.1f} MiB")
        bench.expect(most <= bound, f"{most} descriptors, {bound} can be explained")
        bench.expect(left < before, f"{left} descriptors stayed after the clients left, {before} with a session before")


# What a process needs, taken from it.


def no_descriptors(bench, limit, clients):
    with bench.part(f"{limit} descriptors, and {clients} connections that want one each"), \
            bench.relay(f"d{limit}") as relay, bench.gateway(relay, shell=f"ulimit -n {limit};") as gateway:
        kept = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
        bench.expect(post(gateway.port, connection=kept)[0] == 200, "a message before")
        crowd = Crowd(gateway.port, clients)
        time.sleep(1)
        status, _, document = post(gateway.port, connection=kept)
        bench.expect(status == 200, f"a message on a kept connection meanwhile: {status} {document}")
        most, used = metric(gateway.port, "process_max_fds", kept), metric(gateway.port, "process_open_fds", kept)
        cpu = gateway.cpu_seconds()
        time.sleep(1)
        cpu = gateway.cpu_seconds() - cpu
        bench.expect(most == limit, f"process_max_fds is {most}")
        bench.expect(cpu < 0.7, f"{cpu:.2f} s of CPU in a second in which nothing is served")
        crowd.close()
        begun = time.monotonic()
        bench.expect(until(lambda: is_live(gateway.port), 10), "no new connection is served after the others left")
        took = time.monotonic() - begun
        bench.expect(post(gateway.port)[0] == 200, "a message afterwards")
        said = re.search(r'"message":"[^"]*open files[^"]*"', log_of(gateway))
        bench.expect(said, "no log line says that the limit of open files is too low")
        kept.close()
        until(lambda: gateway.descriptors() < 40, 5)
        bench.say(f"  {used:.0f} of {most:.0f} descriptors were in use, a kept connection was served; {took:.1f} s after "
                  f"the others left new ones were; {gateway.descriptors()} descriptors then; CPU {cpu:.2f} s in a second")


def is_live(port):
    try:
        return ask(port, "GET", "/livez", patience=2)[0] == 200
    except OSError:
        return False


def closed_streams(bench):
    for shell in ("2>&-", "<&- >&- 2>&-"):
        with bench.part(f"started with {shell}"), bench.relay(f"closed{len(shell)}") as relay, \
                bench.gateway(relay, shell=shell, POSTERN_STORE=f"sqlite:{bench.folder}/closed{len(shell)}.db") as gateway:
            # A descriptor below 3 that is free is given to what is opened next. Log lines must reach no socket, and no file.
            kinds = [os.readlink(f"/proc/{gateway.pid}/fd/{number}") for number in range(3)
                     if os.path.exists(f"/proc/{gateway.pid}/fd/{number}")]
            statuses = [post(gateway.port, name=f"m{number}.1")[0] for number in range(50)]
            bench.expect(statuses == [200] * 50, f"responses {collections.Counter(statuses)}")
            taken = [name for _, kind, name, _, _ in relay.events() if kind == "taken"]
            bench.expect(taken == [f"m{number}.1" for number in range(50)], f"the relay took {len(taken)} messages")
            bench.expect(not any(kind.startswith("socket:") or ".db" in kind for kind in kinds),
                         f"standard streams are {kinds}")
            gateway.signal(signal.SIGTERM)
            code = gateway.wait(20)
            bench.expect(code == 0, f"ended with {code}")
            bench.say(f"  50 messages were sent; descriptors 0 to 2 are {kinds}")
            raise_nothing(gateway)


def raise_nothing(gateway):
    """The block of a gateway that has ended is left in peace."""
    gateway.check = lambda: None


def wide_request():
    """A message whose log line is long, with POSTERN_LOG_ADDRESSES."""
    recipients = [f"{'recipient' * 6}{number}@{'example' * 4}.net" for number in range(40)]
    body = json.dumps({"from": "ann@example.org", "to": recipients, "subject": "x", "text": "x"}).encode()
    return (b"POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


def unread_log(bench):
    # 64 KiB are the pipe's, and 4 MiB are kept by the gateway: these lines are more than that.
    rounds, clients = 110, 32
    with bench.part("standard error is a pipe that nobody reads"), bench.relay("unread") as relay:
        fifo, request = f"{bench.folder}/stderr", wide_request()
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        with bench.gateway(relay, shell=f"2>{fifo}", POSTERN_LOG_ADDRESSES="true") as gateway:
            crowd, statuses = Crowd(gateway.port, clients), collections.Counter()
            for _ in range(rounds):
                crowd.send(request)
                statuses += crowd.statuses(30)
            bench.expect(statuses == {200: rounds * clients}, f"responses {dict(statuses)}")
            text, dropped, end = b"", None, time.monotonic() + 20
            while dropped is None and time.monotonic() < end:
                with contextlib.suppress(BlockingIOError):
                    text += os.read(reader, 1 << 20)
                    dropped = re.search(rb'"message":"[^"]*dropped[^"]*"', text[-65536 * 2:])
                time.sleep(0.001)
            wrong = [line for line in text.split(b"\n")[:-1] if not is_json(line)]
            bench.expect(not wrong, f"{len(wrong)} log lines are not JSON, such as {wrong[:1]}")
            bench.expect(dropped, f"{text.count(10)} lines for {dict(statuses)}, and none says how many were dropped")
            bench.say(f"  {statuses[200]} messages were accepted; {len(text) / 1e6:.1f} MB in {text.count(10)} lines were "
                      f"read afterwards, and {dropped[0].decode() if dropped else 'nothing'}")
            # And it ends while nobody reads.
            for _ in range(5):
                crowd.send(request)
                crowd.statuses(30)
            crowd.close()
            begun = time.monotonic()
            gateway.signal(signal.SIGTERM)
            code = gateway.wait(30)
            bench.expect(code == 0, f"ended with {code}")
            bench.say(f"  SIGTERM, with the pipe full again: ended after {time.monotonic() - begun:.1f} s")
            raise_nothing(gateway)
        os.close(reader)


def is_json(line):
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


@contextlib.contextmanager
def small_disk(bench, name, size):
    """A file system of its own, for as long as the block lasts."""
    folder = f"{bench.folder}/{name}"
    os.mkdir(folder)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=False)


def fill_disk(folder):
    path = f"{folder}/filler"
    with contextlib.suppress(OSError), open(path, "ab", 0) as file:
        while True:
            file.write(b"x" * 4096)
    return path


def full_log_disk(bench):
    with bench.part("the log's disk is full"), small_disk(bench, "log", 256) as disk, bench.relay("log") as relay, \
            bench.gateway(relay, shell=f"2>>{disk}/log") as gateway:
        bench.expect(post(gateway.port)[0] == 200, "a message before")
        filler = fill_disk(disk)
        statuses = [post(gateway.port)[0] for _ in range(200)]
        bench.expect(statuses == [200] * 200, f"responses {collections.Counter(statuses)}")
        time.sleep(0.2)
        os.remove(filler)

        def lines():
            post(gateway.port)
            with open(f"{disk}/log", "rb") as file:
                return file.read().splitlines()
        until(lambda: any(b"dropped" in line for line in lines()), 3)
        found = lines()
        said = [line.decode() for line in found if b"dropped" in line]
        wrong = [line for line in found if not is_json(line)]
        lost = sum(float(number) for number in re.findall(
            r"^postern_log_lines_dropped_total ([0-9.e+]+)$", ask(gateway.port, "GET", "/metrics")[2], re.M))
        bench.expect(len(found) < 200, f"{len(found)} lines: the disk was not full")
        # What was half written when the disk was full is one line.
        bench.expect(len(wrong) <= 1, f"{len(wrong)} log lines are not JSON, such as {wrong[:2]}")
        bench.expect(said or lost, "200 messages have no log line, and neither a later line nor a metric says so")
        bench.say(f"  200 messages were accepted meanwhile; {len(found)} lines are in the log; it says: {said[:1]}")


def full_store_disk(bench):
    with bench.part("the store's disk is full"), small_disk(bench, "store", 1024) as disk, bench.relay("store") as relay, \
            bench.gateway(relay, POSTERN_STORE=f"sqlite:{disk}/records.db") as gateway:
        port = gateway.port
        bench.expect(post(port, key="before")[0] == 200, "a message with a key before")
        filler = fill_disk(disk)
        found = collections.Counter()
        for number in range(300):
            status, fields, document = post(port, key=f"full-{number}")
            found[status, document.get("outcome") or document.get("status")] += 1
            bench.expect(status != 503 or fields["Retry-After"], "a 503 without Retry-After")
        plain = collections.Counter(post(port)[0] for _ in range(50))
        ready, up = ask(port, "GET", "/readyz"), metric(port, STORE_UP)
        bench.expect(set(found) <= {(200, "accepted"), (503, "not_sent")} and found[503, "not_sent"],
                     f"messages with keys: {dict(found)}")
        bench.expect(plain == {200: 50}, f"messages without keys: {dict(plain)}")
        bench.expect(up == 0, f"postern_store_up is {up}")
        bench.expect(ready[0] == 200 and json.loads(ready[2])["status"] == "degraded", f"/readyz: {ready[0]} {ready[2]}")
        bench.expect("store" in log_of(gateway).lower(), "no log line speaks of the store")
        taken = sum(kind == "taken" for _, kind, _, _, _ in relay.events())
        told = 1 + found[200, "accepted"] + plain[200]
        bench.expect(taken == told, f"{told} messages were accepted, and the relay took {taken}")
        os.remove(filler)
        begun = time.monotonic()
        bench.expect(until(lambda: post(port, key=f"again-{time.monotonic()}")[0] == 200, 20), "no recovery in 20 s")
        bench.expect(until(lambda: metric(port, STORE_UP) == 1, 10), "postern_store_up stays 0")
        status, fields, _ = post(port, key="before")
        bench.expect(status == 200 and fields["Idempotency-Replayed"] == "true", "what was known before is forgotten")
        bench.say(f"  with keys: {dict(found)}; without: {dict(plain)}; postern_store_up 0, /readyz degraded; keys worked "
                  f"again {time.monotonic() - begun:.1f} s after there was room")


def environment(bench):
    no_descriptors(bench, 64, 400)
    no_descriptors(bench, 256, 1000)
    closed_streams(bench)
    unread_log(bench)
    full_log_disk(bench)
    full_store_disk(bench)


PARTS = {"overload": overload, "in-flight": in_flight, "steady": steady, "environment": environment}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--steady", type=float)
    parser.add_argument("--in-flight", type=int)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--ratio", type=float)
    parser.add_argument("--slack", type=float)
    parser.add_argument("--postern", required=True)
    options = parser.parse_args()
    if unknown := set(options.parts.split(",")) - set(PARTS):
        parser.error(f"no such part: {', '.join(unknown)}")
    options.steady = options.steady or (600 if options.full else 20)
    options.ratio = options.ratio or (0.9 if options.full else 0.75)
    options.overload = 15 if options.full else 5
    options.settle, options.returns = (5, 60) if options.full else (2, 30)
    # The goals are for the release build; other builds have another allocator and no optimization.
    is_release = "release" in Path(os.path.realpath(options.postern)).parts
    # With fewer, what the allocator's caches hold at most, some 10 MiB in all, would count for each.
    options.in_flight = options.in_flight or (10_000 if options.full or is_release else 2000)
    options.slack = options.slack or (1 if is_release else 3)
    folder = tempfile.mkdtemp(prefix="postern-capacity-")
    bench = Bench(options, folder)
    if not is_release:
        bench.say(f"not a release build: memory may be {options.slack:g} times the goal, and need not return")
    for name in options.parts.split(","):
        PARTS[name](bench)
    for fault in bench.faults:
        print(f"FAILED {fault}")
    if bench.faults:
        print(f"journals and logs are in {folder}")
    else:
        shutil.rmtree(folder)
    return bool(bench.faults)


if __name__ == "__main__":
    sys.exit(main())
