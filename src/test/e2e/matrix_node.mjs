// The clients for Node, one after the other, through all cells of the matrix: see matrix.py.
// usage: node matrix_node.mjs BASE_URL UPSTREAM_URL MODEL APIS
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createOpenAI } from "@ai-sdk/openai";
import { ChatOpenAI } from "@langchain/openai";
import { AISDKError, Output, generateText, jsonSchema, streamText, tool } from "ai";
import OpenAI from "openai";

const [baseURL, upstreamUrl, modelName, apis] = process.argv.slice(2);
const [text, city, sky] = ["The sky is blue.", { city: "Paris" }, { colour: "blue", sure: true }];
const weather = [["get_weather", city]];
const cut = "upstream_stream_truncated";
const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const skySchema = {
  type: "object",
  properties: { colour: { type: "string" }, sure: { type: "boolean" } },
  required: ["colour", "sure"],
  additionalProperties: false,
};
const functionTool = { type: "function", function: { name: "get_weather", parameters } };

function ask(plan = {}) {
  const marker = Object.entries(plan).map(([key, value]) => `${key}=${value}`);
  return "Which colour is the sky? And the weather in Paris?" + (marker.length ? ` scripted{${marker.join()}}` : "");
}

const version = (name) => JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;
const called = (calls) => calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]);
const user = (content) => [{ role: "user", content }];

/** A typed event of the Responses API that says that it failed: what this client shows instead of an error. */
class Failed extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

class OpenaiChat {
  name = "openai node, chat";
  package = "openai";
  errors = [OpenAI.APIError, Failed];
  client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });

  create(prompt, more) {
    return this.client.chat.completions.create({ model: modelName, messages: user(prompt), ...more });
  }

  async chat(prompt) {
    return (await this.create(prompt)).choices[0].message.content;
  }

  async stream(prompt) {
    let all = "";
    for await (const chunk of await this.create(prompt, { stream: true })) {
      all += chunk.choices[0]?.delta.content ?? "";
    }
    return all;
  }

  async tool(prompt) {
    return called((await this.create(prompt, { tools: [functionTool] })).choices[0].message.tool_calls);
  }

  async toolStream(prompt) {
    const request = { model: modelName, messages: user(prompt), tools: [functionTool] };
    const whole = await this.client.chat.completions.stream(request).finalChatCompletion();
    return called(whole.choices[0].message.tool_calls);
  }

  async schema(prompt) {
    const json_schema = { name: "sky", strict: true, schema: skySchema };
    const request = { model: modelName, messages: user(prompt), response_format: { type: "json_schema", json_schema } };
    return (await this.client.chat.completions.parse(request)).choices[0].message.parsed;
  }

  async cancel(prompt) {
    for await (const _ of await this.create(prompt, { stream: true })) {
      break;
    }
  }
}

class OpenaiResponses extends OpenaiChat {
  name = "openai node, responses";
  tools = [{ type: "function", name: "get_weather", parameters, strict: true }];

  create(prompt, more) {
    return this.client.responses.create({ model: modelName, input: prompt, ...more });
  }

  async chat(prompt) {
    return (await this.create(prompt)).output_text;
  }

  async stream(prompt) {
    let all = "";
    for await (const event of await this.create(prompt, { stream: true })) {
      all += event.type === "response.output_text.delta" ? event.delta : "";
      ended(event);
    }
    return all;
  }

  async tool(prompt) {
    const [call] = (await this.create(prompt, { tools: this.tools })).output;
    return [[call.name, JSON.parse(call.arguments)]];
  }

  async toolStream(prompt) {
    const stream = this.client.responses.stream({ model: modelName, input: prompt, tools: this.tools });
    for await (const event of stream) {
      ended(event);
    }
    const [call] = (await stream.finalResponse()).output;
    return [[call.name, JSON.parse(call.arguments)]];
  }

  async schema(prompt) {
    const format = { type: "json_schema", name: "sky", strict: true, schema: skySchema };
    return (await this.client.responses.parse({ model: modelName, input: prompt, text: { format } })).output_parsed;
  }
}

function ended(event) {
  if (event.type === "response.failed") {
    throw new Failed(event.response.error.code);
  }
  if (event.type === "error") {
    throw new Failed(event.code);
  }
}

class Langchain {
  package = "@langchain/openai";
  errors = [OpenAI.APIError];

  constructor(useResponsesApi) {
    this.name = `LangChain js, ${useResponsesApi ? "responses" : "chat"}`;
    this.model = new ChatOpenAI({
      model: modelName,
      apiKey: "none",
      maxRetries: 0,
      useResponsesApi,
      configuration: { baseURL },
    });
  }

  async chat(prompt) {
    return (await this.model.invoke(prompt)).text;
  }

  async stream(prompt) {
    let all = "";
    for await (const chunk of await this.model.stream(prompt)) {
      all += chunk.text;
    }
    return all;
  }

  async tool(prompt) {
    const answer = await this.model.bindTools([functionTool]).invoke(prompt);
    return answer.tool_calls.map((call) => [call.name, call.args]);
  }

  async toolStream(prompt) {
    let whole;
    for await (const chunk of await this.model.bindTools([functionTool]).stream(prompt)) {
      whole = whole ? whole.concat(chunk) : chunk;
    }
    return whole.tool_calls.map((call) => [call.name, call.args]);
  }

  schema(prompt) {
    return this.model.withStructuredOutput({ title: "sky", ...skySchema }, { method: "jsonSchema", strict: true }).invoke(prompt);
  }

  async cancel(prompt) {
    const leaving = new AbortController();
    try {
      for await (const _ of await this.model.stream(prompt, { signal: leaving.signal })) {
        leaving.abort();
      }
    } catch (error) {
      assert.match(`${error.name} ${error.message}`, /Abort/);
    }
  }
}

class AiSdk {
  package = "ai";
  errors = [AISDKError, Failed];

  constructor(api) {
    this.name = `AI SDK, ${api}`;
    this.model = createOpenAI({ baseURL, apiKey: "none" })[api](modelName);
  }

  request(prompt, more) {
    return { model: this.model, prompt, maxRetries: 0, ...more };
  }

  tools = { get_weather: tool({ inputSchema: jsonSchema(parameters) }) };

  async chat(prompt) {
    return (await generateText(this.request(prompt))).text;
  }

  /** What the stream held, or its error: this client tells it as a part of the stream. */
  async parts(prompt, more) {
    let [all, calls] = ["", []];
    for await (const part of streamText(this.request(prompt, { onError() {}, ...more })).fullStream) {
      if (part.type === "text-delta") {
        all += part.text;
      } else if (part.type === "tool-call") {
        calls.push([part.toolName, part.input]);
      } else if (part.type === "error") {
        throw told(part.error);
      }
    }
    return [all, calls];
  }

  async stream(prompt) {
    return (await this.parts(prompt))[0];
  }

  async tool(prompt) {
    const answer = await generateText(this.request(prompt, { tools: this.tools }));
    return answer.toolCalls.map((call) => [call.toolName, call.input]);
  }

  async toolStream(prompt) {
    return (await this.parts(prompt, { tools: this.tools }))[1];
  }

  async schema(prompt) {
    const output = Output.object({ schema: jsonSchema(skySchema) });
    return (await generateText(this.request(prompt, { output }))).output;
  }

  async cancel(prompt) {
    const leaving = new AbortController();
    const { textStream } = streamText(this.request(prompt, { abortSignal: leaving.signal, onError() {} }));
    for await (const _ of textStream) {
      leaving.abort();
    }
  }
}

/** An error part of the AI SDK's stream holds an error, or what the stream said. */
function told(error) {
  return error instanceof Error ? error : new Failed(error?.error?.code ?? error?.code ?? JSON.stringify(error));
}

async function untilLeft(name) {
  let call;
  for (let i = 0; i < 40; i++) {
    call = await (await fetch(`${upstreamUrl}/calls/${name}`)).json();
    if (call.closed) {
      return "upstream left";
    }
    await new Promise((then) => setTimeout(then, 50));
  }
  throw new Error(`upstream goes on: ${JSON.stringify(call)}`);
}

/** An act that must end in one of the client's own errors, with this status or else this code; the error's name. */
async function fails(client, act, { status, code = cut }) {
  let got;
  try {
    got = await act();
  } catch (error) {
    assert.ok(client.errors.some((kind) => error instanceof kind), `not one of its own errors: ${error?.stack ?? error}`);
    assert.equal(error.status ?? error.statusCode, status, `${error}`);
    assert.ok(status || error.code === code || `${error.data?.error?.code}` === code, `${error} does not say ${code}`);
    return error.constructor.name;
  }
  throw new Error(`no error, but ${JSON.stringify(got)}`);
}

const left = (client) => `cancel-${client.name.toLowerCase().replace(/[ ,]+/g, "-")}`;
const cells = {
  chat: async (client) => assert.equal(await client.chat(ask()), text),
  stream: async (client) => assert.equal(await client.stream(ask()), text),
  tools: async (client) => assert.deepEqual(await client.tool(ask()), weather),
  "tools streamed": async (client) => assert.deepEqual(await client.toolStream(ask()), weather),
  "JSON schema": async (client) => assert.deepEqual(await client.schema(ask()), sky),
  429: (client) => fails(client, () => client.chat(ask({ fault: 429 })), { status: 429 }),
  500: (client) => fails(client, () => client.stream(ask({ fault: 500 })), { status: 500 }),
  "document cut": (client) => fails(client, () => client.chat(ask({ fault: "cut" })), { status: 502 }),
  "stream ends early": (client) => fails(client, () => client.stream(ask({ fault: "end" })), {}),
  "cut in an event": (client) => fails(client, () => client.stream(ask({ fault: "cut" })), {}),
  reset: (client) => fails(client, () => client.stream(ask({ fault: "reset" })), {}),
  "cut in a call": (client) => fails(client, () => client.toolStream(ask({ fault: "end" })), {}),
  "error in stream": (client) => fails(client, () => client.stream(ask({ fault: "error" })), { code: "server_error" }),
  cancel: async (client) => {
    await client.cancel(ask({ gap: 50, events: 100, id: left(client) }));
    return untilLeft(left(client));
  },
};
const clients = [
  new OpenaiChat(),
  new OpenaiResponses(),
  new Langchain(false),
  new Langchain(true),
  new AiSdk("chat"),
  new AiSdk("responses"),
];
for (const client of clients.filter((one) => apis.split(",").includes(one.name.split(", ")[1]))) {
  for (const [cell, act] of Object.entries(cells)) {
    let [ok, got] = [true, "ok"];
    try {
      got = (await act(client)) ?? "ok";
    } catch (error) {
      [ok, got] = [false, `${error}`.slice(0, 300)];
    }
    console.log(JSON.stringify({ client: client.name, version: version(client.package), cell, ok, got }));
  }
}
