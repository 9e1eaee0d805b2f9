"""The engine without the gateway around it: jni/EngineBench.java, compiled against the program as it was built."""

import json
import os
import pathlib
import random
import statistics
import subprocess
import types

from server import ROOT, WEIGHTS, LlamaServer

SOURCES = ROOT / "src" / "bench" / "jni"
APP = ROOT / "target" / "quarkus-app"
JAVA = pathlib.Path(os.environ["JAVA_HOME"])
# Logits move with the batch: from a step on at which two tokens are so close, two answers may differ.
LEAST_GAP = 0.5
PROMPTS, ANSWER_TOKENS, UPCALL_TOKENS = 50, 32, 8
URGENT, MIRRORS = 40, 7


def program(folder):
    """The command that runs EngineBench."""
    jars = [str(jar) for place in ("app", "lib/boot", "lib/main") for jar in sorted((APP / place).glob("*.jar"))]
    path = ":".join([str(folder / "classes"), *jars])
    command = [str(JAVA / "bin" / "javac"), "-nowarn", "-proc:none", "-d", str(folder / "classes"), "-cp", path]
    subprocess.run([*command, str(SOURCES / "EngineBench.java")], check=True)
    logs = "-Djava.util.logging.manager=org.jboss.logmanager.LogManager"
    return [
        str(JAVA / "bin" / "java"),
        "--enable-native-access=ALL-UNNAMED",
        logs,
        "-cp",
        path,
        "dev.understudy.slm.EngineBench",
    ]


def handing_over(folder):
    """Nanoseconds per token that the upcall takes at 8 tokens a step; with reading them in Java, it is printed too."""
    native = ROOT / "src" / "main" / "native"
    library = folder / "libupcalls.so"
    command = ["c++", "-std=c++17", "-O2", "-fPIC", "-shared", "-o", str(library), f"-I{native}"]
    command += [f"-I{JAVA}/include", f"-I{JAVA}/include/linux"]
    sources = [str(SOURCES / "upcalls.cpp"), str(native / "events.cpp"), str(native / "text.cpp")]
    subprocess.run([*command, *sources], check=True)
    run = [*program(folder), "upcalls", str(library), "200000", str(UPCALL_TOKENS), "9"]
    lines = subprocess.run(run, check=True, capture_output=True, text=True).stdout.split("\n")[2:]
    rows = [[float(word) for word in line.split()] for line in lines if line]
    handed, read = (statistics.median(column) for column in zip(*rows, strict=True))
    print(
        f"\nhanding over {UPCALL_TOKENS} tokens a step: {handed:.0f} ns a token (aim ≤ 50),"
        f" with reading them into Java's objects {read:.0f} ns",
        flush=True,
    )
    return handed


class Engine:
    """One that is asked for streams by a pipe, as Round asks a server."""

    def __init__(self, folder, tokens, parallel, context, threads, native=ROOT / "target" / "native"):
        command = [*program(folder), "streams", str(native), str(WEIGHTS), str(tokens)]
        command += [str(parallel), str(context), str(threads)]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def round(self, bodies):
        self.child.stdin.write(json.dumps(bodies) + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise SystemExit("the engine ended")
        done = types.SimpleNamespace(**json.loads(line))
        done.rate = sum(done.lengths) / done.seconds
        done.first = statistics.median(done.firsts)
        return done

    def stop(self):
        self.child.stdin.close()
        self.child.wait(60)


def long_body(number):
    """A chat of about 300 tokens, unlike others from its first words on."""
    text = (
        f"{number} orders were late. "
        + f"Order {number} was promised for Tuesday and has not left the house yet. " * 15
    )
    return {"messages": [{"role": "system", "content": text}, {"role": "user", "content": "Where is it?"}]}


def beside_mirrors(folder, threads, most):
    """Whether a live call waits little longer for its first token when mirrors fill the other slots."""
    native = ROOT / "target" / "native"
    asked = [[long_body(n) for n in range(URGENT)], [long_body(1000 + n) for n in range(MIRRORS)]]
    run = [*program(folder), "urgent", str(native), str(WEIGHTS), str(threads)]
    out = subprocess.run(run, input=json.dumps(asked), check=True, capture_output=True, text=True).stdout
    told = json.loads(out)
    if not told["mirrored"]:
        raise SystemExit("no mirror ran")
    alone, beside = (statistics.median(told[name]) * 1000 for name in ("alone", "beside"))
    good = beside <= alone * most
    verdict = "yes" if good else "MISSED"
    print(
        f"\nfirst token of a live call of 300 tokens, {URGENT // 2} of each in turn: {alone:.0f} ms alone,"
        f" {beside:.0f} ms beside {MIRRORS} mirrors ({beside / alone:.2f} x, at most {most} x): {verdict}",
        flush=True,
    )
    return good


def bodies():
    """Chats of several shapes and alphabets; the same for every run."""
    chance = random.Random(5)
    topics = [
        "rivers",
        "la météo à Genève",
        "発送状況",
        "заказ №17",
        "emoji 🚚📦",
        'JSON {"a": [1, 2]}',
        "tabs\tand\nlines",
        "C++ & <html>",
    ]
    made = []
    for number in range(PROMPTS):
        topic = topics[number % len(topics)]
        messages = [
            {"role": "user", "content": f"Question {number} about {topic}: what should I know? " * chance.randint(1, 4)}
        ]
        if number % 2:
            messages.insert(
                0, {"role": "system", "content": f"You are clerk {number}. Answer in a sentence about {topic}."}
            )
        if number % 5 == 0:
            messages += [
                {"role": "assistant", "content": "It depends."},
                {"role": "user", "content": f"On what? {topic}"},
            ]
        body = {"messages": messages}
        if number % 7 == 3:
            parameters = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}
            tool = {"name": "find_order", "description": "Finds an order.", "parameters": parameters}
            body |= {"tools": [{"type": "function", "function": tool}], "tool_choice": "auto"}
        made.append(body)
    return made


def same_answers(folder):
    """Whether prompts, their tokens and greedy answers are the peer's, up to where two tokens are too close to tell."""
    asked = bodies()
    text = "".join(json.dumps(body) + "\n" for body in asked)
    native = ROOT / "target" / "native"
    run = [*program(folder), "answers", str(native), str(WEIGHTS), str(ANSWER_TOKENS)]
    lines = subprocess.run(run, input=text, check=True, capture_output=True, text=True).stdout.split("\n")
    ours = [json.loads(line) for line in lines if line]
    if len(ours) != PROMPTS:
        raise SystemExit(f"{len(ours)} of {PROMPTS} answers")
    peer = LlamaServer(folder, 1, 4, 8192)
    prompts = tokens = answers = compared = 0
    try:
        for body, mine in zip(asked, ours, strict=True):
            prompt = peer.ask("/apply-template", body)["prompt"]
            prompts += prompt == mine["prompt"]
            numbers = peer.ask("/tokenize", {"content": prompt, "add_special": True, "parse_special": True})["tokens"]
            tokens += numbers == mine["tokens"]
            question = {"prompt": numbers, "n_predict": ANSWER_TOKENS, "temperature": 0, "return_tokens": True}
            answer = peer.ask("/completion", question | {"cache_prompt": False})["tokens"]
            same, steps = until_close(mine, answer)
            answers += same
            compared += steps
    finally:
        peer.stop()
    good = prompts == tokens == answers == PROMPTS
    print(
        f"\nof {PROMPTS} prompts as llama-server: {prompts} the same text, {tokens} the same tokens,"
        f" {answers} the same greedy answer up to a gap under {LEAST_GAP} or the end, {compared} steps:"
        f" {'yes' if good else 'MISSED'}",
        flush=True,
    )
    return good


def until_close(mine, answer):
    """Whether the answers agree up to a step where two tokens are too close to tell, and over how many steps."""
    for step, (token, margin) in enumerate(zip(mine["answer"], mine["margins"], strict=True)):
        if step == len(answer) or answer[step] != token:
            return margin < LEAST_GAP, step
    return True, len(mine["answer"])
