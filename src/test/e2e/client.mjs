// The official OpenAI client for Node against a gateway: chat, stream, JSON by schema and a tool call for each model.
// usage: node client.mjs BASE_URL MODEL...
import assert from "node:assert/strict";
import OpenAI from "openai";

const [baseURL, ...models] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
const messages = [{ role: "user", content: "The sky on a clear day: which colour is it? Set a timer for 5 minutes too." }];
const schema = {
  type: "object",
  properties: { colour: { type: "string", enum: ["red", "green", "blue"] } },
  required: ["colour"],
  additionalProperties: false,
};
const tool = {
  type: "function",
  function: {
    name: "set_timer",
    description: "Start a timer.",
    parameters: { type: "object", properties: { minutes: { type: "integer" } }, required: ["minutes"] },
  },
};

const checks = {
  async chat(model) {
    const answer = await client.chat.completions.create({ model, messages, max_tokens: 24 });
    assert.ok(answer.choices[0].message.content);
    assert.ok(answer.usage.total_tokens > 0);
  },
  async stream(model) {
    const stream = client.chat.completions.stream({ model, messages, max_tokens: 24 });
    let pieces = 0;
    stream.on("content", () => pieces++);
    const whole = await stream.finalChatCompletion();
    assert.ok(pieces > 0);
    assert.ok(whole.choices[0].message.content);
  },
  async schema(model) {
    const response_format = { type: "json_schema", json_schema: { name: "sky", strict: true, schema } };
    const answer = await client.chat.completions.create({ model, messages, response_format, max_tokens: 48 });
    assert.ok(schema.properties.colour.enum.includes(JSON.parse(answer.choices[0].message.content).colour));
  },
  async tool(model) {
    const stream = client.chat.completions.stream({
      model,
      messages,
      tools: [tool],
      tool_choice: "required",
      max_tokens: 64,
    });
    const [call] = (await stream.finalChatCompletion()).choices[0].message.tool_calls;
    assert.equal(call.function.name, "set_timer");
    assert.ok(Number.isInteger(JSON.parse(call.function.arguments).minutes));
  },
};

for (const model of models) {
  for (const [name, check] of Object.entries(checks)) {
    await check(model);
    console.log(`ok ${model} ${name}`);
  }
}
