// Asks with OpenAI's package of npm. Reads cases from stdin and prints what came of each, both as JSON.

import { readFileSync } from "node:fs";
import OpenAI from "openai";

const functions = JSON.parse(process.env.FUNCTIONS);

// The message of the answer; what a stream brings is added to `came`.
async function complete(chat, way, asked, came) {
  if (way === "json") return (await chat.create(asked)).choices[0].message;
  if (way === "helper") return (await chat.stream(asked).finalChatCompletion()).choices[0].message;
  for await (const chunk of await chat.create({ ...asked, stream: true })) {
    came.push(...chunk.choices.map((choice) => choice.delta.content ?? ""));
  }
}

async function outcome({ function: name, token, retries, way, asked }) {
  const client = new OpenAI({ baseURL: `${functions[name]}/v1`, apiKey: token, maxRetries: retries });
  const chat = client.chat.completions;
  const came = [];
  try {
    let message = await complete(chat, way, asked, came);
    if (message?.tool_calls) {
      const result = { role: "tool", tool_call_id: message.tool_calls[0].id, content: "3 ships" };
      message = await complete(chat, way, { ...asked, messages: [...asked.messages, message, result] }, came);
    }
    return { text: message ? message.content : came.join("") };
  } catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error;
    const { status, type, code, param, message, headers } = error;
    const retry_after = headers?.get("retry-after");
    return { text: came.join(""), error: { name: error.constructor.name, status, type, code, param, message, retry_after } };
  }
}

const outcomes = [];
for (const one of JSON.parse(readFileSync(0))) outcomes.push(await outcome(one));
console.log(JSON.stringify(outcomes));
