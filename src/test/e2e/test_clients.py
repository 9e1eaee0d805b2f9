"""The official OpenAI clients for Python and Node, unchanged but for the base URL."""

import json
import pathlib
import subprocess

import openai
import pytest

HERE = pathlib.Path(__file__).parent
SCHEMA = {
    "type": "object",
    "properties": {"colour": {"type": "string", "enum": ["red", "green", "blue"]}, "sure": {"type": "boolean"}},
    "required": ["colour", "sure"],
    "additionalProperties": False,
}
TOOL = {
    "type": "function",
    "function": {
        "name": "set_timer",
        "description": "Start a timer.",
        "parameters": {
            "type": "object",
            "properties": {"minutes": {"type": "integer"}},
            "required": ["minutes"],
            "additionalProperties": False,
        },
    },
}
ASK = [{"role": "user", "content": "The sky on a clear day: which colour is it? Set a timer for 5 minutes too."}]


@pytest.fixture
def client(gateway):
    return openai.OpenAI(base_url=gateway.base_url, api_key="none", max_retries=0)


@pytest.fixture(params=["starter", "gpt-4o-mini"], ids=["slm", "llm"])
def model(request):
    return request.param


def test_chats(client, model):
    answer = client.chat.completions.create(model=model, messages=ASK, max_tokens=24)
    assert answer.choices[0].message.content
    assert answer.usage.completion_tokens > 0


def test_streams_with_usage_when_asked(client, model):
    chunks = list(
        client.chat.completions.create(
            model=model, messages=ASK, max_tokens=24, stream=True, stream_options={"include_usage": True}
        )
    )
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason]
    assert chunks[-1].usage.total_tokens > 0


def test_streams_without_usage_when_not_asked(client, model):
    chunks = list(client.chat.completions.create(model=model, messages=ASK, max_tokens=8, stream=True))
    assert all(c.usage is None for c in chunks)


def test_gives_json_by_schema(client, model):
    answer = client.chat.completions.create(
        model=model,
        messages=ASK,
        max_tokens=48,
        response_format={"type": "json_schema", "json_schema": {"name": "sky", "strict": True, "schema": SCHEMA}},
    )
    found = json.loads(answer.choices[0].message.content)
    assert found["colour"] in {"red", "green", "blue"}
    assert isinstance(found["sure"], bool)


@pytest.mark.parametrize(
    "choice", ["required", {"type": "function", "function": {"name": "set_timer"}}], ids=["any", "named"]
)
def test_calls_a_tool(client, model, choice):
    answer = client.chat.completions.create(model=model, messages=ASK, tools=[TOOL], tool_choice=choice, max_tokens=64)
    call = answer.choices[0].message.tool_calls[0]
    assert answer.choices[0].finish_reason in ("tool_calls", "stop")
    assert call.id
    assert call.function.name == "set_timer"
    assert isinstance(json.loads(call.function.arguments)["minutes"], int)


def test_streams_a_tool_call(client, model):
    chunks = client.chat.completions.create(
        model=model,
        messages=ASK,
        tools=[TOOL],
        tool_choice="required",
        parallel_tool_calls=False,
        max_tokens=64,
        stream=True,
    )
    name, arguments = "", ""
    for chunk in chunks:
        for call in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
            name += call.function.name or ""
            arguments += call.function.arguments or ""
    assert name == "set_timer"
    assert isinstance(json.loads(arguments)["minutes"], int)


def test_repeats_an_answer_for_a_seed(client):
    def once():
        return (
            client.chat.completions.create(model="starter", messages=ASK, max_tokens=16, temperature=0.8, seed=7)
            .choices[0]
            .message.content
        )

    assert once() == once()


def test_lists_models(client):
    assert "starter" in [m.id for m in client.models.list()]
    assert client.models.retrieve("starter").id == "starter"


def test_refuses_what_it_does_not_know(client):
    with pytest.raises(openai.NotFoundError) as refused:
        client.models.retrieve("no-such-model")
    assert refused.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="starter", messages=[])
    assert (refused.value.code, refused.value.param) == ("empty_array", "messages")
    with pytest.raises(openai.AuthenticationError) as refused:
        client.with_options(api_key="usk_00000000_" + "0" * 32).chat.completions.create(model="starter", messages=ASK)
    assert refused.value.code == "invalid_api_key"


def test_node_client(gateway):
    run = subprocess.run(
        ["node", str(HERE / "client.mjs"), gateway.base_url, "starter", "gpt-4o-mini"],
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count("ok ") == 8
