#!/usr/bin/env python3
"""What the checks of a small model's answers cost, what they catch, and how well the margin tells right from wrong.

The demo's model answers held-out messages of its errand, the bare starter a public set of tool calls: the first rows of
`simple_python` of the Berkeley Function Calling Leaderboard, from the wheel `bfcl-eval` (Apache-2.0), of which only the
two files of the set are unpacked. An answer is right when tool and every argument are. The area under the ROC curve
(AUROC) is the chance that a right answer has a larger least margin than a wrong one; the interval is
of 1,000 bootstraps.

Exits 1 when a check costs more than its aim at the median, when an empty turn or a call written as text passes, or when
more than 1 % of the demo's right answers fail.
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("UNDERSTUDY_CACHE", ROOT / ".cache"))
WHEEL = "bfcl-eval==2026.3.23 --hash=sha256:3bb6dfa5f0c68ad403c9ec50b00db2bb3b4cc9b38ab1ff33f48fe30d853d3a0a"
SET = "bfcl_eval/data/BFCL_v4_simple_python.json"
TRUTH = "bfcl_eval/data/possible_answer/BFCL_v4_simple_python.json"
# Microseconds at the median, for a prompt of 8 KiB and one call with five values.
AIMS = {
    "end": 1,
    "parse": 1000,
    "call": 5,
    "schema": 200,
    "grounding": 500,
    "degeneration": 50,
    "policy": 4,
    "margin": 1,
}
TYPES = {"dict": "object", "float": "number", "tuple": "array"}
RIGHT_REJECTED = 0.01


def java(*arguments):
    """Runs the Java half on the program's own libraries; returns what it prints."""
    app = ROOT / "target" / "quarkus-app"
    path = os.environ.get("UNDERSTUDY_BENCH_CLASSES", f"{app / 'app'}/*:{app / 'lib' / 'main'}/*")
    command = [
        str(pathlib.Path(os.environ["JAVA_HOME"]) / "bin" / "java") if "JAVA_HOME" in os.environ else "java",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-cp",
        path,
        str(ROOT / "src" / "bench" / "VerifyAnswers.java"),
        *map(str, arguments),
    ]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def asked(folder, model, bodies):
    """The answers of a model to chat bodies, in their order."""
    questions, answers = folder / f"{model}.in", folder / f"{model}.out"
    questions.write_text("".join(json.dumps({"id": str(i), "body": b}) + "\n" for i, b in enumerate(bodies)))
    java("ask", ROOT / "target" / "native", CACHE / "models", model, questions, answers)
    return [json.loads(line) for line in answers.read_text().splitlines()]


def arguments_of(answer):
    """Name and arguments of the only call, or None."""
    calls = answer.get("calls", [])
    if len(calls) != 1:
        return None
    try:
        return calls[0]["name"], json.loads(calls[0]["arguments"])
    except ValueError:
        return None


def demo(folder, count, seed):
    """The demo's model on held-out messages: answers, each with whether it is right."""
    rows = folder / "rows.jsonl"
    java("rows", rows, count, seed)
    rows = [json.loads(line) for line in rows.read_text().splitlines()]
    bodies = [{**r["request"], "temperature": 0, "messages": r["prompt"], "tools": r["tools"]} for r in rows]
    answers = asked(folder, "demo", bodies)
    for row, answer in zip(rows, answers, strict=True):
        truth = row["completion"][0]["tool_calls"][0]["function"]
        answer["right"] = arguments_of(answer) == (truth["name"], truth["arguments"])
    return answers


def public_wheel(folder):
    kept = list((CACHE / "bench").glob("bfcl_eval-*.whl"))
    if kept:
        return kept[0]
    (CACHE / "bench").mkdir(parents=True, exist_ok=True)
    (folder / "wheel.txt").write_text(WHEEL + "\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    exact = ["--only-binary", ":all:", "--require-hashes", "--requirement", folder / "wheel.txt"]
    subprocess.run([*pip, *exact, "--dest", CACHE / "bench"], check=True)
    return next((CACHE / "bench").glob("bfcl_eval-*.whl"))


def schema(node):
    """JSON Schema of the set's own notation."""
    if not isinstance(node, dict):
        return node
    made = {
        key: value for key, value in node.items() if key not in ("type", "properties", "items", "default", "optional")
    }
    kind = node.get("type")
    if kind and kind != "any":
        made["type"] = TYPES.get(kind, kind)
    if "properties" in node:
        made["properties"] = {name: schema(value) for name, value in node["properties"].items()}
    if "items" in node:
        made["items"] = schema(node["items"])
    return made


def plain(value):
    """Values as the set compares them: text without case and blanks, numbers as numbers."""
    if isinstance(value, str):
        return "".join(value.lower().split())
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value


def fits(given, allowed):
    """Whether arguments are among those allowed; a name that may be left out is allowed as ""."""
    if any(name not in allowed for name in given):
        return False
    return all(
        any(plain(given[name]) == plain(one) for one in ones) if name in given else "" in ones
        for name, ones in allowed.items()
    )


def public(folder, count):
    """The bare starter on the public set."""
    with zipfile.ZipFile(public_wheel(folder)) as wheel:
        rows = [json.loads(line) for line in wheel.read(SET).decode().splitlines()][:count]
        truths = [json.loads(line) for line in wheel.read(TRUTH).decode().splitlines()]
    truths = {t["id"]: t["ground_truth"][0] for t in truths}
    bodies = []
    for row in rows:
        function = dict(row["function"][0])
        function["name"] = function["name"].replace(".", "_")
        function["parameters"] = schema(function["parameters"])
        bodies.append(
            {
                "model": "starter",
                "temperature": 0,
                "max_tokens": 160,
                "tool_choice": "required",
                "parallel_tool_calls": False,
                "messages": row["question"][0],
                "tools": [{"type": "function", "function": function}],
            }
        )
    answers = asked(folder, "starter", bodies)
    for row, answer in zip(rows, answers, strict=True):
        ((name, allowed),) = truths[row["id"]].items()
        call = arguments_of(answer)
        answer["right"] = call is not None and call[0] == name.replace(".", "_") and fits(call[1], allowed)
    return answers


def auroc(right, wrong):
    """The chance that one of the first is larger than one of the second; ties count half."""
    both = sorted([(m, 1) for m in right] + [(m, 0) for m in wrong])
    wins, below, at = 0.0, 0, 0
    while at < len(both):
        end = at
        while end < len(both) and both[end][0] == both[at][0]:
            end += 1
        ups = sum(kind for _, kind in both[at:end])
        wins += ups * (below + (end - at - ups) / 2)
        below += end - at - ups
        at = end
    return wins / (len(right) * len(wrong))


def margin_line(name, answers, chance):
    """One line on how well the margin tells."""
    measured = [a for a in answers if a.get("minMargin") is not None]
    right = [a["minMargin"] for a in measured if a["right"]]
    wrong = [a["minMargin"] for a in measured if not a["right"]]
    share = f"{sum(a['right'] for a in answers)} of {len(answers)} right, {len(measured)} with a margin"
    if len(right) < 5 or len(wrong) < 5:
        return f"{name:28}{share}: too few of one side for an AUROC ({len(right)} right, {len(wrong)} wrong)"
    drawn = sorted(auroc(chance.choices(right, k=len(right)), chance.choices(wrong, k=len(wrong))) for _ in range(1000))
    return f"{name:28}{share}: AUROC {auroc(right, wrong):.3f} (95 %: {drawn[25]:.3f} to {drawn[974]:.3f})"


def failed(answer):
    """The check that an answer failed, or None."""
    if "steps" not in answer:
        return "not answered"
    step, result, detail = answer["steps"][-1]
    return (step, detail) if result == "fail" else None


def catch_table(name, answers):
    """How many right and wrong answers each check stops; returns the share of right ones stopped."""
    print(f"\n{name}: answers that a check stops{'right':>14}{'wrong':>8}")
    counts = {}
    for answer in answers:
        counts.setdefault(failed(answer), [0, 0])[0 if answer["right"] else 1] += 1
    for what, (right, wrong) in sorted(counts.items(), key=lambda item: str(item[0])):
        label = "passed" if what is None else what if isinstance(what, str) else f"{what[0]}: {what[1]}"
        print(f"  {label:44}{right:8}{wrong:8}")
    all_right = sum(a["right"] for a in answers)
    return (all_right - counts.get(None, [0, 0])[0]) / max(1, all_right)


def silent(answers):
    """Answers that pass without text and call, or with a call's marks in their text."""
    passed = [a for a in answers if failed(a) is None]
    empty = [a for a in passed if not a["calls"] and not (a["content"] or "").strip()]
    marked = [a for a in passed if "tool_call" in (a["content"] or "")]
    return len(empty) + len(marked)


def main():
    parser = argparse.ArgumentParser(prog="understudy bench verify", description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=400, help="held-out messages of the demo (400)")
    parser.add_argument("--public", type=int, default=200, help="rows of the public set, at most 400 (200)")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    missed = []
    costs = json.loads(java("costs"))
    print("A check's cost in whole microseconds, prompt of 8 KiB, one call with five values")
    print(f"{'':16}{'p50':>8}{'p99':>8}{'aim at p50':>12}")
    for step, aim in AIMS.items():
        half, late = costs[step]
        print(f"{step:16}{half:8}{late:8}{aim:12}")
        if half > aim:
            missed.append(f"{step} costs {half} us")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ours = demo(folder, arguments.rows, arguments.seed)
        theirs = public(folder, arguments.public)
    rejected = catch_table("demo-tools", ours)
    catch_table("BFCL simple_python", theirs)
    print(f"\nright answers of demo-tools that fail: {rejected:.1%} (aim: at most {RIGHT_REJECTED:.0%})")
    if rejected > RIGHT_REJECTED:
        missed.append("too many right answers fail")
    bad = silent(ours) + silent(theirs)
    print(f"empty turns and calls written as text that pass: {bad} (aim: 0)")
    if bad:
        missed.append("an empty turn or a silent call passes")
    chance = random.Random(arguments.seed)
    print("\nThe least margin, right against wrong (no aim)")
    print(margin_line("demo-tools, demo-slm", ours, chance))
    print(margin_line("BFCL simple_python, starter", theirs, chance))
    for what in missed:
        print(f"MISSED: {what}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
