"""A real gateway, a real small model, a real PostgreSQL, and the scripted upstream, each started once for all tests."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
LAUNCHER = str(ROOT / "understudy")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def scratch():
    """A new folder that other users can reach: started by root, PostgreSQL runs as somebody else."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="understudy-"))
    folder.chmod(0o755)
    return folder


def fetch(url, token=None, body=None, method=None):
    """The decoded JSON (or text) that a URL answers with."""
    request = urllib.request.Request(url, method=method)
    if token:
        request.add_header("Authorization", "Bearer " + token)
    if body is not None:
        request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode()
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read().decode()
    return json.loads(text) if text[:1] in "{[" else text


def wait_until(holds, seconds, what):
    """Polls until holds() is true; fails with what was awaited."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


class Child:
    """A child process, whose output lands in a file."""

    def __init__(self, command, env, log):
        self.log = log
        self.out = pathlib.Path(log).open("w")  # noqa: SIM115 - closed by stop()
        self.child = subprocess.Popen(
            command, env=env, stdout=self.out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )

    def ended(self):
        return self.child.poll() is not None

    def text(self):
        return pathlib.Path(self.log).read_text()

    def stop(self):
        if not self.ended():
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(40)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.out.close()


class Upstream(Child):
    """The scripted upstream; it says that it is one, and counts."""

    def __init__(self, folder):
        self.port = free_port()
        super().__init__(
            [LAUNCHER, "demo", "--upstream-only", "--upstream-port", str(self.port)],
            dict(os.environ),
            folder / "upstream.log",
        )
        self.url = f"http://127.0.0.1:{self.port}"
        wait_until(lambda: reachable(self.url + "/stats"), 60, "the scripted upstream")

    def stats(self):
        return fetch(self.url + "/stats")


class Scripted(Child):
    """The scripted upstream that does as each call tells it: scripted.py."""

    def __init__(self, folder):
        self.port = free_port()
        program = pathlib.Path(__file__).with_name("scripted.py")
        super().__init__([sys.executable, str(program), str(self.port)], None, folder / "scripted.log")
        self.url = f"http://127.0.0.1:{self.port}"
        wait_until(lambda: reachable(self.url + "/stats"), 20, "the scripted upstream")

    def stats(self):
        return fetch(self.url + "/stats")


class Gateway(Child):
    """A gateway on free ports with its own data folder and a copy of the shipped policies."""

    def __init__(self, folder, upstream_port, key="sk-e2e-gateway-key", path="/v1", edit=None):
        self.folder = folder
        self.data = folder / "data"
        self.policies = folder / "policies"
        shutil.copytree(ROOT / "policies", self.policies)
        for file in self.policies.rglob("*.yaml"):
            text = file.read_text().replace("127.0.0.1:8089", f"127.0.0.1:{upstream_port}")
            file.write_text(edit(text) if edit else text)
        agents, people = free_port(), free_port()
        self.base_url = f"http://127.0.0.1:{agents}/v1"
        self.people_url = f"http://127.0.0.1:{people}"
        self.env = dict(
            os.environ,
            UNDERSTUDY_DATA=str(self.data),
            UNDERSTUDY_POLICIES=str(self.policies),
            UNDERSTUDY_LISTEN=f"127.0.0.1:{agents}",
            QUARKUS_HTTP_PORT=str(people),
            UNDERSTUDY_LLM_BASE_URL=f"http://127.0.0.1:{upstream_port}{path}",
            UNDERSTUDY_LLM_API_KEY=key,
        )
        super().__init__([LAUNCHER, "run"], self.env, folder / "gateway.log")
        try:
            self.await_ready()
        except BaseException:
            self.stop()
            raise

    def start_again(self):
        """Once it has ended: starts it on what it left behind."""
        self.out.close()
        super().__init__([LAUNCHER, "run"], self.env, self.folder / "gateway-again.log")
        self.await_ready()

    def await_ready(self):
        wait_until(lambda: self.ended() or reachable(self.people_url + "/q/health/ready"), 180, "a ready gateway")
        if self.ended():
            raise AssertionError("the gateway did not start: " + self.text())
        wait_until(lambda: "#token=" in self.text(), 30, "the page's link")
        self.token = re.search(r"#token=(\S+)", self.text()).group(1)
        wait_until(lambda: self.model("starter")["state"] == "ready", 120, "a loaded small model")

    def api(self, path, body=None):
        return fetch(self.people_url + path, self.token, body)

    def model(self, name):
        return next(m for m in self.api("/api/summary")["models"] if m["name"] == name)

    def count(self, **filters):
        """Calls recorded, by the filters of the analytics query."""
        answer = self.api(
            "/api/analytics/query", {"metrics": ["calls"], "filters": {k: [v] for k, v in filters.items()}}
        )
        return sum(row["calls"] for row in answer["rows"])

    def settled(self):
        """Calls recorded once nothing is added any more: rows follow their answers by a moment."""
        last, since = self.count(), time.monotonic()
        while time.monotonic() < since + 1:
            time.sleep(0.1)
            if (now := self.count()) != last:
                last, since = now, time.monotonic()
        return last

    def command(self, *arguments, **kwargs):
        """Runs ./understudy with this gateway's settings."""
        return subprocess.run(
            [LAUNCHER, *arguments], env=self.env, capture_output=True, text=True, timeout=300, **kwargs
        )


def reachable(url):
    try:
        urllib.request.urlopen(url, timeout=2).close()
        return True
    except OSError:
        return False


@pytest.fixture(scope="session")
def upstream():
    folder = scratch()
    server = Upstream(folder)
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def scripted():
    folder = scratch()
    server = Scripted(folder)
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def gateway(upstream, scripted):
    """Calls for gpt-matrix go to the upstream that does as it is told, all others as the shipped policies say."""
    model = f'    - {{ name: told, tier: llm, upstream: {{ baseUrl: "{scripted.url}/v1" }} }}\n'
    rule = "    - { id: told, match: { model: [gpt-matrix] }, action: { llm: { model: told } } }\n"

    def edit(text):
        text = text.replace("    - name: demo-llm", model + "    - name: demo-llm")
        return text.replace("    - id: default", rule + "    - id: default")

    folder = scratch()
    server = Gateway(folder, upstream.port, edit=edit)
    yield server
    server.stop()
    shutil.rmtree(folder)
