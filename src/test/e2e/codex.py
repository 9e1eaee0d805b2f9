"""The Codex CLI through its cells of the matrix: one prompt each in exec mode, by the Responses API."""

import json
import os
import signal
import subprocess
import time

import scripted
from conftest import ROOT, fetch, scratch

FOLDER = ROOT / "src" / "bench" / "codex"
PROGRAM = FOLDER / "node_modules" / ".bin" / "codex"
NAME = "Codex CLI, responses"
TEXT, CUT = "The sky is blue.", "The upstream's stream ended before its answer did"
SCHEMA = {
    "type": "object",
    "properties": {"colour": {"type": "string"}, "sure": {"type": "boolean"}},
    "required": ["colour", "sure"],
    "additionalProperties": False,
}


class Codex:
    """One installation, with a home of its own, that knows only this gateway."""

    def __init__(self, base_url, upstream_url, model):
        self.home, self.upstream_url = scratch(), upstream_url
        (self.home / "work").mkdir()
        (self.home / "schema.json").write_text(json.dumps(SCHEMA))
        (self.home / "config.toml").write_text(
            f'model = "{model}"\nmodel_provider = "understudy"\n[model_providers.understudy]\nname = "Understudy"\n'
            f'base_url = "{base_url}"\nwire_api = "responses"\nenv_key = "UNDERSTUDY_KEY"\n'
            "request_max_retries = 0\nstream_max_retries = 0\n"
        )
        self.env = dict(os.environ, CODEX_HOME=str(self.home), UNDERSTUDY_KEY="none")

    def command(self, plan, *more):
        prompt = "Which colour is the sky?" + (f" scripted{{{plan}}}" if plan else "")
        flags = ["--skip-git-repo-check", "--sandbox", "read-only", "--cd", str(self.home / "work")]
        return [str(PROGRAM), "exec", *flags, *more, prompt]

    def ask(self, plan="", *more):
        return subprocess.run(
            self.command(plan, *more),
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def says(self, text, plan="", *more):
        done = self.ask(plan, *more)
        if done.returncode or done.stdout.strip() != text:
            raise AssertionError(f"{done.returncode} {done.stdout!r} {done.stderr[-300:]}")
        return "ok"

    def fails(self, plan, told):
        done = self.ask(plan)
        if done.returncode == 0 or told not in done.stderr or done.stdout.strip():
            raise AssertionError(f"{done.returncode} {done.stdout!r} {done.stderr[-300:]}")
        return done.stderr.strip().splitlines()[-1]

    def leaves(self):
        child = subprocess.Popen(
            self.command("gap=50,events=200,id=codex"),
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self.until("began")
        finally:
            # The program is a child of the package's own script.
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        self.until("closed")
        return "upstream left"

    def until(self, what):
        for _ in range(200):
            if fetch(f"{self.upstream_url}/calls/codex").get(what):
                return
            time.sleep(0.05)
        raise AssertionError(f"the upstream's call never {what}")

    def version(self):
        return json.loads((FOLDER / "package.json").read_text())["dependencies"]["@openai/codex"]

    def cells(self):
        yield "stream", lambda: self.says(TEXT)
        yield "tools streamed", lambda: self.says("It is sunny.", "tool=update_plan")
        yield "JSON schema", lambda: self.says(scripted.COLOUR, "", "--output-schema", str(self.home / "schema.json"))
        yield "429", lambda: self.fails("fault=429", "429 Too Many Requests")
        yield "500", lambda: self.fails("fault=500", "ERROR: ")
        yield "stream ends early", lambda: self.fails("fault=end,at=5", CUT)
        yield "cut in an event", lambda: self.fails("fault=cut,at=5", CUT)
        yield "reset", lambda: self.fails("fault=reset,at=5", CUT)
        yield "cut in a call", lambda: self.fails("tool=update_plan,fault=end,at=3", CUT)
        yield "error in stream", lambda: self.fails("fault=error,at=5", "Scripted answer 500.")
        yield "cancel", self.leaves


def run(base_url, upstream_url, model):
    """Its cells, as the matrix has them."""
    codex = Codex(base_url, upstream_url, model)
    results = []
    for cell, act in codex.cells():
        try:
            ok, got = True, act()
        except (AssertionError, subprocess.TimeoutExpired) as error:
            ok, got = False, str(error)[-400:]
        results.append({"client": NAME, "version": codex.version(), "cell": cell, "ok": ok, "got": got})
    return results
