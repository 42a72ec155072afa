"""Asks with OpenAI's package of PyPI. Reads cases from stdin and prints what came of each, both as JSON."""

import json
import os
import sys

import openai

FUNCTIONS = json.loads(os.environ["FUNCTIONS"])


def complete(chat, way, asked, came):
    """The message of the answer; what a stream brings is added to `came`."""
    if way == "json":
        return chat.create(**asked).choices[0].message
    if way == "helper":
        with chat.stream(**asked) as stream:
            return stream.get_final_completion().choices[0].message
    for chunk in chat.create(**asked, stream=True):
        came += [choice.delta.content or "" for choice in chunk.choices]


def outcome(case):
    client = openai.OpenAI(base_url=f"{FUNCTIONS[case['function']]}/v1", api_key=case["token"], max_retries=case["retries"])
    chat, asked, came = client.chat.completions, dict(case["asked"]), []
    try:
        message = complete(chat, case["way"], asked, came)
        if message and message.tool_calls:
            call = message.tool_calls[0]
            asked["messages"] = [*asked["messages"], message, {"role": "tool", "tool_call_id": call.id, "content": "3 ships"}]
            message = complete(chat, case["way"], asked, came)
        return {"text": message.content if message else "".join(came)}
    except openai.APIError as error:
        # For a status without a class of its own, and within a stream, it is the class of all of them.
        raised = {"name": type(error).__name__.replace("APIStatusError", "APIError"), "status": getattr(error, "status_code", None)}
        if raised["status"]:
            raised["retry_after"] = error.response.headers.get("retry-after")
        members = {name: getattr(error, name) for name in ("type", "code", "param", "message")}
        return {"text": "".join(came), "error": raised | members}


print(json.dumps([outcome(case) for case in json.load(sys.stdin)]))
