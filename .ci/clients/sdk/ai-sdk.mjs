// What Vercel's AI SDK makes of the function's answers and failures. Run by .ci/real/clients.py.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";

const { TOKEN } = process.env;
const functions = JSON.parse(process.env.FUNCTIONS); // their addresses, by name
const TEXT = "Loads and unloads ships 🚢.";
const failures = JSON.parse(readFileSync(new URL("failures.json", import.meta.url)));
const { version } = JSON.parse(readFileSync(new URL("node_modules/ai/package.json", import.meta.url)));
const prompt = "What does a dock worker do?";

function question({ model, function: name = "gptdock", token = TOKEN, filler, temperature, fetch }) {
  const provider = createOpenAICompatible({ name: "gptdock", baseURL: `${functions[name]}/v1`, apiKey: token, includeUsage: true, fetch });
  return { model: provider.chatModel(model), prompt: filler ? "x".repeat(filler) : prompt, temperature, maxRetries: 0 };
}

// All parts of a stream. Errors are parts of it, too; `onError` keeps them off the console.
async function streamed(asked) {
  const result = streamText({ ...asked, onError: () => {} });
  const parts = [];
  for await (const part of result.fullStream) parts.push(part);
  const of = (type) => parts.filter((part) => part.type === type);
  return { text: of("text-delta").map((part) => part.text).join(""), errors: of("error"), finish: of("finish")[0] };
}

async function answers() {
  const whole = await generateText(question({ model: "answers" }));
  assert.equal(whole.text, TEXT);
  assert.equal(whole.finishReason, "stop");
  assert.equal(whole.usage.totalTokens, 7);
  // The gateway answers the second with JSON, which the function makes a stream of.
  for (const model of ["answers", "plain"]) {
    const { text, errors, finish } = await streamed(question({ model }));
    assert.deepEqual([text, errors, finish.finishReason], [TEXT, [], "stop"]);
    assert.equal(finish.totalUsage.totalTokens, 7);
  }
}

async function callsATool() {
  const ports = [];
  const inputSchema = jsonSchema({ type: "object", properties: { port: { type: "string" } } });
  const execute = async ({ port }) => (ports.push(port), "3 ships");
  const asked = { ...question({ model: "tools" }), tools: { ships_in: tool({ inputSchema, execute }) }, stopWhen: stepCountIs(2) };
  assert.equal((await generateText(asked)).text, "call_1 says 3 ships");
  assert.equal((await streamed(asked)).text, "call_1 says 3 ships");
  assert.deepEqual(ports, ["Bergen", "Bergen"]);
}

async function raisedBefore(failure, way) {
  if (way === "json") return generateText(question(failure)).then(() => assert.fail("nothing was raised"), (error) => error);
  const { text, errors } = await streamed(question(failure));
  assert.equal(text, "");
  assert.equal(errors.length, 1);
  return errors[0].error;
}

async function raisesBefore(failure, way) {
  const { status, code, param = null, says, retry_after } = failure;
  const error = await raisedBefore(failure, way);
  assert.ok(APICallError.isInstance(error), error);
  assert.deepEqual([error.statusCode, error.data.error.code, error.data.error.param], [status, code, param], error);
  assert.equal(error.isRetryable, status === 429 || status >= 500);
  assert.ok(error.message.includes(says) && !error.message.includes("upstream words"), error);
  assert.equal(error.responseHeaders["retry-after"], retry_after);
  assert.equal(JSON.parse(error.responseBody).request_id, error.responseHeaders["x-request-id"]);
}

async function raisesMidway(failure) {
  const { text, errors, finish } = await streamed(question(failure));
  assert.equal(errors.length, 1);
  const { message, type, code } = errors[0].error;
  assert.deepEqual([type, code], [failure.type, failure.code]);
  assert.ok(message.includes(failure.says) && !message.includes("upstream words"), message);
  assert.ok(text.startsWith(failure.empty ? "" : "Loads and "), text);
  assert.equal(finish.finishReason, "error");
}

async function retries() {
  for (const ask of [generateText, streamed]) {
    let requests = 0;
    const counted = (...args) => ((requests += 1), fetch(...args));
    const { text } = await ask({ ...question({ model: "busy-once", fetch: counted }), maxRetries: undefined });
    assert.deepEqual([text, requests], [TEXT, 2]);
  }
}

await answers();
await callsATool();
for (const failure of failures.before) {
  for (const way of failure.ways ?? ["json", "stream"]) await raisesBefore(failure, way);
}
for (const failure of failures.midway) await raisesMidway(failure);
await retries();
console.log(`ai ${version} of npm: ${failures.before.length} errors before the answer, ${failures.midway.length} within it`);
