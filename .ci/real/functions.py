"""Functions of this checkout, each with settings of its own, under `cargo lambda watch`."""

import os
import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path

from harness import ROOT, check, free_port, http, listens, running, wait_until

BINARY = Path(os.environ["CARGO_TARGET_DIR"]) / "debug" / "gptdock"


def build():
    """On its own, so that a compile error shows as one, and no bound needs room for it."""
    subprocess.run(["cargo", "build", "--locked"], cwd=ROOT, check=True)


def surroundings(endpoint):
    """What Lambda itself sets, and where moto is; nothing of the machine's own gets in."""
    return {
        **{name: os.environ[name] for name in ("AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")},
        "AWS_LAMBDA_FUNCTION_NAME": "gptdock",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": endpoint,
    }


def settings(endpoint, secret, gateway, **own):
    """The environment of a function whose key is in moto's secret."""
    return {**surroundings(endpoint), "OPENAI_API_KEY_SECRET_ARN": secret, "OPENAI_BASEURL": gateway, **own}


@contextmanager
def watching(functions, logs):
    """The functions, started and healthy, by name; yields the address of each.

    An emulator serves the binaries of a project by their names, so each set of settings has one of its own.
    """
    with ExitStack() as started:
        addresses = {}
        for name, environment in functions.items():
            port = free_port()
            emulator = ["cargo", "lambda", "watch", "--only-lambda-apis", "--invoke-address", "127.0.0.1", "--invoke-port", str(port)]
            process = started.enter_context(running(emulator, logs / f"{name}-emulator.log"))
            wait_until("the emulator", lambda: listens(port), 60, process)
            own = {**environment, "AWS_LAMBDA_RUNTIME_API": f"http://127.0.0.1:{port}/.rt/gptdock"}
            started.enter_context(running([str(BINARY)], logs / f"{name}.log", env=own))
            addresses[name] = f"http://127.0.0.1:{port}/lambda-url/gptdock"
        for name, address in addresses.items():
            status, _, body = http(f"{address}/health", timeout=60)
            check(status == 200, f"{name}: {status}: {body}")
        yield addresses
