"""What OpenAI's Python package makes of the function's answers and failures. Run by .ci/real/clients.py."""

import asyncio
import json
import os
from pathlib import Path

import openai

FUNCTIONS = json.loads(os.environ["FUNCTIONS"])  # their addresses, by name
TOKEN = os.environ["TOKEN"]
TEXT = "Loads and unloads ships 🚢."
FAILURES = json.loads((Path(__file__).parent / "failures.json").read_text())
QUESTION = [{"role": "user", "content": "What does a dock worker do?"}]
TOOL = {"type": "function", "function": {"name": "ships_in", "parameters": {"type": "object", "properties": {"port": {"type": "string"}}}}}


def client(kind=openai.OpenAI, function="gptdock", token=TOKEN, max_retries=0):
    return kind(base_url=f"{FUNCTIONS[function]}/v1", api_key=token, max_retries=max_retries)


def text(chunk):
    return "".join(choice.delta.content or "" for choice in chunk.choices)


def raised(call):
    try:
        call()
    except openai.APIError as error:
        return error
    raise AssertionError("nothing was raised")


def answers():
    chat = client().chat.completions
    assert chat.create(model="answers", messages=QUESTION).choices[0].message.content == TEXT
    whole = chat.with_raw_response.create(model="answers", messages=QUESTION)
    assert whole.parse().usage.total_tokens == 7
    assert whole.request_id and whole.headers["x-ratelimit-remaining-requests"] == "41", whole.headers
    chunks = list(chat.create(model="answers", messages=QUESTION, stream=True))
    assert "".join(map(text, chunks)) == TEXT and len(chunks) == 5, chunks
    assert chunks[-1].choices[0].finish_reason == "stop"
    # The gateway answers the second with JSON, which the function makes a stream of.
    for model in ("answers", "plain"):
        with chat.stream(model=model, messages=QUESTION) as stream:
            assert stream.get_final_completion().choices[0].message.content == TEXT
    models = [model.id for model in client().models.list()]
    assert {"answers", "cut"} < set(models) and len(models) == len(set(models)), models
    assert client().models.list().data[0].object == "model"


async def answers_asynchronously():
    chat = client(openai.AsyncOpenAI).chat.completions
    stream = await chat.create(model="answers", messages=QUESTION, stream=True)
    assert "".join([text(chunk) async for chunk in stream]) == TEXT
    came = ""
    try:
        async for chunk in await chat.create(model="cut", messages=QUESTION, stream=True):
            came += text(chunk)
        raise AssertionError("nothing was raised")
    except openai.APIError as error:
        assert (came, error.code) == ("Loads and ", "gateway_error"), (came, error)


def calls_a_tool():
    chat = client().chat.completions
    asked = dict(model="tools", tools=[TOOL], tool_choice="auto")
    message = chat.create(messages=QUESTION, **asked).choices[0].message
    (call,) = message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("ships_in", {"port": "Bergen"}), call
    with chat.stream(messages=QUESTION, **asked) as stream:
        streamed = stream.get_final_completion().choices[0]
    assert streamed.finish_reason == "tool_calls"
    assert streamed.message.tool_calls[0].function.arguments == call.function.arguments
    result = {"role": "tool", "tool_call_id": call.id, "content": "3 ships"}
    again = chat.create(messages=[*QUESTION, message, result], **asked)
    assert again.choices[0].message.content == "call_1 says 3 ships"


def raises_before(case, way):
    chat = client(function=case.get("function", "gptdock"), token=case.get("token", TOKEN)).chat.completions
    more = {"temperature": case["temperature"]} if "temperature" in case else {}
    question = [{"role": "user", "content": "x" * case["filler"]}] if "filler" in case else QUESTION
    error = raised(lambda: chat.create(model=case["model"], messages=question, stream=way == "stream", **more))
    # For a status without a class of its own it is the class of all of them.
    named = {"APIError": "APIStatusError"}.get(case["raises"], case["raises"])
    assert type(error).__name__ == named, repr(error)
    assert (error.status_code, error.code, error.param) == (case["status"], case["code"], case.get("param")), (case, error.status_code, error.body)
    assert case["says"] in error.message and "upstream words" not in error.message, error.message
    assert error.request_id and error.response.json()["request_id"] == error.request_id
    assert error.response.headers.get("retry-after") == case.get("retry_after"), error.response.headers


def raises_midway(case):
    came = []

    def read():
        chat = client(function=case.get("function", "gptdock")).chat.completions
        for chunk in chat.create(model=case["model"], messages=QUESTION, stream=True):
            came.append(text(chunk))

    error = raised(read)
    assert type(error) is openai.APIError, repr(error)
    assert (error.type, error.code) == (case["type"], case["code"]), repr(error)
    assert case["says"] in error.message and "upstream words" not in error.message, error.message
    assert "".join(came).startswith("" if case.get("empty") else "Loads and "), came


def raises_elsewhere():
    error = raised(lambda: client().embeddings.create(model="answers", input="x"))
    assert (type(error), error.code) == (openai.NotFoundError, "not_found"), repr(error)
    error = raised(lambda: client().chat.completions.list())
    assert (type(error), error.status_code, error.code) == (openai.APIStatusError, 405, "method_not_allowed"), repr(error)
    assert error.response.headers["allow"] == "POST"


def retries():
    for stream in (False, True):
        chat = client(max_retries=openai.DEFAULT_MAX_RETRIES).chat.completions
        response = chat.with_raw_response.create(model="busy-once", messages=QUESTION, stream=stream)
        assert response.retries_taken == 1, response.retries_taken
        answer = response.parse()
        came = "".join(map(text, answer)) if stream else answer.choices[0].message.content
        assert came == TEXT, came


answers()
asyncio.run(answers_asynchronously())
calls_a_tool()
for case in FAILURES["before"]:
    for way in case.get("ways", ["json", "stream"]):
        raises_before(case, way)
for case in FAILURES["midway"]:
    raises_midway(case)
raises_elsewhere()
retries()
print(f"openai {openai.__version__} of PyPI: {len(FAILURES['before'])} errors before the answer, {len(FAILURES['midway'])} within it")
