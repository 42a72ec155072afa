"""LiteLLM's proxy, an OpenAI-compatible server of other people, as the gateway. Its answers and failures are mocks."""

import json
import os
from pathlib import Path

import pytest
from conftest import free_port, http, running, text_of, wait_for
from gateway import KEY

ANSWER = "Loads and unloads ships 🚢, 日本語 👩‍💻."
# By model: what the proxy mocks, and the status and code that the function makes of it.
FAILURES = {
    "limited": ("litellm.RateLimitError", 429, "rate_limited"),
    "too-long": ("litellm.ContextWindowExceededError", 400, "request_refused"),
    "broken": ("litellm.InternalServerError", 502, "gateway_error"),
    "overloaded": ("Exception: mock_streaming_error", 502, "gateway_error"),  # status 529
}


@pytest.fixture(scope="module")
def url(start, deployed, tmp_path_factory):
    """The function in front of the proxy, which takes only the key in moto, reports to nobody and fetches no prices."""
    directory = tmp_path_factory.mktemp("litellm")
    mocks = {"answers": ANSWER} | {name: mock for name, (mock, *_) in FAILURES.items()}
    models = [{"model_name": n, "litellm_params": {"model": f"openai/{n}", "api_key": "none", "mock_response": mock}} for n, mock in mocks.items()]
    config = {"model_list": models, "router_settings": {"num_retries": 0, "disable_cooldowns": True}}
    (directory / "config.yaml").write_text(json.dumps(config, ensure_ascii=False))
    own = {"LITELLM_MASTER_KEY": KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "PATH": os.environ["PATH"], "HOME": str(directory)}
    port = free_port()
    litellm = Path(os.environ["GPTDOCK_LITELLM"]) / "bin" / "litellm"
    command = [litellm, "--config", directory / "config.yaml", "--host", "127.0.0.1", "--port", port, "--telemetry", "False"]
    with running(command, directory / "litellm.log", env=own) as process:
        wait_for(port, process, "/health/liveliness", 240)
        yield start([deployed], OPENAI_BASEURL=f"http://127.0.0.1:{port}/v1", ALLOWED_MODELS="*").url


def ask(url, route, **members):
    return http(url + route, json.dumps({"messages": [{"role": "user", "content": "Hello?"}], **members}).encode())


@pytest.mark.parametrize("route", ["/conversations", "/v1/chat/completions"])
def test_answers(url, route):
    """Catches a reading of SSE that fits only our own gateway."""
    status, _, body = ask(url, route, model="answers", stream=True, stream_options={"include_usage": True})
    assert (status, text_of(body)) == (200, ANSWER)
    if route.startswith("/v1"):
        whole = json.loads(ask(url, route, model="answers")[2])
        assert whole["choices"][0]["message"]["content"] == ANSWER


@pytest.mark.parametrize("model", FAILURES)
@pytest.mark.parametrize("route, stream", [("/conversations", True), ("/v1/chat/completions", True), ("/v1/chat/completions", False)])
def test_reports_failures(url, model, route, stream):
    """Catches errors of another server that are misread or passed on as they came."""
    status, headers, body = ask(url, route, model=model, stream=stream)
    answer = json.loads(body)
    error = answer["error"] if route.startswith("/v1") else answer
    assert (status, error["code"], headers["content-type"]) == (*FAILURES[model][1:], "application/json"), body
    assert "litellm" not in body.lower()
