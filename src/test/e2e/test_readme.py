"""Whatever the README tells a newcomer to type is typed here, against a gateway on other ports."""

import re
import subprocess
import sys

import pytest
from conftest import LAUNCHER, ROOT

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```$", README, re.M | re.S)
# Started by the fixture, run by the caller of this very test, or slow and tested elsewhere.
ELSEWHERE = ("./understudy run", "./understudy test", "./understudy demo")


def typed(language):
    return [text for kind, text in BLOCKS if kind == language]


def here(text, gateway):
    """The commands as they stand, but for the addresses and the folder."""
    return text.replace("http://localhost:8080/v1", gateway.base_url).replace("./understudy", LAUNCHER)


def test_names_the_two_commands_first():
    first = [line.split("#")[0].strip() for line in typed("sh")[0].splitlines()]
    assert first == ["./understudy run", "./understudy test"]


@pytest.mark.parametrize("text", [t for t in typed("sh") if not t.lstrip().startswith(ELSEWHERE)])
def test_shell_commands_work(gateway, text):
    run = subprocess.run(
        ["sh", "-eu", "-c", here(text, gateway)],
        env=gateway.env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    if "curl" in text:
        assert "HTTP/1.1 200 OK" in run.stdout
        assert '"finish_reason"' in run.stdout


@pytest.mark.parametrize("text", typed("python"))
def test_python_works(gateway, text):
    run = subprocess.run(
        [sys.executable, "-c", here(text, gateway)], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "set_timer" in run.stdout


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!http)([^)#]+)", README):
        assert (ROOT / target).exists(), target
