"""The clients for Python, one after the other, through all cells of the matrix: see matrix.py.

usage: matrix_python.py BASE_URL UPSTREAM_URL MODEL APIS
"""

import asyncio
import importlib.metadata
import json
import sys
import time
import traceback
import urllib.request

import agents
import langchain_core.exceptions
import langchain_openai
import openai
import pydantic

BASE_URL, UPSTREAM_URL, MODEL, APIS = sys.argv[1:5]
TEXT, CITY = "The sky is blue.", {"city": "Paris"}
CUT = "upstream_stream_truncated"
SKY = {"colour": "blue", "sure": True}
PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


class Sky(pydantic.BaseModel):
    colour: str
    sure: bool


class Wrong(Exception):
    """The client showed a value that is not the one, or none of its errors."""


class Failed(Exception):
    """A typed event of the Responses API that says that it failed: what this client shows instead of an error."""


def ended(event):
    if event.type == "response.failed":
        raise Failed(event.response.error.code)
    if event.type == "error":
        raise Failed(event.code)


def same(got, expected):
    if got != expected:
        raise Wrong(f"{got!r} is not {expected!r}")


def ask(**plan):
    text = "Which colour is the sky? And the weather in Paris?"
    return text + (" scripted{" + ",".join(f"{k}={v}" for k, v in plan.items()) + "}" if plan else "")


def until_left(name):
    """Waits until the upstream has seen the abandoned call's connection close before its answer was whole."""
    for _ in range(40):
        with urllib.request.urlopen(f"{UPSTREAM_URL}/calls/{name}") as answer:
            call = json.load(answer)
        if call.get("closed"):
            return "upstream left"
        time.sleep(0.05)
    raise Wrong(f"upstream goes on: {call}")


class Openai:
    """The official client, chat completions."""

    name, package = "openai python, chat", "openai"
    errors = (openai.APIError, Failed)

    def __init__(self):
        self.client = openai.OpenAI(base_url=BASE_URL, api_key="none", max_retries=0)
        self.tools = [{"type": "function", "function": {"name": "get_weather", "parameters": PARAMETERS}}]

    def create(self, **more):
        return self.client.chat.completions.create(model=MODEL, **more)

    def said(self, text, **more):
        return {"messages": [{"role": "user", "content": text}], **more}

    def chat(self, text):
        return self.create(**self.said(text)).choices[0].message.content

    def stream(self, text):
        chunks = self.create(**self.said(text, stream=True))
        return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)

    def tool(self, text):
        return called(self.create(**self.said(text, tools=self.tools)).choices[0].message.tool_calls)

    def tool_stream(self, text):
        with self.client.chat.completions.stream(model=MODEL, **self.said(text, tools=self.tools)) as stream:
            return called(stream.get_final_completion().choices[0].message.tool_calls)

    def schema(self, text):
        answer = self.client.chat.completions.parse(model=MODEL, response_format=Sky, **self.said(text))
        return answer.choices[0].message.parsed.model_dump()

    def cancel(self, text):
        stream = self.create(**self.said(text, stream=True))
        next(iter(stream))
        stream.close()


class OpenaiResponses(Openai):
    """The official client, responses."""

    name = "openai python, responses"

    def __init__(self):
        super().__init__()
        self.tools = [{"type": "function", "name": "get_weather", "parameters": PARAMETERS, "strict": True}]

    def create(self, **more):
        return self.client.responses.create(model=MODEL, **more)

    def said(self, text, **more):
        return {"input": text, **more}

    def chat(self, text):
        return self.create(**self.said(text)).output_text

    def stream(self, text):
        words = ""
        for event in self.create(**self.said(text, stream=True)):
            if event.type == "response.output_text.delta":
                words += event.delta
            ended(event)
        return words

    def tool(self, text):
        call = self.create(**self.said(text, tools=self.tools)).output[0]
        return [(call.name, json.loads(call.arguments))]

    def tool_stream(self, text):
        with self.client.responses.stream(model=MODEL, **self.said(text, tools=self.tools)) as stream:
            for event in stream:
                ended(event)
            call = stream.get_final_response().output[0]
        return [(call.name, json.loads(call.arguments))]

    def schema(self, text):
        return self.client.responses.parse(model=MODEL, text_format=Sky, **self.said(text)).output_parsed.model_dump()


def called(calls):
    return [(call.function.name, json.loads(call.function.arguments)) for call in calls]


class Langchain:
    """LangChain's ChatOpenAI."""

    name, package = "LangChain python, chat", "langchain-openai"
    errors = (openai.APIError, langchain_core.exceptions.LangChainException)
    responses = False

    def __init__(self):
        self.model = langchain_openai.ChatOpenAI(
            base_url=BASE_URL, api_key="none", model=MODEL, max_retries=0, use_responses_api=self.responses
        )
        self.tools = [{"type": "function", "function": {"name": "get_weather", "parameters": PARAMETERS}}]

    def chat(self, text):
        return self.model.invoke(text).text

    def stream(self, text):
        return "".join(chunk.text for chunk in self.model.stream(text))

    def tool(self, text):
        return [(c["name"], c["args"]) for c in self.model.bind_tools(self.tools).invoke(text).tool_calls]

    def tool_stream(self, text):
        whole = None
        for chunk in self.model.bind_tools(self.tools).stream(text):
            whole = chunk if whole is None else whole + chunk
        return [(c["name"], c["args"]) for c in whole.tool_calls]

    def schema(self, text):
        return self.model.with_structured_output(Sky, method="json_schema").invoke(text).model_dump()

    def cancel(self, text):
        stream = self.model.stream(text)
        next(stream)
        stream.close()


class LangchainResponses(Langchain):
    name = "LangChain python, responses"
    responses = True


@agents.function_tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


class Agents:
    """The Agents SDK: a run, with its loop over tools."""

    name, package = "OpenAI Agents SDK, chat", "openai-agents"
    errors = (openai.APIError, agents.exceptions.AgentsException)
    model = agents.OpenAIChatCompletionsModel

    def __init__(self):
        agents.set_tracing_disabled(True)

    def agent(self, **more):
        client = openai.AsyncOpenAI(base_url=BASE_URL, api_key="none", max_retries=0)
        return agents.Agent(name="sky", model=self.model(model=MODEL, openai_client=client), **more)

    async def whole(self, agent, text):
        return (await agents.Runner.run(agent, text)).final_output

    async def streamed(self, agent, text):
        run = agents.Runner.run_streamed(agent, text)
        async for _ in run.stream_events():
            pass
        return run

    def chat(self, text):
        return asyncio.run(self.whole(self.agent(), text))

    def stream(self, text):
        return asyncio.run(self.streamed(self.agent(), text)).final_output

    def tool(self, text):
        same(asyncio.run(self.whole(self.agent(tools=[get_weather]), text)), "It is sunny.")
        return [("get_weather", CITY)]

    def tool_stream(self, text):
        run = asyncio.run(self.streamed(self.agent(tools=[get_weather]), text))
        same(run.final_output, "It is sunny.")
        return [
            (item.raw_item.name, json.loads(item.raw_item.arguments))
            for item in run.new_items
            if item.type == "tool_call_item"
        ]

    def schema(self, text):
        return asyncio.run(self.whole(self.agent(output_type=Sky), text)).model_dump()

    def cancel(self, text):
        async def leave():
            run = agents.Runner.run_streamed(self.agent(), text)
            async for event in run.stream_events():
                if event.type == "raw_response_event":
                    break
            run.cancel()
            await asyncio.sleep(0.3)
            until_left(text.rsplit("id=", 1)[1].rstrip("}"))

        asyncio.run(leave())


class AgentsResponses(Agents):
    name = "OpenAI Agents SDK, responses"
    model = agents.OpenAIResponsesModel


def fails(client, act, status=None, code=CUT):
    """An act that must end in one of the client's own errors, with this status or else this code; the error's name."""
    try:
        got = act()
    except client.errors as error:
        seen = getattr(error, "status_code", None)
        if seen != status:
            raise Wrong(f"{error!r} has status {seen}") from error
        if status is None and code != getattr(error, "code", None) and code not in str(error):
            raise Wrong(f"{error!r} does not say {code}") from error
        return type(error).__name__
    raise Wrong(f"no error, but {got!r}")


def cells(client):
    cancel = "cancel-" + client.name.lower().replace(" ", "-").replace(",", "")
    weather = [("get_weather", CITY)]
    yield "chat", lambda: same(client.chat(ask()), TEXT)
    yield "stream", lambda: same(client.stream(ask()), TEXT)
    yield "tools", lambda: same(client.tool(ask()), weather)
    yield "tools streamed", lambda: same(client.tool_stream(ask()), weather)
    yield "JSON schema", lambda: same(client.schema(ask()), SKY)
    yield "429", lambda: fails(client, lambda: client.chat(ask(fault=429)), 429)
    yield "500", lambda: fails(client, lambda: client.stream(ask(fault=500)), 500)
    yield "document cut", lambda: fails(client, lambda: client.chat(ask(fault="cut")), 502)
    yield "stream ends early", lambda: fails(client, lambda: client.stream(ask(fault="end")))
    yield "cut in an event", lambda: fails(client, lambda: client.stream(ask(fault="cut")))
    yield "reset", lambda: fails(client, lambda: client.stream(ask(fault="reset")))
    yield "cut in a call", lambda: fails(client, lambda: client.tool_stream(ask(fault="end")))
    yield "error in stream", lambda: fails(client, lambda: client.stream(ask(fault="error")), code="server_error")
    yield "cancel", lambda: (client.cancel(ask(gap=50, events=100, id=cancel)), until_left(cancel))[1]


def main():
    for kind in (Openai, OpenaiResponses, Langchain, LangchainResponses, Agents, AgentsResponses):
        if kind.name.split(", ")[1] not in APIS.split(","):
            continue
        client = kind()
        version = importlib.metadata.version(client.package)
        for cell, act in cells(client):
            try:
                got, ok = act() or "ok", True
            except Exception as error:
                got, ok = traceback.format_exception_only(error)[-1].strip()[:300], False
            print(
                json.dumps({"client": client.name, "version": version, "cell": cell, "ok": ok, "got": got}), flush=True
            )


main()
