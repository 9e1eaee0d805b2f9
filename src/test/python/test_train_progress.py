"""The job's talk with the gateway: it ends with its parent, and it ends cleanly while its parent waits."""

import os
import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "main" / "python"


def child(body):
    script = "from understudy_train.progress import end_with_parent, tell\nimport time\nend_with_parent()\n" + body
    return subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
    )


def test_a_job_that_is_done_ends_with_status_0_though_its_input_is_open():
    with child("tell('done', seconds=1)\ntime.sleep(0.2)") as process:
        assert process.stdout.read() == b'{"event": "done", "seconds": 1}\n'
        assert process.wait(timeout=30) == 0


def test_a_job_ends_when_its_parent_is_gone():
    with child("tell('loading')\ntime.sleep(600)") as process:
        process.stdout.readline()
        process.stdin.close()
        assert process.wait(timeout=30) == 130
