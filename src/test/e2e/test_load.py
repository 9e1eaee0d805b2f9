"""What happens under load: clients that leave, a database that goes away, a demo whose counts must agree."""

import http.client
import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.parse

from conftest import wait_until

STREAMS, ABANDONED = 200, 50


def stream(base_url, model, leave_after=None, tokens=32):
    """One streamed chat; leaves after so many reads, else reads to the end. Returns (status, whole)."""
    url = urllib.parse.urlsplit(base_url)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=120)
    body = json.dumps(
        {
            "model": model,
            "stream": True,
            "max_tokens": tokens,
            "messages": [{"role": "user", "content": "Tell me a long story about a lighthouse."}],
        }
    )
    try:
        connection.request("POST", url.path + "/chat/completions", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        if leave_after is not None:
            for _ in range(leave_after):
                answer.read1(64)
            return answer.status, False
        return answer.status, b"[DONE]" in answer.read()
    finally:
        connection.close()


def test_abandoned_streams_leave_nothing_behind(gateway, upstream):
    before = gateway.settled()
    results, lock = [], threading.Lock()

    def run(i):
        # A few are the small model's, whose queue is short; the others the large one's, which does not refuse.
        model = "starter" if i % 40 == 0 else "gpt-4o-mini"
        outcome = stream(gateway.base_url, model, leave_after=1 if i % 4 == 1 else None)
        with lock:
            results.append((i, *outcome))

    threads = [threading.Thread(target=run, args=(i,)) for i in range(STREAMS)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    stayed = [r for r in results if r[0] % 4 != 1]
    assert len(results) == STREAMS and STREAMS - len(stayed) == ABANDONED
    assert [r for r in stayed if r[1] == 200 and not r[2]] == []
    assert {r[1] for r in stayed if r[0] % 40} == {200}
    wait_until(lambda: gateway.count() >= before + STREAMS, 30, f"{STREAMS} interactions")
    assert gateway.settled() == before + STREAMS
    wait_until(lambda: upstream.stats()["active"] == 0, 10, "no answer running upstream")
    metrics = gateway.api("/q/metrics")
    assert re.search(r"^understudy_slm_slots_busy\S* 0(\.0)?$", metrics, re.M), "an engine sequence is left"


def database_processes(gateway):
    """The server and all its children, by their ids."""
    first = int(next(gateway.data.glob("**/postmaster.pid")).read_text().split()[0])
    children = subprocess.run(["ps", "--ppid", str(first), "-o", "pid="], capture_output=True, text=True).stdout
    return [first, *map(int, children.split())]


def test_calls_go_on_while_the_database_is_away(gateway):
    seconds = float(os.environ.get("UNDERSTUDY_E2E_OUTAGE_SECONDS", "5"))
    before = gateway.settled()
    server = database_processes(gateway)
    for pid in server:
        os.kill(pid, signal.SIGSTOP)
    try:
        made, failed, end = 0, 0, time.monotonic() + seconds
        while time.monotonic() < end:
            status, whole = stream(gateway.base_url, "gpt-4o-mini", tokens=8)
            made, failed = made + 1, failed + (status != 200 or not whole)
    finally:
        for pid in server:
            os.kill(pid, signal.SIGCONT)
    assert (failed, made > 0) == (0, True)
    wait_until(lambda: gateway.count() >= before + made, 60, f"{made} interactions after the outage")
    assert gateway.settled() == before + made


def test_demo_counts_agree(gateway, upstream):
    run = gateway.command(
        "demo", "--calls", "200", "--upstream", upstream.url, "--url", gateway.base_url.removesuffix("/v1")
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "200" in run.stdout
    usage = gateway.command("usage", "--since", "1h", "--by", "tier")
    assert usage.returncode == 0, usage.stdout + usage.stderr
    assert re.search(r"^slm\s", usage.stdout, re.M) and re.search(r"^llm\s", usage.stdout, re.M)
