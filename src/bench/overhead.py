#!/usr/bin/env python3
"""What a call costs on its way through the gateway: CPU per call and latency, beside nginx and beside no proxy at all.

One stand-in upstream (nginx, answering from memory) is asked directly, through nginx as a proxy, and through the
gateway with an API key, limits of rate and number, and capture of whole bodies on, in interleaved rounds of the same
load (wrk); no two calls have the same body. CPU is what the operating system booked on the
process that carries the call, divided by the calls it carried; PostgreSQL's share is printed beside it. Exits 1 when
the aim is missed.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src" / "test" / "e2e"))
from conftest import Gateway, free_port, scratch, wait_until  # noqa: E402

AIM_MICROS_AT_16 = 60
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
    parser.add_argument("--shape", choices=("json", "stream", "both"), default="both")
    arguments = parser.parse_args()
    for tool in ("nginx", "wrk"):
        if not shutil.which(tool):
            sys.exit(f"bench overhead needs {tool}: apt-get install {tool}")
    folder = scratch()
    running = []
    try:
        missed = measure(arguments, folder, running)
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


def java_of(gateway):
    """The launcher becomes the Java process by exec."""
    return gateway.child.pid


def database_of(gateway):
    first = int(next(gateway.data.glob("**/postmaster.pid")).read_text().split()[0])
    return [first, *children(first)]


if __name__ == "__main__":
    main()
