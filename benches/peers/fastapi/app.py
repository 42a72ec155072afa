"""A FastAPI route: a message in ChatGPT-web's shape in, OpenAI's stream out. Lambda Web Adapter stands before it."""

import json
import os
from contextlib import asynccontextmanager

import boto3
import httpx
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

SYSTEM_PROMPT = (
    "You are an AI assistant called 'GPTDock'. Answer in well-formatted markdown. "
    "Use headings, lists, code blocks, and formatting to make responses readable."
)


class Author(BaseModel):
    role: str


class Content(BaseModel):
    parts: list[str]


class Message(BaseModel):
    author: Author
    content: Content

    def to_openai(self):
        return {"role": self.author.role, "content": "\n".join(self.content.parts)}


class Question(BaseModel):
    messages: list[Message]


def read_key():
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["OPENAI_API_KEY_SECRET_ARN"])
    return json.loads(secret["SecretString"])["OPENAI_API_KEY"]


@asynccontextmanager
async def lifespan(app):
    headers = {"authorization": f"Bearer {read_key()}"}
    async with httpx.AsyncClient(base_url=os.environ["OPENAI_BASEURL"], headers=headers, timeout=60) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/")
def ready():
    return {}


@app.post("/conversations")
async def conversations(question: Question):
    body = {
        "model": "gpt-3.5-turbo",
        "messages": [{"role": "system", "content": SYSTEM_PROMPT}, *(m.to_openai() for m in question.messages)],
        "max_tokens": 4096,
        "stream": True,
    }
    request = app.state.client.build_request("POST", "/chat/completions", json=body)
    answer = await app.state.client.send(request, stream=True)
    return StreamingResponse(
        answer.aiter_raw(), answer.status_code, media_type="text/event-stream; charset=utf-8", background=None
    )
