"""Real clients against a gateway whose upstream is scripted (scripted.py): do they show what was sent, or its failure?

A cell passes when the client shows the value that the upstream sent, or raises one of its own errors with the status or
code that was told. A stream that broke and looks whole to the client is a silent failure, which fails its cell too.
Each language has a program that runs its clients and prints a line of JSON a cell.
"""

import concurrent.futures
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import urllib.parse

from conftest import ROOT

HERE = pathlib.Path(__file__).parent
CACHE = pathlib.Path(os.environ.get("UNDERSTUDY_CACHE", ROOT / ".cache"))
POM = HERE / "java" / "pom.xml"
APIS = ("chat", "responses")
CLIENTS = (
    "openai python",
    "openai node",
    "openai java",
    "LangChain python",
    "LangChain js",
    "AI SDK",
    "OpenAI Agents SDK",
    "langchain4j",
)
ONLY_CHAT = ("langchain4j",)
ROWS = [f"{client}, {api}" for client in CLIENTS for api in APIS if api == "chat" or client not in ONLY_CHAT]
CELLS = (
    "chat",
    "stream",
    "tools",
    "tools streamed",
    "JSON schema",
    "429",
    "500",
    "document cut",
    "stream ends early",
    "cut in an event",
    "reset",
    "cut in a call",
    "error in stream",
    "cancel",
)


def java(*arguments):
    home = os.environ.get("JAVA_HOME")
    program = pathlib.Path(home) / "bin" / "java" if home else shutil.which("java")
    pinned = re.findall(r"<artifactId>(openai-java|langchain4j)\S*</artifactId><version>([^<]+)<", POM.read_text())
    versions = [f"-D{name.removesuffix('-java')}.version={version}" for name, version in pinned]
    return [
        *(str(program), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", *versions),
        *("-cp", str(CACHE / "java-clients" / "*"), str(HERE / "java" / "Matrix.java"), *arguments),
    ]


def run(base_url, upstream_url, model, apis=APIS):
    """All cells of all clients, two programs at a time: dicts of client, version, cell, ok and got."""
    what = [base_url, upstream_url, model, ",".join(apis)]
    programs = [
        [sys.executable, str(HERE / "matrix_python.py"), *what],
        ["node", str(HERE / "matrix_node.mjs"), *what],
        java(*what),
    ]

    def all_cells():
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return [cell for cells in pool.map(cells_of, programs) for cell in cells]

    return beside(base_url, model, all_cells)


def beside(base_url, model, act):
    """Does something while other calls go well: the gateway leaves an upstream alone of which half the answers fail."""
    over = threading.Event()
    well = threading.Thread(target=go_well, args=(base_url, model, over))
    well.start()
    try:
        return act()
    finally:
        over.set()
        well.join()


def go_well(base_url, model, over):
    """Calls that go well, a hundred a second at most, until it is over."""
    url = urllib.parse.urlsplit(base_url)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Which colour is the sky?"}]})
    while not over.wait(0.01):
        connection.request("POST", url.path + "/chat/completions", body, {"Content-Type": "application/json"})
        connection.getresponse().read()
    connection.close()


def cells_of(program):
    """The cells that a program printed; one that ended badly says why and adds no more of them."""
    done = subprocess.run(program, capture_output=True, text=True, timeout=240)
    if done.returncode:
        print(program[0], "ended with", done.returncode, done.stderr[-2000:], file=sys.stderr)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def table(results):
    """The matrix in Markdown: a row a client and API, a column a cell."""
    found = {(r["client"], r["cell"]): r["ok"] for r in results}
    versions = {r["client"]: r["version"] for r in results}
    rows = sorted(versions, key=lambda row: ROWS.index(row) if row in ROWS else len(ROWS))
    lines = ["| client | version | " + " | ".join(CELLS) + " |", "|---|---|" + "---|" * len(CELLS)]
    marks = {True: "✓", False: "✗", None: "-"}
    for row in rows:
        cells = " | ".join(marks[found.get((row, cell))] for cell in CELLS)
        lines.append(f"| {row} | {versions[row]} | {cells} |")
    return "\n".join(lines)
