// What OpenAI's npm package makes of the function's answers and failures. Run by .ci/real/clients.py.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import OpenAI from "openai";
import { VERSION } from "openai/version";

const { TOKEN } = process.env;
const functions = JSON.parse(process.env.FUNCTIONS); // their addresses, by name
const TEXT = "Loads and unloads ships 🚢.";
const failures = JSON.parse(readFileSync(new URL("failures.json", import.meta.url)));
const question = [{ role: "user", content: "What does a dock worker do?" }];
const tool = { type: "function", function: { name: "ships_in", parameters: { type: "object", properties: { port: { type: "string" } } } } };

function client({ function: name = "gptdock", token = TOKEN, ...more } = {}) {
  return new OpenAI({ baseURL: `${functions[name]}/v1`, apiKey: token, maxRetries: 0, ...more });
}

const text = (chunk) => chunk.choices.map((choice) => choice.delta.content ?? "").join("");

async function raised(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail("nothing was raised");
}

async function answers() {
  const { completions } = client().chat;
  const whole = await completions.create({ model: "answers", messages: question }).withResponse();
  assert.equal(whole.data.choices[0].message.content, TEXT);
  assert.equal(whole.data.usage.total_tokens, 7);
  assert.ok(whole.request_id);
  assert.equal(whole.response.headers.get("x-ratelimit-remaining-requests"), "41");
  const chunks = await Array.fromAsync(await completions.create({ model: "answers", messages: question, stream: true }));
  assert.equal(chunks.map(text).join(""), TEXT);
  assert.equal(chunks.length, 5);
  assert.equal(chunks.at(-1).choices[0].finish_reason, "stop");
  // The gateway answers the second with JSON, which the function makes a stream of.
  for (const model of ["answers", "plain"]) {
    assert.equal(await completions.stream({ model, messages: question }).finalContent(), TEXT);
  }
  const models = (await Array.fromAsync(client().models.list())).map((model) => model.id);
  assert.ok(models.includes("answers") && models.includes("cut"), models);
}

async function callsATool() {
  const { completions } = client().chat;
  const asked = { model: "tools", tools: [tool], tool_choice: "auto" };
  const { message } = (await completions.create({ ...asked, messages: question })).choices[0];
  const [call] = message.tool_calls;
  assert.equal(call.function.name, "ships_in");
  assert.deepEqual(JSON.parse(call.function.arguments), { port: "Bergen" });
  const streamed = await completions.stream({ ...asked, messages: question }).finalChatCompletion();
  assert.equal(streamed.choices[0].finish_reason, "tool_calls");
  assert.equal(streamed.choices[0].message.tool_calls[0].function.arguments, call.function.arguments);
  const result = { role: "tool", tool_call_id: call.id, content: "3 ships" };
  const again = await completions.create({ ...asked, messages: [...question, message, result] });
  assert.equal(again.choices[0].message.content, "call_1 says 3 ships");
}

async function raisesBefore({ model, raises, status, code, param = null, says, retry_after = null, ...more }, way) {
  const messages = more.filler ? [{ role: "user", content: "x".repeat(more.filler) }] : question;
  const { temperature } = more;
  const error = await raised(client(more).chat.completions.create({ model, messages, temperature, stream: way === "stream" }));
  assert.equal(error.constructor, OpenAI[raises], error);
  assert.deepEqual([error.status, error.code, error.param], [status, code, param], error);
  assert.ok(error.message.includes(says) && !error.message.includes("upstream words"), error);
  assert.ok(error.requestID, error);
  assert.equal(error.headers.get("retry-after"), retry_after, error);
}

async function raisesMidway({ model, type, code, says, empty, ...more }) {
  let came = "";
  const error = await raised(
    (async () => {
      for await (const chunk of await client(more).chat.completions.create({ model, messages: question, stream: true })) {
        came += text(chunk);
      }
    })(),
  );
  assert.equal(error.constructor, OpenAI.APIError, error);
  assert.deepEqual([error.status, error.type, error.code], [undefined, type, code], error);
  assert.ok(error.message.includes(says) && !error.message.includes("upstream words"), error);
  assert.ok(error.requestID, error);
  assert.ok(came.startsWith(empty ? "" : "Loads and "), came);
}

async function raisesElsewhere() {
  const embeddings = await raised(client().embeddings.create({ model: "answers", input: "x" }));
  assert.equal(embeddings.constructor, OpenAI.NotFoundError, embeddings);
  assert.equal(embeddings.code, "not_found");
  const list = await raised(client().chat.completions.list());
  assert.deepEqual([list.constructor, list.status, list.code], [OpenAI.APIError, 405, "method_not_allowed"], list);
  assert.equal(list.headers.get("allow"), "POST");
}

async function retries() {
  for (const stream of [false, true]) {
    let asked = 0;
    const counted = (...args) => ((asked += 1), fetch(...args));
    const { completions } = client({ maxRetries: undefined, fetch: counted }).chat;
    const answer = await completions.create({ model: "busy-once", messages: question, stream });
    const came = stream ? (await Array.fromAsync(answer)).map(text).join("") : answer.choices[0].message.content;
    assert.deepEqual([came, asked], [TEXT, 2]);
  }
}

// Node 20 has no Array.fromAsync.
Array.fromAsync ??= async (items) => {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
};

await answers();
await callsATool();
for (const failure of failures.before) {
  for (const way of failure.ways ?? ["json", "stream"]) await raisesBefore(failure, way);
}
for (const failure of failures.midway) await raisesMidway(failure);
await raisesElsewhere();
await retries();
console.log(`openai ${VERSION} of npm: ${failures.before.length} errors before the answer, ${failures.midway.length} within it`);
