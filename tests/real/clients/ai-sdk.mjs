// Asks with Vercel's AI SDK. Reads cases from stdin and prints what came of each, both as JSON.

import { readFileSync } from "node:fs";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";

const functions = JSON.parse(process.env.FUNCTIONS);

function raised(error) {
  // Within a stream, an error is the object that the function sent.
  if (!APICallError.isInstance(error)) return error;
  const { type, code, param } = error.data.error;
  return { status: error.statusCode, type, code, param, message: error.message, retry_after: error.responseHeaders["retry-after"] };
}

async function outcome({ function: name, token, retries, way, asked }) {
  const { model, messages, temperature, tools } = asked;
  const provider = createOpenAICompatible({ name: "gptdock", baseURL: `${functions[name]}/v1`, apiKey: token });
  const request = { model: provider.chatModel(model), messages, temperature, maxRetries: retries, stopWhen: stepCountIs(2) };
  for (const { function: { name, parameters } } of tools ?? []) {
    request.tools = { [name]: tool({ inputSchema: jsonSchema(parameters), execute: async () => "3 ships" }) };
  }
  if (way === "json") {
    return generateText(request).then(({ text }) => ({ text }), (error) => ({ text: "", error: raised(error) }));
  }
  const made = { text: "" };
  for await (const part of streamText({ ...request, onError: () => {} }).fullStream) {
    if (part.type === "text-delta") made.text += part.text;
    if (part.type === "error") made.error = raised(part.error);
  }
  return made;
}

const outcomes = [];
for (const one of JSON.parse(readFileSync(0))) outcomes.push(await outcome(one));
console.log(JSON.stringify(outcomes));
