"""Calls of every kind that a small model is given, one after the other and a few at a time."""

import collections
import http.client
import json
import random
import socket
import threading
import time

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "parameters": {
                "type": "object",
                "properties": {
                    "order": {"type": "string", "maxLength": 8},
                    "count": {"type": "integer", "minimum": 0, "maximum": 99},
                },
                "required": ["order", "count"],
            },
        },
    }
    for name in ("find_order", "cancel_order", "count_orders")
]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 20}, "sunny": {"type": "boolean"}},
    "required": ["city", "sunny"],
    "additionalProperties": False,
}
WORKERS = 4


class Calls:
    """Chosen by a seed; counts how they ended."""

    def __init__(self, port, seed):
        self.port, self.chance, self.statuses = port, random.Random(seed), collections.Counter()
        self.kinds = [
            self.chat,
            self.sampled,
            self.stream,
            self.schema,
            self.forced,
            self.adapter,
            self.wrong,
            self.leave,
        ]

    def told(self):
        return ", ".join(f"{kind} {status}: {n}" for (kind, status), n in sorted(self.statuses.items(), key=str))

    def run(self, count):
        plan = [(self.chance.choice(self.kinds), self.chance.randrange(10**9)) for _ in range(count)]
        lock = threading.Lock()

        def work():
            while True:
                with lock:
                    if not plan:
                        return
                    kind, seed = plan.pop()
                status = kind(random.Random(seed))
                with lock:
                    self.statuses[kind.__name__, status] += 1

        threads = [threading.Thread(target=work) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def ask(self, chance, **more):
        text = f"Order {chance.randrange(10**6)} was promised for Tuesday. " * chance.randint(1, 6)
        body = {
            "model": "starter",
            "max_tokens": chance.randint(4, 24),
            "messages": [{"role": "user", "content": text}],
        }
        body.update(more)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def chat(self, chance):
        return self.ask(chance, temperature=0)

    def sampled(self, chance):
        return self.ask(chance, temperature=0.9, seed=chance.randrange(100), stop=["\n\n"])

    def stream(self, chance):
        return self.ask(chance, stream=True)

    def schema(self, chance):
        form = {"type": "json_schema", "json_schema": {"name": "weather", "schema": SCHEMA, "strict": True}}
        return self.ask(chance, response_format=form, max_tokens=48)

    def forced(self, chance):
        return self.ask(chance, tools=TOOLS, tool_choice="required", parallel_tool_calls=False, max_tokens=96)

    def adapter(self, chance):
        return self.ask(chance, model="with-adapter", temperature=0)

    def wrong(self, chance):
        """A role that the template does not know, a value out of range, a schema that makes no grammar."""
        return self.ask(
            chance,
            **chance.choice(
                [
                    {"messages": [{"role": "narrator", "content": "a"}]},
                    {"temperature": 3},
                    {
                        "response_format": {
                            "type": "json_schema",
                            "json_schema": {"name": "a", "schema": {"type": "object", "not": {}}},
                        }
                    },
                ]
            ),
        )

    def leave(self, chance):
        """Goes away while the answer grows."""
        body = {
            "model": "starter",
            "stream": True,
            "max_tokens": 400,
            "messages": [{"role": "user", "content": "Go on."}],
        }
        text = json.dumps(body).encode()
        head = "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
        head += f"content-length: {len(text)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self.port), 60) as connection:
            connection.sendall(head.encode() + text)
            time.sleep(chance.uniform(0, 0.1))
            if chance.random() < 0.7:
                connection.recv(100)
        return "left"
