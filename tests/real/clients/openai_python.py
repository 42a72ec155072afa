"""Asks with OpenAI's package of PyPI. Reads cases from stdin and prints what came of each, both as JSON."""

import json
import os
import sys

import openai

FUNCTIONS = json.loads(os.environ["FUNCTIONS"])


def text(chunk):
    return "".join(choice.delta.content or "" for choice in chunk.choices)


def complete(chat, way, asked, came):
    """The message of the answer; what a stream brings is added to `came`."""
    if way == "json":
        return chat.create(**asked).choices[0].message
    if way == "helper":
        with chat.stream(**asked) as stream:
            return stream.get_final_completion().choices[0].message
    for chunk in chat.create(**asked, stream=True):
        came.append(text(chunk))


def outcome(case):
    client = openai.OpenAI(base_url=f"{FUNCTIONS[case['function']]}/v1", api_key=case["token"], max_retries=case["retries"])
    chat, asked, came = client.chat.completions, dict(case["asked"]), []
    try:
        if case["way"] == "models":
            return {"models": [model.id for model in client.models.list()]}
        message = complete(chat, case["way"], asked, came)
        if message and message.tool_calls:
            call = message.tool_calls[0]
            assert json.loads(call.function.arguments) == {"port": "Bergen"}, call
            asked["messages"] = [*asked["messages"], message, {"role": "tool", "tool_call_id": call.id, "content": "3 ships"}]
            message = complete(chat, case["way"], asked, came)
        return {"text": message.content if message else "".join(came)}
    except openai.APIError as error:
        headers = getattr(error, "response", None) and error.response.headers
        return {
            "text": "".join(came),
            "error": {
                "name": type(error).__name__.replace("APIStatusError", "APIError"),
                "status": getattr(error, "status_code", None),
                "type": error.type,
                "code": error.code,
                "param": error.param,
                "message": error.message,
                "retry_after": headers and headers.get("retry-after"),
            },
        }


print(json.dumps([outcome(case) for case in json.load(sys.stdin)]))
