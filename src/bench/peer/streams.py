"""Many streamed chat completions at once, on one thread, so that reading costs the machine little."""

import contextlib
import json
import re
import selectors
import socket
import statistics
import time

FIRST = re.compile(rb'"content": ?"[^"]')
LIMIT_SECONDS = 300


class Stream:
    """One call on a connection of its own."""

    def __init__(self, port, body):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        text = json.dumps(body).encode()
        self.request = (
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nconnection: close\r\n"
            b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(text)
        ) + text
        self.received = bytearray()
        self.searched = 0
        self.first = None
        self.ended = None

    def send(self):
        self.began = time.perf_counter()
        self.socket.sendall(self.request)
        self.socket.setblocking(False)

    def read(self):
        """Takes what is there; whether the answer is over."""
        with contextlib.suppress(BlockingIOError):
            part = self.socket.recv(1 << 18)
            now = time.perf_counter()
            self.received += part
            if self.first is None:
                if FIRST.search(self.received, max(0, self.searched - 16)):
                    self.first = now - self.began
                self.searched = len(self.received)
            if not part or self.received.endswith(b"0\r\n\r\n"):
                self.ended = now
                self.socket.close()
                return True
        return False

    def events(self):
        """The decoded events."""
        head, _, rest = bytes(self.received).partition(b"\r\n\r\n")
        if b" 200 " not in head[:15]:
            raise SystemExit(f"a stream failed: {bytes(self.received[:500])}")
        if b"chunked" in head.lower():
            body, rest = rest, b""
            while body:
                size, _, body = body.partition(b"\r\n")
                length = int(size, 16)
                rest, body = rest + body[:length], body[length + 2 :]
        return [json.loads(line[6:]) for line in rest.split(b"\n") if line.startswith(b"data: {")]

    def answer(self):
        """The text, and the usage."""
        events = self.events()
        for event in events:
            if "error" in event:
                raise SystemExit(f"a stream failed: {event}")
        choices = [choice for event in events for choice in event.get("choices", [])]
        text = "".join(choice["delta"].get("content") or "" for choice in choices)
        return text, next(event["usage"] for event in events if event.get("usage"))


class Round:
    """What several streams that began together came to: seconds to the first token of each, and tokens per second."""

    def __init__(self, port, bodies):
        streams = [Stream(port, body) for body in bodies]
        selector = selectors.DefaultSelector()
        for stream in streams:
            selector.register(stream.socket, selectors.EVENT_READ, stream)
        began = time.perf_counter()
        for stream in streams:
            stream.send()
        left = len(streams)
        while left:
            if time.perf_counter() - began > LIMIT_SECONDS:
                raise SystemExit("streams did not end")
            for key, _ in selector.select(1):
                if key.data.read():
                    selector.unregister(key.fileobj)
                    left -= 1
        selector.close()
        answers = [stream.answer() for stream in streams]
        self.seconds = max(stream.ended for stream in streams) - began
        self.texts = [text for text, _ in answers]
        self.lengths = [usage["completion_tokens"] for _, usage in answers]
        self.prompts = [usage["prompt_tokens"] for _, usage in answers]
        self.cached = [(usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0) for _, usage in answers]
        if any(stream.first is None for stream in streams):
            raise SystemExit("a stream had no text")
        self.firsts = [stream.first for stream in streams]
        self.rate = sum(self.lengths) / self.seconds
        self.first = statistics.median(self.firsts)
