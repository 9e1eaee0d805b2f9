#!/usr/bin/env python3
"""A stand-in for a provider that does as a call tells it, down to the byte; it says so in every answer.

A call's messages may hold `scripted{fault=cut,at=3,...}`:

    events=N   words of the answer (4)                 gap=MS    between events of a stream (0: all in one write)
    wait=MS    before the head                         stamp=1   each word is the clock (monotonic ns) as it is written
    tool=update_plan  is called, with a plan
    id=X       its times are kept: GET /calls/X        at=N      events of a stream before a fault (2)
    fault=...  429, 500 and other statuses, html (502), error200, empty: instead of an answer
               end: the stream ends there, as if it were whole    cut: closed inside an event or a document
               reset: the connection is reset there               reset-head: before anything was sent
               error, nonsense: an error object, no JSON          stall, half: nothing comes, or half an event

Serves chat completions and responses, `GET /stats` and `GET /calls/X`. A tool with the parameter `city` or `colour` is
called; JSON is answered where a schema asks for it.

usage: scripted.py PORT
"""

import asyncio
import functools
import itertools
import json
import re
import socket
import struct
import sys
import time
from typing import ClassVar

PLAN = re.compile(rb"scripted\{([a-z0-9=,._\-]*)\}")
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
COLOUR = '{"colour":"blue","sure":true}'
CITY = '{"city":"Paris"}'
STEPS = '{"plan":[{"step":"look","status":"completed"}]}'
MODEL = "scripted"
NUMBERS = itertools.count()
REASONS = {429: "rate_limit_exceeded", 500: "server_error"}


def plan_of(body):
    """What the last marker of a request asks for."""
    found = PLAN.findall(body)
    plan = dict(part.split("=", 1) for part in found[-1].decode().split(",") if "=" in part) if found else {}
    return plan


def said(body, plan, responses):
    """(words, tool, arguments): the answer is words, or a call."""
    if b'"tools"' in body or b'"json_schema"' in body:
        asked = json.loads(body)
        turns = asked["input"] if responses else asked["messages"]
        last = turns[-1] if isinstance(turns, list) else {}
        if last.get("role") == "tool" or last.get("type") == "function_call_output":
            return ("It ", "is ", "sunny", "."), None, None
        for tool in asked.get("tools", []):
            function = tool.get("function", tool)
            wanted = (function.get("parameters") or {}).get("properties", {})
            if "city" in wanted or "colour" in wanted:
                return (), function["name"], CITY if "city" in wanted else COLOUR
        if "tool" in plan:
            return (), plan["tool"], STEPS
        form = asked.get("text", {}).get("format", {}) if responses else asked.get("response_format", {})
        if form.get("type") == "json_schema":
            return tuple(COLOUR[i : i + 5] for i in range(0, len(COLOUR), 5)), None, None
    count = int(plan.get("events", 4))
    words = ("The ", "sky ", "is ", "blue.") if count == 4 else tuple(f"word{i} " for i in range(count))
    return words, None, None


def chat_document(words, tool, arguments):
    message = {"role": "assistant", "content": "".join(words) or None, "refusal": None}
    if tool:
        message["tool_calls"] = [
            {"id": "call_1", "type": "function", "function": {"name": tool, "arguments": arguments}}
        ]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "tool_calls" if tool else "stop"}
    return {**chat_head("chat.completion"), "choices": [choice], "usage": USAGE}


USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}


def chat_head(kind):
    return {"id": "chatcmpl-scripted", "object": kind, "created": 1, "model": MODEL}


def chat_chunk(delta, finish=None, usage=None):
    choices = [] if usage else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
    body = {**chat_head("chat.completion.chunk"), "choices": choices}
    return "data: " + json.dumps({**body, "usage": usage} if usage else body) + "\n\n"


@functools.lru_cache(100)
def chat_events(words, tool, arguments, wants_usage):
    def call(**members):
        return chat_chunk({"tool_calls": [{"index": 0, **members}]})

    events = [chat_chunk({"role": "assistant", "content": None if tool else "", "refusal": None})]
    if tool:
        events.append(call(id="call_1", type="function", function={"name": tool, "arguments": ""}))
        events += [call(function={"arguments": arguments[i : i + 4]}) for i in range(0, len(arguments), 4)]
    events += [chat_chunk({"content": word}) for word in words]
    events.append(chat_chunk({}, "tool_calls" if tool else "stop"))
    if wants_usage:
        events.append(chat_chunk({}, usage=USAGE))
    return [*events, "data: [DONE]\n\n"]


def responses_document(words, tool, arguments, status="completed"):
    if tool:
        item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": tool, "arguments": arguments}
    else:
        part = {"type": "output_text", "text": "".join(words), "annotations": [], "logprobs": []}
        item = {"type": "message", "id": "msg_1", "role": "assistant", "content": [part]}
    done = status == "completed"
    return {
        # They come again: the gateway remembers ids by the hundred thousand, which a soak would take for a leak.
        "id": f"resp_{next(NUMBERS) % 5000:032x}",
        "object": "response",
        "created_at": 1,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": MODEL,
        "output": [{**item, "status": "completed"}] if done else [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": {
            "input_tokens": 9,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 4,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 13,
        }
        if done
        else None,
    }


def responses_events(words, tool, arguments):
    whole = responses_document(words, tool, arguments)
    begun = {**responses_document(words, tool, arguments, "in_progress"), "id": whole["id"]}
    item = whole["output"][0]
    at = {"output_index": 0, "item_id": item["id"]}
    events = [("response.created", {"response": begun}), ("response.in_progress", {"response": begun})]
    if tool:
        events.append(
            (
                "response.output_item.added",
                {"output_index": 0, "item": {**item, "arguments": "", "status": "in_progress"}},
            )
        )
        pieces = [arguments[i : i + 4] for i in range(0, len(arguments), 4)]
        events += [("response.function_call_arguments.delta", {**at, "delta": piece}) for piece in pieces]
        events.append(("response.function_call_arguments.done", {**at, "name": tool, "arguments": arguments}))
    else:
        part = item["content"][0]
        at["content_index"] = 0
        opened = {**item, "content": [], "status": "in_progress"}
        events.append(("response.output_item.added", {"output_index": 0, "item": opened}))
        events.append(("response.content_part.added", {**at, "part": {**part, "text": ""}}))
        events += [("response.output_text.delta", {**at, "delta": word, "logprobs": []}) for word in words]
        events.append(("response.output_text.done", {**at, "text": part["text"], "logprobs": []}))
        events.append(("response.content_part.done", {**at, "part": part}))
    events.append(("response.output_item.done", {"output_index": 0, "item": item}))
    events.append(("response.completed", {"response": whole}))
    return [
        f"event: {name}\ndata: {json.dumps({'type': name, 'sequence_number': n, **data})}\n\n"
        for n, (name, data) in enumerate(events)
    ]


def error_body(status):
    code = REASONS.get(status, "scripted_error")
    kind = "server_error" if status >= 500 else "requests" if status == 429 else "invalid_request_error"
    return {"error": {"message": f"Scripted answer {status}.", "type": kind, "param": None, "code": code}}


class Door(asyncio.Protocol):
    """One connection; requests one after the other."""

    total = active = opened = 0
    calls: ClassVar[dict] = {}

    def connection_made(self, transport):
        self.transport, self.bytes, self.task, self.watched = transport, bytearray(), None, None
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Door.opened += 1

    def connection_lost(self, error):
        Door.opened -= 1
        if self.watched is not None:
            self.watched["closed"] = time.monotonic_ns()
        if self.task is not None:
            self.task.cancel()

    def data_received(self, data):
        self.bytes += data
        end = self.bytes.find(b"\r\n\r\n")
        if end < 0 or self.task is not None:
            return
        length = LENGTH.search(self.bytes, 0, end + 2)
        size = end + 4 + (int(length.group(1)) if length else 0)
        if len(self.bytes) >= size:
            line, body = bytes(self.bytes[: self.bytes.find(b"\r\n")]), bytes(self.bytes[end + 4 : size])
            del self.bytes[:size]
            self.request(line.split(b" ")[1].decode(), body)

    def request(self, path, body):
        if path == "/stats":
            self.document(200, {"scripted": True, "calls": Door.total, "active": Door.active, "open": Door.opened - 1})
        elif path.startswith("/calls/"):
            self.document(200, Door.calls.get(path[7:], {}))
        elif path in ("/v1/chat/completions", "/v1/responses"):
            Door.total += 1
            Door.active += 1
            self.task = asyncio.get_running_loop().create_task(self.answer(path, body))
            self.task.add_done_callback(self.answered)
        else:
            self.document(404, error_body(404))

    def answered(self, task):
        Door.active -= 1
        self.task = None
        if not task.cancelled() and task.exception():
            self.transport.abort()
        elif self.bytes and not self.transport.is_closing():
            self.data_received(b"")

    async def answer(self, path, body):
        plan, responses = plan_of(body), path.endswith("responses")
        if "id" in plan:
            # The time that counts is when the connection closes; a document is whole as soon as it is written.
            self.watched = Door.calls.setdefault(
                plan["id"], {"began": time.monotonic_ns(), "ended": None, "closed": None}
            )
        if "wait" in plan:
            await asyncio.sleep(float(plan["wait"]) / 1000)
        fault, watched = plan.get("fault", ""), self.watched
        parts = said(body, plan, responses)
        stream = re.search(rb'"stream" *: *true', body) is not None
        if fault == "reset-head":
            self.reset()
        elif fault.isdigit():
            self.document(int(fault), error_body(int(fault)))
        elif fault == "html":
            self.send(502, "text/html", "<html><h1>502 Bad Gateway</h1></html>")
        elif fault == "error200":
            self.document(200, error_body(500))
        elif fault == "empty":
            self.send(200, "application/json", "")
        elif stream:
            usage = re.search(rb'"include_usage" *: *true', body) is not None
            events = responses_events(*parts) if responses else chat_events(*parts, usage)
            await self.stream(events, plan, fault)
        elif fault:
            await self.broken(json.dumps((responses_document if responses else chat_document)(*parts)), fault)
        else:
            self.document(200, (responses_document if responses else chat_document)(*parts))
        if watched is not None and self.watched is watched:
            watched["ended"] = time.monotonic_ns()
            self.watched = None

    async def stream(self, events, plan, fault):
        gap, at = float(plan.get("gap", 0)) / 1000, int(plan.get("at", 2)) + 1
        self.head(200, "text/event-stream; charset=utf-8", "transfer-encoding: chunked")
        if not fault and not gap:
            self.chunk("".join(events))
            self.transport.write(b"0\r\n\r\n")
            return
        for n, event in enumerate(events):
            if n == at and fault:
                await self.fail(fault, event)
                return
            if gap and n:
                await asyncio.sleep(gap)
            if "stamp" in plan:
                event = re.sub(r"word\d+", lambda found: str(time.monotonic_ns()), event)
            self.chunk(event)
        self.transport.write(b"0\r\n\r\n")

    async def fail(self, fault, event):
        """What happens to a stream in place of its next event."""
        # What was written before must be read as such: a reset throws away what has not been fetched.
        await asyncio.sleep(0.02)
        if fault == "end":
            self.transport.write(b"0\r\n\r\n")
        elif fault == "cut":
            self.chunk(event[: len(event) // 2])
            self.transport.close()
        elif fault == "reset":
            self.reset()
        elif fault == "error":
            self.chunk("data: " + json.dumps(error_body(500)) + "\n\n")
            self.transport.write(b"0\r\n\r\n")
        elif fault == "nonsense":
            self.chunk("data: {nonsense\n\n")
            self.transport.write(b"0\r\n\r\n")
        elif fault in ("stall", "half"):
            if fault == "half":
                self.chunk(event[: len(event) // 2])
            await asyncio.sleep(3600)

    async def broken(self, text, fault):
        """What happens to a document."""
        if fault == "nonsense":
            self.send(200, "application/json", text[: len(text) // 2])
            return
        self.head(200, "application/json", f"content-length: {len(text)}")
        self.transport.write(text[: len(text) // 2].encode())
        await asyncio.sleep(0.02)
        if fault == "stall":
            await asyncio.sleep(3600)
        elif fault == "reset":
            self.reset()
        else:
            self.transport.close()

    def document(self, status, body):
        self.send(status, "application/json", json.dumps(body))

    def send(self, status, kind, text):
        more = "\r\nretry-after: 7" if status == 429 else ""
        self.head(status, kind, f"content-length: {len(text.encode())}{more}", text)

    def head(self, status, kind, more, text=""):
        says = "x-scripted-upstream: no model answers here"
        self.transport.write(f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\n{says}\r\n{more}\r\n\r\n{text}".encode())

    def chunk(self, text):
        data = text.encode()
        self.transport.write(b"%x\r\n%b\r\n" % (len(data), data))

    def reset(self):
        linger = struct.pack("ii", 1, 0)
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.transport.abort()


async def serve(port):
    server = await asyncio.get_running_loop().create_server(Door, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
