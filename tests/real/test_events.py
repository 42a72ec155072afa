"""The sample events, answered by the binaries that are deployed, under AWS's Runtime Interface Emulator."""

import json

import pytest
from conftest import EVENTS, text_of
from gateway import MODELS

EXPECTED = json.loads((EVENTS / "expected.json").read_text())
# The emulator buffers a streamed response: status and headers as JSON, eight NUL bytes, the body.
PRELUDE_END = "\0" * 8


@pytest.fixture(scope="module", params=["deployed", "arm64"])
def function(request, start):
    """The function for each architecture; the defaults of the code, but for the gateway."""
    made = request.getfixturevalue(request.param)
    return start(made if isinstance(made, list) else [made], "rie", OPENAI_MODEL="", AWS_LAMBDA_FUNCTION_TIMEOUT="60")


def read(invoked):
    """Status, headers and body of a buffered answer."""
    status, _, answer = invoked
    assert status == 200 and answer.count(PRELUDE_END) == 1, answer[:500]
    prelude, body = answer.split(PRELUDE_END)
    prelude = json.loads(prelude)
    assert prelude["headers"]["x-request-id"], prelude
    return prelude["statusCode"], prelude["headers"], body


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("name", EXPECTED)
def test_is_answered(name, function, gateway):
    """Catches a binary that works in Rust's tests and fails as it is built, on either architecture."""
    expected = EXPECTED[name]
    gateway.requests.clear()
    status, headers, body = read(function.invoke((EVENTS / name).read_bytes()))
    assert status == expected["status"], body
    assert headers.get("allow") == expected.get("allow")
    assert expected.get("contains", "") in body
    if expected.get("stream"):
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert text_of(body)
    else:
        assert headers["content-type"] == "application/json"
        answer = json.loads(body)
    if "code" in expected:
        error = answer["error"] if isinstance(answer["error"], dict) else answer
        assert error["code"] == expected["code"] and answer["request_id"] == headers["x-request-id"], body
    sent = [request.body["messages"] for request in gateway.requests]
    assert [messages[0]["role"] for messages in sent] == ["system"] * ("sends" in expected)
    assert [messages[1:] for messages in sent] == [expected[key] for key in expected if key == "sends"]


def test_ends_before_the_deadline(start, deployed):
    """Catches an answer that Lambda cuts off without a word, because the function misreads its deadline."""
    own = {"AWS_LAMBDA_FUNCTION_TIMEOUT": "5", "DEADLINE_MARGIN_MS": "2000", "OPENAI_MODEL": "endless", "ALLOWED_MODELS": ",".join(MODELS)}
    status, _, body = read(start([deployed], "rie", **own).invoke((EVENTS / "conversations.json").read_bytes()))
    last = json.loads(body.strip().split("\n\n")[-1].removeprefix("data: "))
    assert (status, last["error"]["code"]) == (200, "deadline")


def test_names_bad_settings(start, deployed):
    """Catches a wrong setting that the function guesses over, or that its error does not name."""
    function = start([deployed], "rie", MAX_TOKENS="manythings", AUTH_MODE="openhouse")
    status, _, answer = function.invoke((EVENTS / "health.json").read_bytes())
    assert status == 502, answer
    told = answer + function.log.read_text()
    assert "MAX_TOKENS" in told and "AUTH_MODE" in told, told
    assert "manythings" not in told and "openhouse" not in told, told
