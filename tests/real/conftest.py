"""The surroundings of the function: moto's Secrets Manager, the gateway, the emulators of Lambda, and Chromium."""

import importlib.util
import json
import logging
import os
import platform
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import boto3
import pytest
import requests
from gateway import KEY, PATIENCE, Gateway
from moto.server import ThreadedMotoServer
from playwright.sync_api import expect

ROOT = Path(__file__).resolve().parents[2]
EVENTS = ROOT / "events"
TARGET = Path(os.environ["CARGO_TARGET_DIR"])
MACHINE = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
expect.set_options(timeout=20_000)
RIE = Path(importlib.util.find_spec("samcli").origin).parent / "local" / "rapid" / f"aws-lambda-rie-{MACHINE}"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def http(url, data=None):
    """Sends a GET, or a POST of these bytes, and returns (status, headers, body)."""
    headers = {"content-type": "application/json"} if data else {}
    response = requests.request("POST" if data else "GET", url, data=data, headers=headers, timeout=PATIENCE)
    return response.status_code, response.headers, response.content.decode()


def wait_for(port, process, path=None, seconds=PATIENCE):
    """Waits until a server listens and answers `path` with 200; fails after `seconds` or when the process has ended."""
    end = time.monotonic() + seconds
    while True:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            if not path or http(f"http://127.0.0.1:{port}{path}")[0] == 200:
                return
        assert process.poll() is None, f"the process ended with {process.returncode}"
        assert time.monotonic() < end, f"no answer within {seconds} s"
        time.sleep(0.05)


@contextmanager
def running(command, log, **more):
    """Runs a command with its output in the file `log`, and ends its process group on the way out."""
    with open(log, "wb") as out:
        process = subprocess.Popen(
            list(map(str, command)), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True, **more
        )
    try:
        yield process
    except BaseException:
        print(f"--- {log}\n{log.read_text(errors='replace')[-6000:]}")
        raise
    finally:
        for kind in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(process.pid, kind)
                process.wait(5)


def text_of(stream):
    """The text of an SSE answer, read as the frontend reads it; the stream must end with [DONE]."""
    lines = [line[6:] for line in stream.split("\n") if line.startswith("data: ")]
    assert lines[-1:] == ["[DONE]"], f"the stream does not end with [DONE]: {stream[-300:]!r}"
    choices = [choice for line in lines[:-1] for choice in json.loads(line)["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


@pytest.fixture(scope="session")
def secrets():
    """moto's Secrets Manager, as boto3's client of it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield boto3.client("secretsmanager", endpoint_url="http://%s:%s" % server.get_host_and_port())
    server.stop()


def new_secret(secrets, **value):
    return secrets.create_secret(Name=f"gptdock/{time.monotonic_ns()}", SecretString=json.dumps(value))["ARN"]


@pytest.fixture(scope="module")
def gateway():
    with Gateway() as gateway:
        yield gateway


@pytest.fixture(scope="module")
def settings(secrets, gateway):
    """The environment of a function: what Lambda sets, the secret in moto, the gateway; nothing of this machine."""
    return {
        **{name: os.environ[name] for name in ("PATH", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")},
        "AWS_LAMBDA_FUNCTION_NAME": "gptdock",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": secrets.meta.endpoint_url,
        "OPENAI_API_KEY_SECRET_ARN": new_secret(secrets, OPENAI_API_KEY=KEY),
        "OPENAI_BASEURL": gateway.url,
        "OPENAI_FALLBACK_MODELS": "",
        "OPENAI_MODEL": "answers",
        "AUTH_MODE": "none",
    }


class Function:
    def __init__(self, port, log):
        self.port, self.log = port, log
        self.url = f"http://127.0.0.1:{port}/lambda-url/gptdock"  # under cargo-lambda's emulator

    def invoke(self, event):
        """Invokes the function under AWS's emulator."""
        return http(f"http://127.0.0.1:{self.port}/2015-03-31/functions/function/invocations", event)


@pytest.fixture(scope="module")
def start(settings, tmp_path_factory):
    """Starts a program as the function: `start(command, emulator, **settings)`. No log may hold the key."""
    with ExitStack() as stack:
        logs = tmp_path_factory.mktemp("logs")
        functions = []

        def run(name, command, environment):
            log = logs / f"{len(functions)}-{name}.log"
            return stack.enter_context(running(command, log, env=environment)), log

        def start(command, emulator="watch", **own):
            port, environment = free_port(), settings | own
            if emulator == "rie":
                addresses = ["--runtime-interface-emulator-address", f"127.0.0.1:{port}", "--runtime-api-address", f"127.0.0.1:{free_port()}"]
                process, log = run("rie", [RIE, *addresses, *command], environment)
                wait_for(port, process)
            else:
                address = ["--invoke-address", "127.0.0.1", "--invoke-port", port, "--disable-cors"]
                process, _ = run("watch", ["cargo", "lambda", "watch", "--only-lambda-apis", *address], dict(os.environ))
                wait_for(port, process)
                environment["AWS_LAMBDA_RUNTIME_API"] = f"http://127.0.0.1:{port}/.rt/gptdock"
                process, log = run("function", command, environment)
            functions.append(Function(port, log))
            return functions[-1]

        yield start
    for function in functions:
        assert KEY not in function.log.read_text(), f"the key is in {function.log}"


@pytest.fixture(scope="session")
def deployed():
    """The binary that `sam build` made."""
    (bootstrap,) = Path(os.environ["GPTDOCK_BUILD"]).glob("*/bootstrap")
    return bootstrap


@pytest.fixture(scope="session")
def arm64():
    """The command that runs the binary of the template's default architecture on this machine."""
    target = "aarch64-unknown-linux-gnu"
    added = subprocess.run(["rustup", "target", "add", target], cwd=ROOT, capture_output=True, text=True)
    if added.returncode:
        pytest.skip(f"arm64: NOT RUN, `rustup target add {target}` fails here")
    emulator = [] if MACHINE == "arm64" else ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"]
    if emulator and not (shutil.which(emulator[0]) and Path(emulator[2]).is_dir()):
        pytest.skip("arm64: NOT RUN, qemu-user-static or libc6-arm64-cross is missing")
    build = ["cargo", "lambda", "build", "--release", "--locked", "--arm64", "--lambda-dir", TARGET / "arm64"]
    subprocess.run(build, cwd=ROOT, check=True)
    return [*emulator, TARGET / "arm64" / "gptdock" / "bootstrap"]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Debian's Chromium; without a sandbox, because CI runs as root, and without calls to its maker."""
    flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    return {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": flags}
