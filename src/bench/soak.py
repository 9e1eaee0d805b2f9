#!/usr/bin/env python3
"""Half the load that this machine carries, with random faults on both sides, then rest: is all given back?

Faults of the upstream: error statuses, broken, cut, reset and stalled answers. Faults of clients: leaving at random
moments by close, reset or half-close, reading slowly, hostile bodies. After a warm-up and a rest the base is taken;
after the load and the same rest, heap after a collection, direct memory, file descriptors, connections, threads,
in-flight calls and slots are held against it. Every call must have its row, none that went wrong may look whole, and
none that should go well may fail. Exits 1 when an aim is missed.
"""

import argparse
import asyncio
import collections
import gzip
import json
import os
import pathlib
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src" / "test" / "e2e"))
from conftest import Gateway, Scripted, scratch, wait_until  # noqa: E402

# More at a time than the gateway takes for one model would be told so, which is no fault.
WORKERS, MOST_UNDER_WAY = 16, 200
# The rest is longer than a connection to an upstream is kept without use.
CALIBRATION, REST = 15, 70
PATIENCE = 60
MIB = 1 << 20
TEXT = "Where is order 4711? It was promised for Tuesday. " * 6

# What an upstream does wrong, and the statuses that may come of it; 200 stands for an error inside the stream.
UPSTREAM_FAULTS = {
    "429": {429},
    "500": {500, 502},
    "503": {502, 503},
    "html": {502},
    "error200": {500, 502},
    "empty": {502},
    "reset-head": {502},
    "end": {200, 502},
    "cut": {200, 502},
    "reset": {200, 502},
    "error": {200, 500, 502},
    "nonsense": {200, 502},
}


def body_of(stream=False, plan="", model="gpt-4o-mini", responses=False, **more):
    content = TEXT + ("scripted{" + plan + "}" if plan else "")
    asked = {"input": content} if responses else {"messages": [{"role": "user", "content": content}]}
    return json.dumps({"model": model, "stream": stream, **asked, **more}).encode()


def deep(levels):
    return b'{"model":"a","messages":[' + b"[" * levels + b"]" * levels + b"]}"


WELL_JSON = body_of()
# Path, body, and what the answer must hold.
WELL = (
    ("/chat/completions", WELL_JSON, b'"finish_reason"'),
    ("/chat/completions", body_of(True, "events=30"), b"data: [DONE]"),
    ("/responses", body_of(responses=True), b'"status":"completed"'),
    ("/responses", body_of(True, "events=20", responses=True), b"event: response.completed"),
)
WELL_SHARES = (0.5, 0.35, 0.05, 0.1)
# Name: body, headers, and the status that must come. All have rows.
HOSTILE = {
    "cut JSON": (b'{"model":"gpt-4o-mini","messages":[', {}, 400),
    "no JSON": (b"\x00\xff\xfe" * 100, {}, 400),
    "key twice": (b'{"model":"a","model":"b","messages":[{}]}', {}, 400),
    "600 levels": (deep(600), {}, 400),
    "100,000 levels": (deep(100_000), {}, 400),
    "endless number": (b'{"model":"a","messages":[{}],"seed":' + b"9" * 5000 + b"}", {}, 400),
    "no model": (b'{"messages":[{"role":"user","content":"a"}]}', {}, 400),
    "no messages": (b'{"model":"a","messages":[]}', {}, 400),
    "a destination": (b'{"model":"a","messages":[{"role":"user"}],"base_url":"http://127.0.0.1"}', {}, 400),
    "plain text": (WELL_JSON, {"content-type": "text/plain"}, 415),
    "a false key": (WELL_JSON, {"authorization": "Bearer usk_00000000_" + "0" * 32}, 401),
    "a zip bomb": (gzip.compress(b" " * (80 * MIB)), {"content-encoding": "gzip"}, 413),
}


class Wrong(Exception):
    """An answer that is not what it should be."""


class Client:
    """One connection to the gateway; opened when it is needed."""

    def __init__(self, base_url):
        url = urllib.parse.urlsplit(base_url)
        self.host, self.port, self.path = url.hostname, url.port, url.path
        self.reader = self.writer = None

    async def send(self, body, headers=None, length=None, path="/chat/completions"):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port, limit=MIB)
        lines = {"content-type": "application/json", "content-length": len(body) if length is None else length}
        lines.update(headers or {})
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.writer.write(f"POST {self.path}{path} HTTP/1.1\r\nhost: a\r\n{head}\r\n".encode() + body)
        await self.writer.drain()

    async def head(self):
        text = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        headers = dict(line.lower().split(": ", 1) for line in text.split("\r\n")[1:] if ": " in line)
        return int(text[9:12]), headers

    async def answer(self):
        """(status, body); the connection stays open where the gateway lets it."""
        status, headers = await self.head()
        if "chunked" in headers.get("transfer-encoding", ""):
            parts = []
            while size := int(await self.reader.readline(), 16):
                parts.append((await self.reader.readexactly(size + 2))[:-2])
            await self.reader.readline()
            body = b"".join(parts)
        else:
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        if headers.get("connection") == "close":
            self.close()
        return status, body

    def close(self, way="close"):
        if self.writer is not None:
            if way == "reset":
                linger = struct.pack("ii", 1, 0)
                self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.writer.transport.abort()
            self.writer.close()
            self.reader = self.writer = None


class Load:
    """Calls of all kinds, by chance, and what became of them."""

    def __init__(self, base_url, seed):
        self.base_url, self.chance = base_url, random.Random(seed)
        self.made = collections.Counter()
        self.wrong = collections.Counter()
        # Calls whose head was whole: each has a row.
        self.sent = 0
        self.kinds = {
            self.well: 0.843,
            self.upstream_fault: 0.06,
            self.stalled: 0.005,
            self.leaves: 0.05,
            self.leaves_in_body: 0.005,
            self.slow: 0.002,
            self.hostile: 0.03,
            self.small_model: 0.001,
        }

    async def one(self, idle):
        """One call, on a connection that was kept or on one that goes with it."""
        kind = self.chance.choices(list(self.kinds), self.kinds.values())[0]
        name = kind.__name__
        self.made[name] += 1
        self.sent += 1
        client = idle.pop() if kind == self.well and idle else Client(self.base_url)
        try:
            await asyncio.wait_for(kind(client), PATIENCE)
        except (Wrong, OSError, ValueError, EOFError, asyncio.LimitOverrunError, TimeoutError) as error:
            self.wrong[f"{name}: {type(error).__name__} {error}"[:160]] += 1
            client.close()
        if kind == self.well:
            idle.append(client)
        else:
            client.close()

    async def well(self, client):
        path, asked, holds = self.chance.choices(WELL, WELL_SHARES)[0]
        await client.send(asked, path=path)
        status, body = await client.answer()
        if status != 200 or holds not in body.replace(b'": "', b'":"'):
            raise Wrong(f"{path}: status {status} {body[-200:]}")

    async def upstream_fault(self, client):
        fault, responses = self.chance.choice(list(UPSTREAM_FAULTS)), self.chance.random() < 0.25
        # Only a stream can end early, or tell an error inside.
        stream = fault in ("end", "error") or self.chance.random() < 0.7
        plan = f"fault={fault},at={self.chance.randint(0, 8)},events=12"
        path = "/responses" if responses else "/chat/completions"
        await client.send(body_of(stream, plan, responses=responses), path=path)
        status, body = await client.answer()
        told = b'"error":{' in body.replace(b" ", b"")
        whole = b"data: [DONE]" in body or b"event: response.completed" in body
        if status not in UPSTREAM_FAULTS[fault] or not told or whole:
            raise Wrong(f"{fault}, {path}, stream {stream}: status {status} {body[-200:]}")

    async def stalled(self, client):
        """The upstream says no more; the client waits a while and leaves."""
        stream = self.chance.random() < 0.5
        await client.send(body_of(stream, "fault=stall"))
        await asyncio.sleep(self.chance.uniform(0.3, 3))

    async def leaves(self, client):
        stream = self.chance.random() < 0.7
        plan = self.chance.choice(["wait=5000", "gap=5,events=2000", "fault=half,gap=5,events=20", "events=4000"])
        await client.send(body_of(stream, plan))
        # Late enough to be read as a call: a reset throws away what the gateway has not fetched.
        await asyncio.sleep(self.chance.uniform(0.25, 0.8))
        way = self.chance.choice(["close", "reset", "half-close"])
        if way == "half-close":
            client.writer.write_eof()
            await asyncio.sleep(0.2)
        client.close(way)

    async def leaves_in_body(self, client):
        await client.send(WELL_JSON[: len(WELL_JSON) // 2], length=len(WELL_JSON))
        await asyncio.sleep(self.chance.uniform(0.25, 0.8))
        client.close(self.chance.choice(["close", "reset"]))

    async def slow(self, client):
        """Takes a long stream in small pieces, and leaves after a while."""
        sock = socket.socket()
        # Fixed, so that the system does not take for the client what the client does not; no less than a segment.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 128 * 1024)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (client.host, client.port))
        client.reader, client.writer = await asyncio.open_connection(sock=sock, limit=4096)
        await client.send(body_of(True, "events=30000"))
        for _ in range(self.chance.randint(10, 100)):
            if not await client.reader.read(8192):
                raise Wrong("closed on a slow reader")
            await asyncio.sleep(0.03)

    async def hostile(self, client):
        body, headers, expected = HOSTILE[name := self.chance.choice(list(HOSTILE))]
        await client.send(body, headers)
        status, answer = await client.answer()
        if status != expected or b'"error":{' not in answer:
            raise Wrong(f"{name}: status {status} {answer[:200]}")

    async def small_model(self, client):
        await client.send(body_of(True, model="starter", max_tokens=8))
        if self.chance.random() < 0.3:
            await asyncio.sleep(self.chance.uniform(0.2, 0.5))
            return
        status, body = await client.answer()
        # Its queue is short: full is an answer too.
        if status not in (200, 503) or (status == 200 and b"data: [DONE]" not in body):
            raise Wrong(f"status {status} {body[-200:]}")

    async def run(self, seconds, rate):
        """Calls for a while, begun at random moments whether or not others are over; returns calls per second."""
        before, began = self.sent, time.monotonic()
        under_way, idle, due = set(), [], began
        while due < began + seconds:
            await asyncio.sleep(max(0, due - time.monotonic()))
            due += self.chance.expovariate(rate)
            if len(under_way) >= MOST_UNDER_WAY:
                await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            task = asyncio.create_task(self.one(idle))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        carried = (self.sent - before) / (time.monotonic() - began)
        await asyncio.gather(*under_way)
        for client in idle:
            client.close()
        return carried

    async def most(self, seconds):
        """Calls per second that are carried when a few clients ask again as soon as they are answered."""
        before, began = self.sent, time.monotonic()

        async def worker():
            client = Client(self.base_url)
            while time.monotonic() < began + seconds:
                self.sent += 1
                await self.well(client)
            client.close()

        await asyncio.gather(*(worker() for _ in range(WORKERS)))
        return (self.sent - before) / (time.monotonic() - began)


class Watch:
    """What the gateway holds at rest."""

    def __init__(self, gateway, upstream):
        self.gateway, self.upstream, self.pid = gateway, upstream, gateway.child.pid

    def jcmd(self, command):
        home = os.environ.get("JAVA_HOME")
        program = str(pathlib.Path(home) / "bin" / "jcmd") if home else "jcmd"
        return subprocess.run(
            [program, str(self.pid), command], capture_output=True, text=True, check=True, timeout=120
        ).stdout

    def sockets(self, port):
        """Sockets of which one end is this port, but for those that only wait for time to pass."""
        lines = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
        lines += [line.split() for line in pathlib.Path("/proc/net/tcp6").read_text().splitlines()[1:]]
        here = f":{port:04X}"
        # 06 waits, 0A listens.
        return sum(line[1].endswith(here) and line[3] not in ("06", "0A") for line in lines)

    def beside_heap(self):
        """Resident memory but for the heap's, which a collector may keep however little is in it; MiB."""
        info = self.jcmd("GC.heap_info").split("Metaspace")[0]
        ends = [int(address, 16) for address in re.findall(r"0x([0-9a-f]{9,})", info)]
        total, counted = 0, False
        for line in pathlib.Path(f"/proc/{self.pid}/smaps").read_text().splitlines():
            if place := re.match(r"([0-9a-f]+)-[0-9a-f]+ ", line):
                counted = not min(ends) <= int(place.group(1), 16) < max(ends)
            elif counted and line.startswith("Rss:"):
                total += int(line.split()[1])
        return total / 1024

    def at_rest(self):
        """Name: value."""
        self.jcmd("GC.run")
        # Counts what is reachable, after a collection of its own, whatever collector there is.
        heap = int(re.search(r"^Total +\d+ +(\d+)", self.jcmd("GC.class_histogram"), re.M).group(1)) / MIB
        metrics = self.gateway.api("/q/metrics")

        def total(name, tags=""):
            found = re.findall(rf"^{name}(?:{{[^}}]*{tags}[^}}]*}})? (\S+)$", metrics, re.M)
            return sum(map(float, found))

        return {
            "heap after GC, MiB": heap,
            "direct memory in use, MiB": total("netty_allocator_memory_pinned", 'memory_type="direct"') / MIB,
            "direct memory pooled, MiB": (
                total("netty_allocator_memory_used", 'memory_type="direct"') + total("jvm_buffer_memory_used_bytes")
            )
            / MIB,
            "resident beside the heap, MiB": self.beside_heap(),
            "file descriptors": len(os.listdir(f"/proc/{self.pid}/fd")),
            "connections of clients": self.sockets(urllib.parse.urlsplit(self.gateway.base_url).port),
            "connections to the upstream": self.upstream.stats()["open"],
            "threads": total("jvm_threads_live_threads"),
            "answers under way upstream": self.upstream.stats()["active"],
            "slots of the small model": total("understudy_slm_slots_busy") + total("understudy_slm_queue_size"),
            "rows not yet written": total("understudy_capture_queue"),
            "rows lost": total("understudy_capture_lost_total"),
        }


# How much more than at base there may be at the end: a share, and so many of its unit.
MAY_GROW = {
    "heap after GC, MiB": (0.10, 16),
    "direct memory in use, MiB": (0, 1),
    "direct memory pooled, MiB": (0.10, 32),
    "resident beside the heap, MiB": (0.25, 64),
    "file descriptors": (0, 16),
    "connections of clients": (0, 0),
    "connections to the upstream": (0, 2),
    "threads": (0, 8),
    "answers under way upstream": (0, 0),
    "slots of the small model": (0, 0),
    "rows not yet written": (0, 0),
    "rows lost": (0, 0),
}


def main():
    parser = argparse.ArgumentParser(prog="understudy bench soak", description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--rate", type=float, help="calls a second (half of what was carried for a while)")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    folder = scratch()
    running = [Scripted(folder)]
    try:
        running.append(Gateway(folder, running[0].port))
        missed = measure(arguments, *running)
    finally:
        for process in reversed(running):
            process.stop()
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if missed else 0)


def measure(arguments, upstream, gateway):
    watch, load = Watch(gateway, upstream), Load(gateway.base_url, arguments.seed)
    # A fresh JVM's first calls are no measure; the second run is.
    asyncio.run(load.most(CALIBRATION))
    full = asyncio.run(load.most(CALIBRATION))
    rate = arguments.rate or full / 2
    print(f"carried {full:.0f} calls/s; the load is {rate:.0f} calls/s for {arguments.minutes:g} minutes", flush=True)
    asyncio.run(load.run(CALIBRATION, rate))
    base = rest(watch, gateway)
    load.made.clear()
    load.wrong.clear()
    before, rows = load.sent, gateway.settled()

    carried = asyncio.run(load.run(arguments.minutes * 60, rate))
    end = rest(watch, gateway)
    wait_until(lambda: gateway.count() >= rows + load.sent - before, 120, "a row a call")
    calls, rows = load.sent - before, gateway.settled() - rows

    print(f"\n{'':30}{'base':>10}{'end':>10}{'aim':>10}")
    missed = []
    for name, value in end.items():
        share, more = MAY_GROW[name]
        most = base[name] * (1 + share) + more
        if value > most:
            missed.append(name)
        print(f"{name:30}{base[name]:10.1f}{value:10.1f}{most:10.1f}{'   MISSED' * (value > most)}")
    print(f"\n{calls} calls, {carried:.0f} a second: " + ", ".join(f"{n} {k}" for k, n in load.made.most_common()))
    print(f"rows: {rows}, aim {calls}")
    print(f"calls that did not end as they should: {load.wrong.total()}, aim 0")
    for what, n in load.wrong.most_common(20):
        print(f"  {n} x {what}")
    if rows != calls:
        missed.append("rows")
    if load.wrong:
        missed.append("ends")
    if missed:
        print("The aim is MISSED: " + ", ".join(missed))
    return bool(missed)


def rest(watch, gateway):
    """What is held once nothing is asked any more."""
    time.sleep(REST)
    gateway.settled()
    return watch.at_rest()


if __name__ == "__main__":
    main()
