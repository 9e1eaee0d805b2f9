#!/usr/bin/env python3
"""How fast the small model answers: tokens per second and time to first token at 1, 4 and 8 streams.

The whole way is measured: HTTP in, template, queue, decode steps shared by all streams, events out. Greedy, the starter
model, a prompt that differs per stream. Rounds are interleaved; the median is printed.
"""

import argparse
import http.client
import json
import pathlib
import shutil
import statistics
import sys
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src" / "test" / "e2e"))
from conftest import Gateway, free_port, scratch  # noqa: E402

TOPICS = ["lighthouses", "bees", "rivers", "clocks", "bread", "glaciers", "violins", "trains"]


def one(url, topic, tokens, result):
    """Streams one answer; appends (seconds to first token, tokens, seconds in all)."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=300)
    body = {
        "model": "starter",
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0,
        "max_tokens": tokens,
        "messages": [{"role": "user", "content": f"Write a long essay about {topic}, with many details and examples."}],
    }
    began, first, counted = time.perf_counter(), None, 0
    connection.request("POST", parts.path + "/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise SystemExit(f"status {answer.status}: {answer.read().decode()}")
    for line in answer:
        if line.startswith(b"data: {"):
            event = json.loads(line[6:])
            if first is None and event["choices"] and event["choices"][0]["delta"].get("content"):
                first = time.perf_counter() - began
            if event.get("usage"):
                counted = event["usage"]["completion_tokens"]
    result.append((first, counted, time.perf_counter() - began))


def main():
    parser = argparse.ArgumentParser(prog="understudy bench slm", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=128)
    arguments = parser.parse_args()
    folder = scratch()
    gateway = None
    try:
        (folder / "gateway").mkdir()
        gateway = Gateway(folder / "gateway", free_port(), edit=lambda text: text.replace("parallel: 4", "parallel: 8"))
        url = gateway.base_url
        one(url, "warm-up", 32, [])
        rates = {1: [], 4: [], 8: []}
        firsts = {1: [], 4: [], 8: []}
        for _ in range(arguments.rounds):
            for streams in rates:
                result = []
                threads = [
                    threading.Thread(target=one, args=(url, topic, arguments.tokens, result))
                    for topic in TOPICS[:streams]
                ]
                began = time.perf_counter()
                for t in threads:
                    t.start()
                for t in threads:
                    t.join()
                if len(result) != streams:
                    raise SystemExit(f"{streams - len(result)} of {streams} streams failed")
                rates[streams].append(sum(r[1] for r in result) / (time.perf_counter() - began))
                firsts[streams].append(statistics.median(r[0] for r in result))
        print(f"starter, {arguments.tokens} tokens an answer, {arguments.rounds} rounds, medians")
        print(f"{'streams':>8}{'tokens/s':>10}{'first token ms':>16}")
        for streams in rates:
            print(
                f"{streams:8}{statistics.median(rates[streams]):10.0f}{statistics.median(firsts[streams]) * 1000:16.0f}"
            )
    finally:
        if gateway:
            gateway.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
