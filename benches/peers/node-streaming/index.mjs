// The usual streaming handler: a message in ChatGPT-web's shape in, OpenAI's stream out.
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

const SYSTEM_PROMPT =
  "You are an AI assistant called 'GPTDock'. Answer in well-formatted markdown. " +
  "Use headings, lists, code blocks, and formatting to make responses readable.";

const secret = await new SecretsManagerClient().send(
  new GetSecretValueCommand({ SecretId: process.env.OPENAI_API_KEY_SECRET_ARN }),
);
const key = JSON.parse(secret.SecretString).OPENAI_API_KEY;

const toOpenAI = ({ author, content }) => ({ role: author.role, content: content.parts.join("\n") });

export const handler = awslambda.streamifyResponse(async (event, responseStream) => {
  const { messages } = JSON.parse(event.body);
  const answer = await fetch(`${process.env.OPENAI_BASEURL}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: "gpt-3.5-turbo",
      messages: [{ role: "system", content: SYSTEM_PROMPT }, ...messages.map(toOpenAI)],
      max_tokens: 4096,
      stream: true,
    }),
  });
  const out = awslambda.HttpResponseStream.from(responseStream, {
    statusCode: answer.status,
    headers: { "content-type": "text/event-stream; charset=utf-8" },
  });
  await pipeline(Readable.fromWeb(answer.body), out);
});
