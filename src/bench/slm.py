#!/usr/bin/env python3
"""How fast the small model answers, beside llama-server on the same source, libraries, weights, threads and context.

1, 4, 8 and 16 streamed answers at a time, from the one and the other in turn, round by round: greedy, prompts that no
cache has seen, answers of one length. The engine is asked as the gateway asks it, prepared by its two threads and told
on an event loop; llama-server by HTTP. Ratios are medians over the rounds of ours to the peer's. What a million tokens
costs follows from the card's price per hour of device time. Then the same through the agents' door, which holds the
first 32 tokens of a small model back to look at them.

Then how much later a live call begins beside mirrors; what handing records to Java costs per token; whether 50 prompts
become the peer's tokens and greedy answers; whether memory stays flat over mixed calls; the CPU of an idle engine.
Exits 1 when what must hold does not.
"""

import argparse
import os
import pathlib
import random
import shutil
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src" / "test" / "e2e"))
sys.path.insert(0, str(pathlib.Path(__file__).parent / "peer"))
from calls import Calls  # noqa: E402
from conftest import Gateway, free_port, scratch  # noqa: E402
from engine import Engine, beside_mirrors, handing_over, same_answers  # noqa: E402
from server import LlamaServer  # noqa: E402
from streams import Round  # noqa: E402

STREAMS = (1, 4, 8, 16)
PARALLEL, CONTEXT = 16, 8192
LEAST_RATE, AIM_RATE = 1.0, 1.1
MOST_FIRST, AIM_FIRST = 1.0, 0.8
MOST_HANDING_NANOS = 50
MOST_GROWTH = 1.05
MOST_BESIDE_MIRRORS = 1.2
# Until the JVM has compiled what an answer runs through.
WARM_ROUNDS = 5
DOLLARS_PER_HOUR = 0.09  # the starter card's
TICKS = os.sysconf("SC_CLK_TCK")
TOPICS = ["lighthouses", "bees", "rivers", "clocks", "bread", "glaciers", "violins", "trains"]
PARTS = ("speed", "door", "urgent", "handing", "tokens", "memory", "idle")


def body_of(number, tokens):
    """A prompt of about 110 tokens that differs from all others from its first words on."""
    topic = TOPICS[number % len(TOPICS)]
    system = (
        f"{number} is the number of this session. " + "You write long and careful texts about what you are asked. " * 5
    )
    question = f"Write a long essay about {topic}, with many details and examples."
    return {
        "model": "starter",
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0,
        "max_tokens": tokens,
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": question}],
    }


def cpu_seconds(pid):
    """User and system time of a process so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def gateway_of(folder, threads):
    slots = f"parallel: {PARALLEL}\n        threads: {threads}"
    model = """    - name: with-adapter
      tier: slm
      local: { base: starter, adapter: { path: adapters/demo-tools }, scale: 1.0 }
      limits: *patient
      pricing: *cpu

    - name: demo-slm"""
    rule = """    - id: with-adapter
      match: { model: [with-adapter] }
      action: { slm: { model: with-adapter, onFailure: deny } }
      gate: none

    - id: by-name"""

    def edit(text):
        text = text.replace("parallel: 4", slots).replace("queueMs: 2000", "queueMs: 60000")
        return text.replace("    - name: demo-slm", model).replace("    - id: by-name", rule)

    folder.mkdir()
    return Gateway(folder, free_port(), edit=edit)


def port_of(gateway):
    return int(gateway.base_url.rsplit(":", 1)[1].split("/")[0])


class Side:
    """One of two that are compared."""

    def __init__(self, name, pid, ask, whole=True):
        self.name, self.pid, self.ask, self.whole, self.rounds = name, pid, ask, whole, []

    def round(self, bodies, tokens):
        before = cpu_seconds(self.pid)
        done = self.ask(bodies)
        done.cpu = (cpu_seconds(self.pid) - before) / sum(done.lengths)
        if self.whole and any(length != tokens for length in done.lengths):
            sys.exit(f"{self.name} gave answers of other lengths: {done.lengths}")
        self.rounds.append(done)

    def median(self, field):
        return statistics.median(getattr(done, field) for done in self.rounds)


def by_http(port, **more):
    return lambda bodies: Round(port, [body | more for body in bodies])


def compare(ours, peer, arguments, number):
    """Prints a row for each number of streams; the next unused number, the least rate and the greatest first."""
    print(f"{'':8}{'tokens/s':>20}{'':8}{'first token ms':>20}{'':8}{'CPU ms/token':>16}{'$ per million':>16}")
    wide, narrow = f"{'ours':>10}{'peer':>10}{'ratio':>8}", f"{'ours':>8}{'peer':>8}"
    print("streams " + 2 * wide + 2 * narrow)
    rates, firsts = [], []
    for streams in STREAMS:
        ours.rounds, peer.rounds = [], []
        for round_ in range(arguments.rounds):
            bodies = [body_of(number + i, arguments.tokens) for i in range(streams)]
            number += streams
            for side in (ours, peer) if round_ % 2 == 0 else (peer, ours):
                side.round(bodies, arguments.tokens)
        pairs = list(zip(ours.rounds, peer.rounds, strict=True))
        if any(a.prompts != b.prompts for a, b in pairs):
            sys.exit("the prompts have not the same number of tokens")
        rates.append(statistics.median(a.rate / b.rate for a, b in pairs))
        firsts.append(statistics.median(a.first / b.first for a, b in pairs))
        line = f"{streams:<8}{ours.median('rate'):10.0f}{peer.median('rate'):10.0f}{rates[-1]:8.2f}"
        line += f"{ours.median('first') * 1000:10.0f}{peer.median('first') * 1000:10.0f}{firsts[-1]:8.2f}"
        line += f"{ours.median('cpu') * 1000:8.2f}{peer.median('cpu') * 1000:8.2f}"
        costs = [DOLLARS_PER_HOUR / 3600 / side.median("rate") * 1e6 for side in (ours, peer)]
        print(line + f"{costs[0]:8.3f}{costs[1]:8.3f}", flush=True)
    return number, min(rates), max(firsts)


def speed(folder, arguments, threads, running):
    """Prints both tables; whether the engine is at least the peer's equal at each point."""
    number = random.randrange(10**6, 10**8)
    running.append(LlamaServer(folder, threads, PARALLEL, CONTEXT))
    peer = running[-1]
    engine = Engine(folder, arguments.tokens, PARALLEL, CONTEXT, threads)
    running.append(engine)
    for _ in range(WARM_ROUNDS):
        engine.round([body_of(number + i, arguments.tokens) for i in range(4)])
        number += 4
    print(
        f"\nstarter, {threads} thread{'s' * (threads > 1)}, context {CONTEXT}, {PARALLEL} slots,"
        f" {arguments.tokens} tokens an answer, {arguments.rounds} rounds, load {os.getloadavg()[0]:.1f}\nthe engine:"
    )
    theirs = Side("llama-server", peer.child.pid, by_http(peer.port, ignore_eos=True))
    ours = Side("the engine", engine.child.pid, engine.round)
    number, rate, first = compare(ours, theirs, arguments, number)
    running.remove(engine)
    engine.stop()
    holds = rate >= LEAST_RATE and first <= MOST_FIRST
    print(f"must be: tokens/s ≥ {LEAST_RATE:.1f} x, first token ≤ {MOST_FIRST:.1f} x: {'yes' if holds else 'MISSED'}")
    print(f"aims: ≥ {AIM_RATE} x and ≤ {AIM_FIRST} x at each point: {rate:.2f} and {first:.2f} at the worst")
    return holds, number, theirs


def door(gateway, theirs, arguments, number):
    """The same by HTTP, for information: the first 32 tokens are held."""
    print("\nthrough the agents' door:")
    port = port_of(gateway)
    for _ in range(WARM_ROUNDS):
        Round(port, [body_of(number + i, 16) for i in range(8)])
        number += 8
    # here an answer may end before its limit: the door lets nobody ask for more
    compare(Side("the gateway", gateway.child.pid, by_http(port), whole=False), theirs, arguments, number)


def memory(gateway, count):
    """Mixed calls; resident memory after a warm-up of a quarter as many, and at the end."""
    calls = Calls(port_of(gateway), 1)
    calls.run(count // 4)
    before = resident_mib(gateway.child.pid)
    calls.run(count)
    after = resident_mib(gateway.child.pid)
    flat = after <= before * MOST_GROWTH
    print(
        f"\nmemory over {count} mixed calls, after {count // 4} to warm up: {before:.0f} MiB, then {after:.0f} MiB"
        f" ({after / before - 1:+.1%}): {'flat' if flat else 'MISSED, aim +5 %'}\n  {calls.told()}",
        flush=True,
    )
    return flat


def decode_ticks(pid):
    """CPU ticks of the decode thread and its pool so far: threads that carry the engine's name."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        text = (task / "stat").read_text()
        if text.split("(", 1)[1].startswith("slm-starter"):
            fields = text.rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total


def idle(gateway, seconds=10):
    time.sleep(3)
    pid = gateway.child.pid
    engine, process = decode_ticks(pid), cpu_seconds(pid)
    time.sleep(seconds)
    engine, process = decode_ticks(pid) - engine, cpu_seconds(pid) - process
    print(
        f"\nidle for {seconds} s: {engine} ticks of {1000 // TICKS} ms in the engine's threads,"
        f" {process * 1000:.0f} ms in the whole process (timers of the JVM and the gateway):"
        f" {'met' if engine == 0 else 'MISSED, aim 0 ticks'}"
    )
    return engine == 0


def measured(folder, arguments, threads, running):
    """The parts that depend on the number of threads."""
    parts, good = set(arguments.parts), []
    if "speed" in parts:
        holds, number, theirs = speed(folder, arguments, threads, running)
        good.append(holds)
    if "urgent" in parts:
        good.append(beside_mirrors(folder, threads, MOST_BESIDE_MIRRORS))
    if parts & {"door", "memory", "idle"}:
        gateway = gateway_of(folder / "gateway", threads)
        running.append(gateway)
        if parts >= {"speed", "door"}:
            door(gateway, theirs, arguments, number)
        if "idle" in parts:
            Round(port_of(gateway), [body_of(1, 8)])
            good.append(idle(gateway))
        if "memory" in parts:
            good.append(memory(gateway, arguments.calls))
    return good


def main():
    parser = argparse.ArgumentParser(prog="understudy bench slm", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=48, help="of each answer")
    parser.add_argument("--threads", type=int, nargs="+", default=None, help="default: all cores but one")
    parser.add_argument("--calls", type=int, default=1000, help="mixed calls over which memory must be flat")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    arguments = parser.parse_args()
    usual = max(1, min(8, len(os.sched_getaffinity(0)) - 1))
    good = []
    for threads in arguments.threads or [usual]:
        folder = scratch()
        running = []
        try:
            good += measured(folder, arguments, threads, running)
        finally:
            for process in reversed(running):
                process.stop()
            shutil.rmtree(folder, ignore_errors=True)
    folder = scratch()
    try:
        if "handing" in arguments.parts:
            nanos = handing_over(folder)
            good.append(nanos <= MOST_HANDING_NANOS)
        if "tokens" in arguments.parts:
            good.append(same_answers(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
