"""`cargo lambda watch`, `curl -N` and `cargo lambda invoke`, as the README says them, with the key served by moto."""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from functions import build
from harness import ANSWER, KEY, ROOT, Gateway, check, free_port, http, running, secrets_manager, text_of, wait_until

QUESTION = {"messages": [{"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["Hello 👋"]}}]}


def chat(port, gateway):
    """One chat through curl. The gateway goes on only when curl has printed what it sent before."""
    # Without a content type of its own, as the README has it: the emulator, like Lambda, then sends the body in base64.
    url = f"http://127.0.0.1:{port}/lambda-url/gptdock/conversations"
    curl = ["curl", "--silent", "--show-error", "--no-buffer", "--max-time", "60", url, "--data", json.dumps(QUESTION)]
    gateway.step = True
    lines = []
    started = time.monotonic()
    with subprocess.Popen(curl, stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            lines.append(line.decode())
            if line.startswith(b"data: {"):
                text = json.loads(line[6:])["choices"][0]["delta"].get("content")
                print(f"{time.monotonic() - started:7.3f} s  {text!r}")
                gateway.seen.release()
    gateway.step = False
    check(process.returncode == 0, f"curl: {process.returncode}: {lines}")
    check(text_of("".join(lines)) == "".join(ANSWER), f"another answer: {lines}")
    check(len(lines) == 2 * (len(ANSWER) + 2), f"more or fewer events than the gateway sent: {lines}")


def check_request(gateway):
    (request,) = gateway.requests
    check(request["path"] == "/v1/chat/completions", request["path"])
    check(request["headers"]["authorization"] == f"Bearer {KEY}", "another key")
    body = request["body"]
    check(body["stream"] is True, f"asked for no stream: {body}")
    check([m["role"] for m in body["messages"]] == ["system", "user"], f"messages: {body}")
    check(body["messages"][1]["content"] == "Hello 👋", f"another question: {body}")


def main():
    build()

    with tempfile.TemporaryDirectory() as logs, secrets_manager() as (endpoint, secret, rotate), Gateway() as gateway:
        environment = {
            **os.environ,
            "AUTH_MODE": "none",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": endpoint,
            "OPENAI_API_KEY_SECRET_ARN": secret,
            "OPENAI_BASEURL": gateway.url,
        }
        environment.pop("OPENAI_API_KEY", None)
        port = free_port()
        address = ["--invoke-address", "127.0.0.1", "--invoke-port", str(port)]
        watch = ["cargo", "lambda", "watch", *address]
        with running(watch, Path(logs) / "watch.log", env=environment) as process:
            health = f"http://127.0.0.1:{port}/lambda-url/gptdock/health"

            def healthy():
                try:
                    return http(health, timeout=60)[0] == 200
                except OSError:
                    return False

            wait_until("GET /health", healthy, 120, process)
            print(http(health)[2])

            chat(port, gateway)
            check_request(gateway)

            invoke = ["cargo", "lambda", "invoke", "gptdock", *address, "--data-file", "events/conversations.json"]
            output = subprocess.run(invoke, cwd=ROOT, check=True, capture_output=True, text=True, timeout=120).stdout
            print(output)
            check(text_of(output.replace("\r", "")) == "".join(ANSWER), "cargo lambda invoke: another answer")

            # A new key in moto, the old one refused: the request that finds out is answered all the same.
            gateway.key = f"{KEY}-rotated"
            rotate(gateway.key)
            gateway.requests.clear()
            chat(port, gateway)
            sent = [request["headers"]["authorization"].endswith("-rotated") for request in gateway.requests]
            check(sent == [False, True], f"asked with the old key and once more with the new one: {sent}")
            print("the key was rotated in moto; no request was lost")
        check(KEY not in (Path(logs) / "watch.log").read_text(), "the key is in the log")
    print("streamed event by event; invoked")


if __name__ == "__main__":
    main()
