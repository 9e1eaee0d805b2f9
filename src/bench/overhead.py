#!/usr/bin/env python3
"""What a call costs on its way through the gateway: CPU per call and latency, beside nginx and beside no proxy at all.

One stand-in upstream (nginx, answering from memory) is asked directly, through nginx as a proxy, and through the
gateway with an API key, limits of rate and number, and capture of whole bodies on, in interleaved rounds of the same
load (wrk); no two calls have the same body. CPU is what the operating system booked on the process that carries the
call, divided by the calls it carried; PostgreSQL's share is printed beside it. Then one stream after the other,
directly and through the gateway in turn, from an upstream that writes the time into each event: what is added to the
time to the first token and to each event. Exits 1 when an aim is missed.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src" / "test" / "e2e"))
from conftest import Gateway, Scripted, free_port, scratch, wait_until  # noqa: E402

AIM_MICROS_AT_16 = 60
AIM_ADDED_FIRST_MS, AIM_ADDED_EVENT_MS = 0.5, 0.1
# Until the JVM has compiled what a call runs through; what comes after is measured.
WARM_SECONDS = 40
# Never met, always counted.
LIMITS = "limits: { requestsPerMinute: 10000000, tokensPerMinute: 1000000000, concurrent: 1000 }"
TICKS = os.sysconf("SC_CLK_TCK")
ANSWER = {
    "id": "chatcmpl-bench",
    "object": "chat.completion",
    "created": 1,
    "model": "bench",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "The order has left the house. " * 8, "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 420, "completion_tokens": 64, "total_tokens": 484},
}
REQUEST = {
    "model": "gpt-4o-mini",
    "messages": [
        {"role": "system", "content": "You answer questions about orders. " * 40},
        {"role": "user", "content": "Where is order 4711? It was promised for Tuesday. " * 6},
    ],
}


def stream_of(events):
    def chunk(delta, finish=None):
        body = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1, "model": "bench"}
        body["choices"] = [{"index": 0, "delta": delta, "finish_reason": finish}]
        return "data: " + json.dumps(body) + "\n\n"

    parts = [chunk({"role": "assistant", "content": "", "refusal": None})]
    parts += [chunk({"content": f"word{i} "}) for i in range(events - 2)]
    return "".join(parts) + chunk({}, "stop") + "data: [DONE]\n\n"


def said(text):
    """nginx directives that answer with a text from memory; one word of its configuration holds 4 kB at most."""
    parts = [text[i : i + 3000] for i in range(0, len(text), 3000)]
    sets = "".join(f"set $part{n} '{part}';\n" for n, part in enumerate(parts))
    return sets + 'return 200 "' + "".join(f"${{part{n}}}" for n in range(len(parts))) + '";'


def limited(text):
    """The starter policies with limits for the team."""
    return text.replace("    - name: local\n", f"    - name: local\n      {LIMITS}\n")


def load_script(body, key):
    """What wrk sends: the body with a number in it that counts up."""
    before, after = body.split("4711", 1)
    return f"""
local count = 0
local headers = {{ ["Content-Type"] = "application/json", ["Authorization"] = "Bearer {key}" }}
request = function()
  count = count + 1
  return wrk.format("POST", nil, headers, [==[{before}]==] .. count .. [==[{after}]==])
end
"""


class Nginx:
    """One worker on a free port; either answers itself or passes on."""

    def __init__(self, folder, location):
        self.port = free_port()
        folder.mkdir()
        (folder / "conf").write_text(
            f"worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
            "events { worker_connections 4096; }\n"
            "http { access_log off; keepalive_requests 10000000; default_type application/json;\n"
            f"client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;\n"
            f"uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; client_body_buffer_size 64k;\n"
            f"{location(self.port)} }}\n"
        )
        self.child = subprocess.Popen(["nginx", "-e", f"{folder}/error.log", "-c", f"{folder}/conf"])
        wait_until(lambda: children(self.child.pid), 10, "an nginx worker")

    def pids(self):
        return children(self.child.pid)

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        self.child.wait(10)


def children(pid):
    out = subprocess.run(["ps", "--ppid", str(pid), "-o", "pid="], capture_output=True, text=True).stdout
    return [int(p) for p in out.split()]


def cpu_seconds(pids):
    """User and system time of processes so far."""
    total = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def load(url, script, connections, seconds):
    """Runs wrk; returns (calls, p50 in ms, errors)."""
    out = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script, url],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    calls = int(re.search(r"(\d+) requests in", out).group(1))
    value, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", out).groups()
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    return calls, float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit], int(bad.group(1)) if bad else 0


def main():
    parser = argparse.ArgumentParser(prog="understudy bench overhead", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4, help="per target and round")
    parser.add_argument("--events", type=int, default=50, help="events of a streamed answer")
    parser.add_argument("--shape", choices=("json", "stream", "both", "latency", "all"), default="all")
    parser.add_argument("--streams", type=int, default=150, help="of each way, for the added latency")
    arguments = parser.parse_args()
    for tool in ("nginx", "wrk"):
        if not shutil.which(tool):
            sys.exit(f"bench overhead needs {tool}: apt-get install {tool}")
    folder = scratch()
    running = []
    missed = False
    try:
        if arguments.shape != "latency":
            missed = measure(arguments, folder, running)
        if arguments.shape in ("latency", "all"):
            for process in reversed(running):
                process.stop()
            running.clear()
            missed = added(arguments.streams, folder, running) or missed
    finally:
        for process in reversed(running):
            process.stop()
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if missed else 0)


def measure(arguments, folder, running):
    whole, events = json.dumps(ANSWER), stream_of(arguments.events)
    upstream = Nginx(
        folder / "upstream",
        lambda port: (
            f"""server {{ listen 127.0.0.1:{port};
          location /v1/chat/completions {{ {said(whole)} }}
          location /stream/ {{ default_type text/event-stream; {said(events)} }} }}"""
        ),
    )
    running.append(upstream)
    proxy = Nginx(
        folder / "proxy",
        lambda port: (
            f"""upstream up {{ server 127.0.0.1:{upstream.port}; keepalive 64; }}
          server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://up; proxy_http_version 1.1;
          proxy_set_header Connection ""; proxy_buffering off; }} }}"""
        ),
    )
    running.append(proxy)
    (folder / "json").mkdir()
    (folder / "events").mkdir()
    shapes = []
    if arguments.shape != "stream":
        shapes.append(("JSON", Gateway(folder / "json", upstream.port, edit=limited), ""))
        running.append(shapes[-1][1])
    if arguments.shape != "json":
        stream = Gateway(folder / "events", upstream.port, path="/stream/v1", edit=limited)
        shapes.append((f"stream of {arguments.events}", stream, "/stream"))
        running.append(stream)

    missed = False
    for shape, gateway, prefix in shapes:
        body = json.dumps(dict(REQUEST, stream=True) if prefix else REQUEST)
        script = folder / ("stream.lua" if prefix else "json.lua")
        key = gateway.api("/api/keys", {"team": "local", "app": "default"})["key"]
        script.write_text(load_script(body, key))
        direct = f"http://127.0.0.1:{upstream.port}{prefix}/v1/chat/completions"
        through = f"http://127.0.0.1:{proxy.port}{prefix}/v1/chat/completions"
        targets = {
            "no proxy": (direct, upstream.pids()),
            "nginx": (through, proxy.pids()),
            "understudy": (gateway.base_url + "/chat/completions", [java_of(gateway)]),
        }
        database = database_of(gateway)
        load(targets["understudy"][0], script, 16, WARM_SECONDS)
        for connections in (1, 16):
            load(targets["understudy"][0], script, connections, 4)
            rows = {name: [] for name in targets}
            stored = []
            for _ in range(arguments.rounds):
                for name, (url, pids) in targets.items():
                    cpu, other = cpu_seconds(pids), cpu_seconds(database)
                    calls, p50, errors = load(url, script, connections, arguments.seconds)
                    if errors:
                        sys.exit(f"{errors} of {calls} calls failed through {name}")
                    rows[name].append(((cpu_seconds(pids) - cpu) / calls * 1e6, p50, calls / arguments.seconds))
                    if name == "understudy":
                        stored.append((cpu_seconds(database) - other) / calls * 1e6)
            print(f"\n{shape}, {connections} connection{'s' * (connections > 1)}, {arguments.rounds} rounds, medians")
            print(f"{'':12}{'CPU µs/call':>12}{'p50 ms':>9}{'calls/s':>9}")
            for name, values in rows.items():
                cpu, p50, rate = (statistics.median(v[i] for v in values) for i in range(3))
                note = ""
                if name == "understudy":
                    note = f"   + PostgreSQL {statistics.median(stored):.0f} µs"
                    if connections == 16 and not prefix:
                        note += f"   aim ≤ {AIM_MICROS_AT_16} µs"
                        missed = cpu > AIM_MICROS_AT_16
                print(f"{name:12}{cpu:12.0f}{p50:9.2f}{rate:9.0f}{note}")
    print("\n'no proxy' shows the upstream's own CPU." + (" The aim is MISSED." if missed else ""))
    return missed


class Streams:
    """One connection, on which stamped streams are asked for one after the other."""

    def __init__(self, url, key):
        parts = urllib.parse.urlsplit(url)
        self.connection = socket.create_connection((parts.hostname, parts.port))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = f"POST {parts.path}/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n"
        self.asked = 0

    def ask(self, plan):
        """Milliseconds to the first token, and from an event's writing to its arrival for each event."""
        self.asked += 1
        body = json.dumps(dict(REQUEST, stream=True, user=f"u{self.asked}"))
        body = body.replace("Where is order", f"scripted{{{plan}}} Where is order", 1)
        length = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        began, first, delays, seen, text = time.monotonic_ns(), None, [], 0, b""
        self.connection.sendall((self.head + length + body).encode())
        while not text.endswith(b"\r\n0\r\n\r\n"):
            part = self.connection.recv(65536)
            now = time.monotonic_ns()
            if not part:
                sys.exit("a stream was cut off")
            text += part
            for stamp in STAMP.finditer(text, seen):
                seen = stamp.end()
                first = first or (now - began) / 1e6
                delays.append((now - int(stamp.group(1))) / 1e6)
        if b" 200 " not in text[:15] or not delays:
            sys.exit(f"a stream failed: {text[:300]}")
        return first, delays


STAMP = re.compile(rb'"content": *"(\d{6,}) *"')


def added(count, folder, running):
    """Prints what the gateway adds to the first token and to each event; whether an aim is missed."""
    (folder / "latency").mkdir()
    running.append(Scripted(folder / "latency"))
    running.append(Gateway(folder / "latency", running[0].port, edit=limited))
    upstream, gateway = running
    key = gateway.api("/api/keys", {"team": "local", "app": "default"})["key"]
    ways = {"no proxy": Streams(upstream.url + "/v1", key), "understudy": Streams(gateway.base_url, key)}
    end = time.monotonic() + WARM_SECONDS
    while time.monotonic() < end:
        for way in ways.values():
            way.ask("stamp=1,gap=0.001,events=20")
    found = {name: ([], []) for name in ways}
    for _ in range(count):
        for name, way in ways.items():
            first, delays = way.ask("stamp=1,gap=5,events=20")
            found[name][0].append(first)
            # The first word's way holds the call's, which the first figure tells.
            found[name][1].extend(delays[1:])
    print(f"\nlatency, one stream at a time, {count} of each way in turn, medians")
    print(f"{'':12}{'first token ms':>15}{'event ms':>10}")
    medians = {name: [statistics.median(values) for values in both] for name, both in found.items()}
    for name, (first, event) in medians.items():
        print(f"{name:12}{first:15.3f}{event:10.3f}")
    differences = [a - b for a, b in zip(medians["understudy"], medians["no proxy"], strict=True)]
    aims = AIM_ADDED_FIRST_MS, AIM_ADDED_EVENT_MS
    missed = any(value > aim for value, aim in zip(differences, aims, strict=True))
    print(f"{'added':12}{differences[0]:15.3f}{differences[1]:10.3f}   aims ≤ {aims[0]} and {aims[1]} ms")
    if missed:
        print("The aim for latency is MISSED.")
    return missed


def java_of(gateway):
    """The launcher becomes the Java process by exec."""
    return gateway.child.pid


def database_of(gateway):
    first = int(next(gateway.data.glob("**/postmaster.pid")).read_text().split()[0])
    return [first, *children(first)]


if __name__ == "__main__":
    main()
