"""AWS's own Runtime Interface Emulator runs the deployed binary, and its buffered answer has the form of response
streaming: status and headers as JSON, eight NUL bytes, the body.

The emulator comes with SAM. It is the one here that speaks the real Runtime API: deadlines are moments, and a function
that reports an init error is answered for.
"""

import importlib.util
import json
import platform
import tempfile
from contextlib import contextmanager
from pathlib import Path

from events import BOOTSTRAP, EVENTS, environment
from failing_gateway import MODELS, FailingGateway
from harness import KEY, Gateway, check, free_port, http, listens, running, secrets_manager, text_of, wait_until

ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
EMULATOR = Path(importlib.util.find_spec("samcli").origin).parent / "local" / "rapid" / f"aws-lambda-rie-{ARCHITECTURE}"
PRELUDE_END = "\0" * 8


@contextmanager
def emulator(log, settings):
    """The emulator with the function in it; yields what invokes it with a file of events/."""
    port, api = free_port(), free_port()
    addresses = ["--runtime-interface-emulator-address", f"127.0.0.1:{port}", "--runtime-api-address", f"127.0.0.1:{api}"]
    with running([str(EMULATOR), *addresses, str(BOOTSTRAP)], log, env=settings) as process:
        wait_until("the emulator", lambda: listens(port), 30, process)

        def invoke(name):
            address = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
            status, _, answer = http(address, (EVENTS / name).read_bytes(), 60)
            return status, answer

        yield invoke


def read(name, invoked):
    """Status, headers and body of a buffered answer."""
    taken, answer = invoked
    check(taken == 200, f"{name}: the emulator answered {taken}: {answer[:500]}")
    check(answer.count(PRELUDE_END) == 1, f"{name}: no separator, or several: {answer[:500]!r}")
    prelude, body = answer.split(PRELUDE_END)
    prelude = json.loads(prelude)
    check(set(prelude) == {"statusCode", "headers", "cookies"}, f"{name}: prelude: {prelude}")
    check(prelude["cookies"] == [] and prelude["headers"]["x-request-id"], f"{name}: prelude: {prelude}")
    return prelude["statusCode"], prelude["headers"], body


def answers_all(invoke, expected):
    for name, wanted in expected.items():
        status, headers, body = read(name, invoke(name))
        check(status == wanted["status"], f"{name}: {status} instead of {wanted['status']}: {body[:500]}")
        kind = "text/event-stream; charset=utf-8" if wanted.get("stream") else "application/json"
        check(headers["content-type"] == kind, f"{name}: {headers}")
        if wanted.get("stream"):
            text_of(body)
        elif "code" in wanted:
            answer = json.loads(body)
            error = answer["error"] if isinstance(answer["error"], dict) else answer
            check(error["code"] == wanted["code"], f"{name}: {body}")
            check(answer["request_id"] == headers["x-request-id"], f"{name}: two request ids: {body}")
        check(wanted.get("contains", "") in body, f"{name}: {body[:500]}")
    print(f"{len(expected)} events: prelude, separator and body of each are as they should be")


def keeps_the_deadline(invoke):
    status, _, body = read("conversations.json", invoke("conversations.json"))
    last = json.loads(body.strip().split("\n\n")[-1].removeprefix("data: "))
    check(status == 200 and last["error"]["code"] == "deadline", f"the answer's end: {status} {last}")
    print("an endless answer: ended in-band before the emulator's deadline")


def tells_a_bad_configuration(invoke):
    status, answer = invoke("health.json")
    check(status == 502, f"init error: the emulator answered {status}: {answer[:500]}")
    error = json.loads(answer)
    check(error["errorType"] == "Runtime.BadConfiguration", f"init error: {error}")
    for name in ("MAX_TOKENS", "AUTH_MODE"):
        check(name in error["errorMessage"], f"{name} is not in the init error: {error}")
    print(error["errorMessage"])


def main():
    expected = json.loads((EVENTS / "expected.json").read_text())
    plain = {name: wanted for name, wanted in expected.items() if not wanted.get("env")}
    with tempfile.TemporaryDirectory() as logs, secrets_manager() as (endpoint, secret, _):
        with Gateway() as gateway:
            settings = {**environment(endpoint, secret, gateway), "AWS_LAMBDA_FUNCTION_TIMEOUT": "60"}
            with emulator(Path(logs) / "answers.log", settings) as invoke:
                answers_all(invoke, plain)
            check(KEY not in (Path(logs) / "answers.log").read_text(), "the key is in the log")
            bad = {**settings, "MAX_TOKENS": "many", "AUTH_MODE": "open"}
            with emulator(Path(logs) / "bad.log", bad) as invoke:
                tells_a_bad_configuration(invoke)
        with FailingGateway() as gateway:
            own = {"AWS_LAMBDA_FUNCTION_TIMEOUT": "5", "DEADLINE_MARGIN_MS": "2000", "OPENAI_MODEL": "endless"}
            settings = {**environment(endpoint, secret, gateway), **own, "ALLOWED_MODELS": ",".join(MODELS)}
            with emulator(Path(logs) / "deadline.log", settings) as invoke:
                keeps_the_deadline(invoke)


if __name__ == "__main__":
    main()
