// The Express route: a message in ChatGPT-web's shape in, OpenAI's stream out. Lambda Web Adapter stands before it.
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import express from "express";
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

const app = express();
app.use(express.json({ limit: "5mb" }));

app.get("/", (_, response) => response.sendStatus(200));

app.post("/conversations", async (request, response) => {
  const answer = await fetch(`${process.env.OPENAI_BASEURL}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: "gpt-3.5-turbo",
      messages: [{ role: "system", content: SYSTEM_PROMPT }, ...request.body.messages.map(toOpenAI)],
      max_tokens: 4096,
      stream: true,
    }),
  });
  response.status(answer.status).set("content-type", "text/event-stream; charset=utf-8");
  await pipeline(Readable.fromWeb(answer.body), response);
});

app.listen(process.env.PORT, "127.0.0.1");
