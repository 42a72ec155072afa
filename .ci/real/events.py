"""The deployed binary, with the environment that the template gives it, answers every file of events/ as its list says.

cargo-lambda's emulator stands for Lambda, moto for Secrets Manager; the binary is the one that `sam build` made.
"""

import json
import os
import tempfile
from collections import defaultdict
from pathlib import Path

from functions import surroundings
from harness import KEY, ROOT, Gateway, check, free_port, http, listens, running, secrets_manager, text_of, wait_until
from stack import Stack, translated

EVENTS = ROOT / "events"
BOOTSTRAP = Path(os.environ["GPTDOCK_SAM_BUILD"]) / "GptDockFunction" / "bootstrap"


def environment(endpoint, secret, gateway):
    """What Lambda would give the function, once with each kind of parameter set and nothing left to the code."""
    stack = Stack(translated(), OpenAISecretArn=secret, OpenAIBaseUrl=gateway.url, AuthMode="none")
    return {**stack.environment(), **surroundings(endpoint)}


def ask(port, name, expected, gateway):
    gateway.requests.clear()
    event = (EVENTS / name).read_bytes()
    status, headers, body = http(f"http://127.0.0.1:{port}/2015-03-31/functions/gptdock/invocations", event)

    def same(what, is_, should):
        check(is_ == should, f"{name}: {what} is {is_!r}, should be {should!r}; body: {body[:500]}")

    same("status", status, expected["status"])
    check(headers["x-request-id"] or status != 200 or not expected.get("stream"), f"{name}: no x-request-id")
    if expected.get("stream"):
        same("content-type", headers["content-type"], "text/event-stream; charset=utf-8")
        text_of(body)
    else:
        same("content-type", headers["content-type"].split(";")[0], "application/json")
        answer = json.loads(body)
        if "code" in expected:
            error = answer["error"] if "/v1/" in json.loads(event)["rawPath"] else answer
            same("code", error["code"], expected["code"])
    check(expected.get("contains", "") in body, f"{name}: not in the body: {expected.get('contains')!r}: {body[:500]}")
    same("allow", headers["allow"], expected.get("allow"))

    sent = [request["body"]["messages"] for request in gateway.requests]
    same("number of gateway requests", len(sent), 1 if "sends" in expected else 0)
    if sent:
        same("first role", sent[0][0]["role"], "system")
        same("messages", sent[0][1:], expected["sends"])


def main():
    expected = json.loads((EVENTS / "expected.json").read_text())
    files = {path.name for path in EVENTS.glob("*.json")} - {"expected.json"}
    check(files == set(expected), f"only in one of events/ and its list: {files ^ set(expected)}")

    # The files that want the same settings share a function.
    groups = defaultdict(dict)
    for name, answer in expected.items():
        groups[json.dumps(answer.get("env", {}), sort_keys=True)][name] = answer

    with tempfile.TemporaryDirectory() as logs, secrets_manager() as (endpoint, secret, _), Gateway() as gateway:
        base = environment(endpoint, secret, gateway)
        for number, (extra, group) in enumerate(groups.items()):
            port = free_port()
            emulator = ["cargo", "lambda", "watch", "--only-lambda-apis"]
            emulator += ["--invoke-address", "127.0.0.1", "--invoke-port", str(port)]
            own = {**base, **json.loads(extra), "AWS_LAMBDA_RUNTIME_API": f"http://127.0.0.1:{port}/.rt/gptdock"}
            log = Path(logs) / f"function-{number}.log"
            with running(emulator, Path(logs) / f"emulator-{number}.log") as process:
                wait_until("the emulator", lambda: listens(port), 30, process)
                with running([str(BOOTSTRAP)], log, env=own):
                    for name, answer in group.items():
                        ask(port, name, answer, gateway)
                        print(f"{answer['status']} {answer.get('code', '')}".ljust(24), name)
            output = log.read_text()
            for line in output.splitlines():
                check(line.startswith("{") and json.loads(line), f"a line that is not JSON: {line}")
            for secret_text in (KEY, "dockworker", "Loads"):
                check(secret_text not in output, f"{secret_text!r} is in the log: {output[-2000:]}")
    print(f"{len(expected)} events, answered as they should be")


if __name__ == "__main__":
    main()
