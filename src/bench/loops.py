#!/usr/bin/env python3
"""Whether a tool loop ever changes hands but towards the large model: generated turns of agents with tools.

The real inspector, ledger of sessions and decider; only the models are scripted, so nothing is sent anywhere. What is
generated is said in LoopTurns.java, of which the tests run a smaller number. Exits 1 on a violation, or when some way
in which a loop can break was not tried.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
APP = ROOT / "target" / "quarkus-app"
SOURCES = [ROOT / "src/test/java/dev/understudy/serve" / name for name in ("LoopTurns.java", "AgentTalk.java")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=21_600)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    java = pathlib.Path(os.environ["JAVA_HOME"]) / "bin"
    jars = [str(jar) for folder in ("app", "lib/main", "lib/boot") for jar in sorted((APP / folder).glob("*.jar"))]
    with tempfile.TemporaryDirectory(prefix="loops-") as classes:
        path = os.pathsep.join([classes, *jars])
        subprocess.run([java / "javac", "-proc:none", "-nowarn", "-d", classes, "-cp", path, *SOURCES], check=True)
        logs = "-Djava.util.logging.manager=org.jboss.logmanager.LogManager"
        run = [
            java / "java",
            logs,
            "-cp",
            path,
            "dev.understudy.serve.LoopTurns",
            str(options.turns),
            str(options.seed),
        ]
        return subprocess.run(run, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
