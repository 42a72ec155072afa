"""OpenAI's packages of PyPI and npm and Vercel's AI SDK against `/v1`: the answers that they give and the errors that they
raise. Each client is a program in `clients/` that asks what CASES say."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, new_secret
from gateway import KEY, MODELS, TEXT

TOKEN = "a-bearer-token-of-the-clients"
CLIENTS = {"openai of PyPI": ["python", "openai_python.py"], "openai of npm": ["node", "openai-node.mjs"], "AI SDK": ["node", "ai-sdk.mjs"]}
PORT = {"type": "object", "properties": {"port": {"type": "string"}}}
TOOLS = [{"type": "function", "function": {"name": "ships_in", "parameters": PORT}}]


def case(model, way, function="gptdock", token=TOKEN, retries=0, question="Hello?", **expected):
    more = {name: expected.pop(name) for name in ("temperature", "tools") if name in expected}
    asked = {"model": model, "messages": [{"role": "user", "content": question}], **more}
    name = "-".join([function, model, way] + [code for code in (expected.get("code"),) if code])
    return {"name": name, "function": function, "token": token, "retries": retries, "way": way, "asked": asked, "expected": expected}


def refused(model, raises, status, code, param=None, retry_after=None, ways=("json", "stream"), **more):
    error = {"raises": raises, "status": status, "code": code, "param": param, "retry_after": retry_after, "text": ""}
    return [case(model, way, **error, **more) for way in ways]


def broken(model, type, code, **more):
    return case(model, "stream", raises="APIError", status=None, type=type, code=code, text="Loads and unloads ", **more)


CASES = [
    *(case("answers", way, text=TEXT) for way in ("json", "stream", "helper")),
    # The gateway answers with JSON, which the function makes a stream of.
    case("plain", "stream", text=TEXT),
    *(case("tools", way, tools=TOOLS, text="call_1 says 3 ships") for way in ("json", "helper")),
    *(case("busy-once", way, retries=2, text=TEXT) for way in ("json", "stream")),
    *refused("too-long", "BadRequestError", 400, "context_length_exceeded", "messages"),
    *refused("answers", "AuthenticationError", 401, "unauthorized", token="not-one-of-them"),
    *refused("unheard-of", "NotFoundError", 404, "model_not_found", "model"),
    *refused("answers", "APIError", 413, "request_too_large", question="x" * 70_000),
    *refused("answers", "UnprocessableEntityError", 422, "invalid_request", "temperature", temperature=3),
    *refused("busy", "RateLimitError", 429, "rate_limit_exceeded", retry_after="7"),
    *refused("spent", "RateLimitError", 429, "insufficient_quota"),
    *refused("locked", "InternalServerError", 502, "gateway_misconfigured"),
    *refused("broken", "InternalServerError", 502, "gateway_error"),
    *refused("answers", "InternalServerError", 503, "secret_unavailable", function="keyless"),
    *refused("mute", "InternalServerError", 504, "gateway_timeout", function="impatient", ways=["stream"]),
    broken("cut", "server_error", "gateway_error"),
    broken("error-event", "server_error", "gateway_error"),
    broken("malformed", "server_error", "gateway_error"),
    broken("silent", "server_error", "gateway_timeout", function="impatient"),
]


@pytest.fixture(scope="module")
def functions(start, deployed, secrets, settings):
    """One function for what needs no waiting, others where a failure comes soon."""
    secret = new_secret(secrets, OPENAI_API_KEY=KEY, BEARER_TOKENS={"clients": TOKEN})
    own = {"OPENAI_API_KEY_SECRET_ARN": secret, "AUTH_MODE": "bearer", "ALLOWED_MODELS": ",".join(MODELS), "MAX_RETRIES": "0", "MAX_BODY_BYTES": "65536"}
    different = {
        "gptdock": {},
        "impatient": {"RESPONSE_TIMEOUT_MS": "2000", "IDLE_TIMEOUT_MS": "2000"},
        "keyless": {"OPENAI_API_KEY_SECRET_ARN": "gptdock/no-such-secret"},
    }
    return {name: start([deployed], **(own | more)) for name, more in different.items()}


@pytest.fixture(scope="module", params=CLIENTS)
def outcomes(request, functions, tmp_path_factory):
    """What came of each case, by its name."""
    place = shutil.copytree(ROOT / "tests/real/clients", tmp_path_factory.mktemp("client") / "clients")
    (place / "node_modules").symlink_to(Path(os.environ["GPTDOCK_NODE"]) / "node_modules")
    own = {"PATH": os.environ["PATH"], "FUNCTIONS": json.dumps({name: function.url for name, function in functions.items()})}
    asked = json.dumps(CASES)
    made = subprocess.run(CLIENTS[request.param], cwd=place, env=own, input=asked, stdout=subprocess.PIPE, text=True, check=True, timeout=240)
    return {case["name"]: outcome for case, outcome in zip(CASES, json.loads(made.stdout), strict=True)} | {"client": request.param}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_client(case, outcomes):
    """Catches an answer or an error that a well-known client reads differently than the contract says."""
    expected, outcome = case["expected"], outcomes[case["name"]]
    assert outcome["text"] == expected["text"], outcome
    error = outcome.get("error")
    assert bool(error) == ("raises" in expected), outcome
    if error:
        assert error["message"] and "upstream words" not in error["message"]
        for member in {"status", "code", "param", "retry_after", "type"} & set(expected):
            assert error.get(member) == expected[member], (member, error)
        # The AI SDK has one class for all of them.
        assert outcomes["client"] == "AI SDK" or error["name"] == expected["raises"]
