#!/usr/bin/env python3
"""How soon an upstream is left when a client leaves: many clients leave at random moments, by every way there is.

Before the head, between two events, inside an event, before and inside a JSON answer; by a close, a reset, and by a
half-close. The time is from the client's leaving until the upstream's connection has closed, by one clock. Exits 1 when
the aim is missed, when an upstream was not left at all, or when a call has no row that says that its client was gone.
"""

import argparse
import itertools
import json
import pathlib
import random
import re
import shutil
import socket
import statistics
import struct
import sys
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src" / "test" / "e2e"))
from conftest import Gateway, Scripted, fetch, scratch, wait_until  # noqa: E402

AIM_MS = 100
# What is asked, and the least and most milliseconds after which the client leaves.
MOMENTS = {
    "stream, before the head": (True, "wait=3000", 5, 300),
    "stream, between events": (True, "gap=20,events=500", 60, 400),
    "stream, inside an event": (True, "fault=half,at=3,gap=5,events=9", 60, 200),
    "JSON, before the head": (False, "wait=3000", 5, 300),
    "JSON, inside the answer": (False, "fault=stall", 60, 200),
}
WAYS = ("close", "reset", "half-close")


def leave(base_url, stream, plan, name, way, millis):
    """One call that is left; returns the clock's nanoseconds at that moment."""
    url = urllib.parse.urlsplit(base_url)
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": f"Go on. scripted{{id={name},{plan}}}"}]}
    text = json.dumps({**body, "stream": stream})
    with socket.create_connection((url.hostname, url.port)) as client:
        head = f"POST {url.path}/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
        client.sendall(f"{head}content-length: {len(text)}\r\n\r\n{text}".encode())
        time.sleep(millis / 1000)
        if way == "half-close":
            began = time.monotonic_ns()
            client.shutdown(socket.SHUT_WR)
            # The other half stays open until the gateway has had its time.
            time.sleep(AIM_MS / 500)
            return began
        if way == "reset":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        began = time.monotonic_ns()
    return began


def closed(upstream, name):
    """When the upstream saw its connection close, in nanoseconds; None if it did not within two seconds."""
    for _ in range(200):
        call = fetch(f"{upstream.url}/calls/{name}")
        if call.get("closed"):
            return call["closed"]
        time.sleep(0.01)
    return None


def gone(gateway):
    """Calls whose client was gone, by the gateway's own count."""
    found = re.findall(r'^understudy_calls_seconds_count\{.*outcome="client_gone".*\} (\S+)$', metrics(gateway), re.M)
    return sum(map(float, found))


def metrics(gateway):
    return gateway.api("/q/metrics")


def main():
    parser = argparse.ArgumentParser(prog="understudy bench aborts", description=__doc__.split("\n")[0])
    parser.add_argument("--aborts", type=int, default=100)
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
    chance = random.Random(arguments.seed)
    cases = itertools.cycle(itertools.product(MOMENTS, WAYS))
    for n in range(20):  # a fresh JVM's first calls are no example
        leave(gateway.base_url, True, "gap=20,events=50", f"warm{n}", "close", 60)
    before, rows = gone(gateway), gateway.settled()
    took = {}
    for n in range(arguments.aborts):
        moment, way = next(cases)
        stream, plan, least, most = MOMENTS[moment]
        began = leave(gateway.base_url, stream, plan, f"a{n}", way, chance.uniform(least, most))
        end = closed(upstream, f"a{n}")
        took.setdefault((moment, way), []).append(None if end is None else (end - began) / 1e6)
    wait_until(lambda: gateway.count() >= rows + arguments.aborts, 20, "a row a call")
    rows, told = gateway.settled() - rows, gone(gateway) - before

    all_times = [ms for times in took.values() for ms in times if ms is not None]
    left = [ms for times in took.values() for ms in times if ms is None]
    print(f"{'':28}{'':12}{'calls':>6}{'p50 ms':>9}{'slowest':>9}")
    for (moment, way), times in sorted(took.items()):
        known = [ms for ms in times if ms is not None] or [float("inf")]
        print(f"{moment:28}{way:12}{len(times):6}{statistics.median(known):9.2f}{max(known):9.2f}")
    slowest = max(all_times, default=float("inf"))
    print(
        f"\n{arguments.aborts} aborts: p50 {statistics.median(all_times or [slowest]):.2f} ms, slowest {slowest:.2f} ms"
    )
    print(f"aim: every upstream left within {AIM_MS} ms; {len(left)} were not left at all")
    print(f"rows: {rows} of {arguments.aborts}; the gateway counts {told:.0f} whose client was gone")
    missed = slowest > AIM_MS or left or rows != arguments.aborts or told != arguments.aborts
    if missed:
        print("The aim is MISSED.")
    return bool(missed)


if __name__ == "__main__":
    main()
