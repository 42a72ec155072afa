"""OpenAI's packages of PyPI and npm and Vercel's AI SDK, against `/v1` under `cargo lambda watch`: what they are
answered, and what they raise for each failure. .ci/clients/sdk has what is asked and what has to come of it.

Called by .ci/real/clients with the directory of their packages.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3
from failing_gateway import MODELS, FailingGateway
from functions import build, settings, watching
from harness import KEY, ROOT, check, secrets_manager

TOKEN = "a-bearer-token-of-the-clients"
CLIENTS = [["bin/python", "openai_python.py"], ["node", "openai-node.mjs"], ["node", "ai-sdk.mjs"]]


def give_token(endpoint, secret):
    client = boto3.client("secretsmanager", endpoint_url=endpoint)
    value = {"OPENAI_API_KEY": KEY, "BEARER_TOKENS": {"clients": TOKEN}}
    client.put_secret_value(SecretId=secret, SecretString=json.dumps(value))


def functions(endpoint, secret, gateway):
    """One for what needs no waiting, and others whose times make a failure come soon."""
    own = {
        "AUTH_MODE": "bearer",
        "ALLOWED_MODELS": ",".join(MODELS),
        "OPENAI_FALLBACK_MODELS": "",
        "MAX_RETRIES": "0",
        "MAX_BODY_BYTES": "65536",
    }
    # The emulator gives each call ten minutes, and the function takes the margin off them.
    hurried = {"KEEPALIVE_MS": "500", "DEADLINE_MARGIN_MS": "596000"}
    return {
        "gptdock": settings(endpoint, secret, gateway, **own),
        "impatient": settings(endpoint, secret, gateway, **own, RESPONSE_TIMEOUT_MS="2000", IDLE_TIMEOUT_MS="2000"),
        "hurried": settings(endpoint, secret, gateway, **own, **hurried),
        "keyless": settings(endpoint, "gptdock/no-such-secret", gateway, **own),
    }


def try_client(program, script, packages, addresses):
    """In a directory where it finds its packages, with nothing of the machine's settings."""
    command = str(packages / program) if "/" in program else program
    environment = {"PATH": os.environ["PATH"], "FUNCTIONS": json.dumps(addresses), "TOKEN": TOKEN, "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(ROOT / ".ci" / "clients" / "sdk", place, dirs_exist_ok=True)
        (Path(place) / "node_modules").symlink_to(packages / "node_modules")
        started = time.monotonic()
        tried = subprocess.run([command, script], cwd=place, env=environment, timeout=300)
        check(tried.returncode == 0, f"{script} ended with {tried.returncode}")
        print(f"{script}: {time.monotonic() - started:.0f} s", flush=True)


def main():
    packages = Path(sys.argv[1])
    build()
    with tempfile.TemporaryDirectory() as logs, secrets_manager() as (endpoint, secret, _), FailingGateway() as gateway:
        logs = Path(logs)
        give_token(endpoint, secret)
        with watching(functions(endpoint, secret, gateway.url), logs) as addresses:
            for program, script in CLIENTS:
                try_client(program, script, packages, addresses)
        for log in logs.glob("*.log"):
            check(KEY not in log.read_text() and TOKEN not in log.read_text(), f"a secret is in {log.name}")


if __name__ == "__main__":
    main()
