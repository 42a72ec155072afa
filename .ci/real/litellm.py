"""LiteLLM's proxy, an OpenAI-compatible server that is not ours, as the gateway of one run under `cargo lambda watch`.

Its answers are mock answers, its failures its own. It gets the key that only moto gives out, and takes no other.
Called by .ci/real/litellm with the directory of its packages.
"""

import json
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from functions import build, settings, watching
from harness import KEY, ROOT, check, free_port, http, running, secrets_manager, text_of, wait_until

ANSWER = "Loads and unloads ships 🚢, 日本語 👩‍💻."
# Of each model that fails: what the contract makes of LiteLLM's status 429, 400, 500 and 529.
FAILURES = {
    "limited": (429, "rate_limited"),
    "too-long": (400, "request_refused"),
    "unheard-of": (400, "request_refused"),
    "broken": (502, "gateway_error"),
    "overloaded": (502, "gateway_error"),
}
QUESTION = [{"role": "user", "content": "What does a dock worker do?"}]


@contextmanager
def litellm(packages, log):
    """The proxy; yields the base of its API. It reports to nobody and fetches no list of prices."""
    port = free_port()
    own = {
        "LITELLM_MASTER_KEY": KEY,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_TELEMETRY": "False",
        "NO_DOCS": "True",
        "PATH": os.environ["PATH"],
        "HOME": str(log.parent),
    }
    config = str(ROOT / ".ci" / "clients" / "litellm" / "config.yaml")
    command = [str(packages / "bin" / "litellm"), "--config", config, "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    with running(command, log, env=own) as process:

        def alive():
            try:
                return http(f"http://127.0.0.1:{port}/health/liveliness")[0] == 200
            except OSError:
                return False

        wait_until("LiteLLM", alive, 300, process)
        yield f"http://127.0.0.1:{port}/v1"


def ask(base, route, **members):
    return http(base + route, json.dumps({"messages": QUESTION, **members}).encode(), 60)


def answers(base):
    for route in ("/conversations", "/v1/chat/completions"):
        status, headers, body = ask(base, route, model="answers", stream=True)
        check(status == 200 and headers["content-type"].startswith("text/event-stream"), f"{route}: {status}: {body}")
        check(text_of(body) == ANSWER, f"{route}: another answer: {body}")
        print(f"{route}: streamed in {body.count('data: {')} events")
    status, _, body = ask(base, "/v1/chat/completions", model="answers")
    answer = json.loads(body)
    check(status == 200 and answer["choices"][0]["message"]["content"] == ANSWER, f"JSON: {status}: {body}")
    check(answer["usage"]["total_tokens"] > 0, f"no usage: {body}")
    print("/v1/chat/completions: answered with JSON")
    body = ask(base, "/v1/chat/completions", model="answers", stream=True, stream_options={"include_usage": True})[2]
    last = json.loads(body.strip().split("\n\n")[-2].removeprefix("data: "))
    check(text_of(body) == ANSWER and last["usage"]["total_tokens"] > 0, f"the usage of a stream: {body[-500:]}")


def fails(base):
    for model, (status, code) in FAILURES.items():
        for route, stream in (("/conversations", True), ("/v1/chat/completions", True), ("/v1/chat/completions", False)):
            is_, headers, body = ask(base, route, model=model, stream=stream)
            check(is_ == status and headers["content-type"] == "application/json", f"{model}: {is_}: {body}")
            answer = json.loads(body)
            error = answer["error"] if route.startswith("/v1") else answer
            check(error["code"] == code, f"{model}: {body}")
            check("litellm" not in body.lower(), f"{model}: LiteLLM's own words: {body}")
        print(f"{model}: {status} {code}")


def main():
    packages = Path(sys.argv[1])
    build()
    with tempfile.TemporaryDirectory() as logs, secrets_manager() as (endpoint, secret, _):
        logs = Path(logs)
        with litellm(packages, logs / "litellm.log") as gateway:
            own = {"AUTH_MODE": "none", "ALLOWED_MODELS": "*", "OPENAI_FALLBACK_MODELS": ""}
            functions = {"gptdock": settings(endpoint, secret, gateway, **own)}
            with watching(functions, logs) as addresses:
                answers(addresses["gptdock"])
                fails(addresses["gptdock"])
        for log in logs.glob("gptdock*.log"):
            check(KEY not in log.read_text(), f"the key is in {log.name}")


if __name__ == "__main__":
    main()
