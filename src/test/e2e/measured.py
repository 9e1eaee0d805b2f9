"""Benches that are written in Java: classes named *Bench beside the tests, which no check runs."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]


def run_java(name, settings=()):
    """Runs the bench of that name, whose table goes to the standard output, and exits as it does."""
    native = ROOT / "target" / "native"
    cache = os.environ["UNDERSTUDY_CACHE"]
    command = ["mvn", "-B", "-ntp", "-q", "-f", str(ROOT / "pom.xml"), "test", f"-Dtest={name}"]
    command += ["-Dskip.webui=true", "-Dspotless.check.skip=true"]
    command += [f"-Dunderstudy.slm.library={native}", f"-Dunderstudy.cache={cache}", *settings]
    sys.exit(1 if subprocess.run(command, check=False).returncode else 0)
