"""What the real-part checks share: processes that end with the check, moto's Secrets Manager, and a gateway."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEY = "sk-only-moto-knows-this-one"
ANSWER = ["Loads ", "and unloads ", "ships 🚢, ", "日本語 ", "👩‍💻."]


def fail(message):
    sys.exit(f"FAILED: {message}")


def check(condition, message):
    if not condition:
        fail(message)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(what, ready, seconds, process=None):
    """Asks `ready` until it says yes; gives up after `seconds`, or when `process` has ended."""
    end = time.monotonic() + seconds
    while not ready():
        if process and process.poll() is not None:
            fail(f"{what}: the process ended with {process.returncode}")
        check(time.monotonic() < end, f"{what}: not within {seconds} s")
        time.sleep(0.05)


def listens(port):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def running(args, log, **more):
    """Runs a command, with its output in the file `log`, and ends it and all its children on the way out."""
    with open(log, "wb") as out:
        process = subprocess.Popen(
            args, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True, **more
        )
    try:
        yield process
    except BaseException:
        print(f"--- {log}\n{Path(log).read_text(errors='replace')[-6000:]}\n---", file=sys.stderr)
        raise
    finally:
        for sig in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, sig)
                process.wait(5)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass


# So that `finally` runs when .ci/run ends this process.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


@contextmanager
def secrets_manager():
    """moto's server with the key in a secret; yields the endpoint, the secret's ARN and a function that changes the key."""
    import logging

    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    endpoint = "http://%s:%s" % server.get_host_and_port()
    try:
        client = boto3.client("secretsmanager", endpoint_url=endpoint)
        secret = client.create_secret(Name="gptdock/openai", SecretString=json.dumps({"OPENAI_API_KEY": KEY}))

        def rotate(key):
            client.put_secret_value(SecretId=secret["ARN"], SecretString=json.dumps({"OPENAI_API_KEY": key}))

        yield endpoint, secret["ARN"], rotate
    finally:
        server.stop()


class Gateway:
    """A stand-in for the gateway. It wants the key that only moto gives out, and answers ANSWER.

    With `step` it sends an event only when told that the one before has been seen: an answer that anything on the
    way holds back never ends, whatever the clock says.
    """

    def __init__(self):
        self.requests = []
        self.key = KEY
        self.step = False
        self.seen = threading.Semaphore(0)
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                gateway.requests.append({"path": self.path, "headers": dict(self.headers.items()), "body": body})
                if self.headers["authorization"] != f"Bearer {gateway.key}":
                    self.plain(401, {"error": {"message": "Incorrect API key", "code": "invalid_api_key"}})
                elif body.get("stream"):
                    self.stream(body)
                else:
                    choice = {"index": 0, "message": {"role": "assistant", "content": "".join(ANSWER)}, "finish_reason": "stop"}
                    self.plain(200, {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": body["model"], "choices": [choice]})

            do_GET = do_HEAD = lambda self: self.plain(404, {})

            def plain(self, status, body):
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def stream(self, body):
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                deltas = [({"content": text}, None) for text in ANSWER] + [({}, "stop")]
                for i, (delta, reason) in enumerate(deltas):
                    choice = {"index": 0, "delta": delta, "finish_reason": reason}
                    event = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"], "choices": [choice]}
                    self.send(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode())
                    if gateway.step and i < len(ANSWER) and not gateway.seen.acquire(timeout=20):
                        return self.wfile.close()
                self.send(b"data: [DONE]\n\n")
                self.send(b"")

            def send(self, data):
                # Two pieces, cut where a character may have several bytes: what comes out must be whole again.
                cut = next((i + 1 for i, byte in enumerate(data) if byte >= 0xC0), len(data) // 2)
                for piece in (data[:cut], data[cut:]) if data else (b"",):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    self.wfile.flush()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()


def http(url, data=None, timeout=30):
    """One request; answers (status, headers, body) for any status."""
    request = urllib.request.Request(url, data, {"content-type": "application/json"} if data else {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def text_of(stream):
    """The text of an SSE answer, read the way the frontend does; checks its end."""
    lines = [line[6:] for line in stream.split("\n") if line.startswith("data: ")]
    check(lines[-1:] == ["[DONE]"], f"the stream does not end with [DONE]: {stream[-300:]!r}")
    chunks = [json.loads(line) for line in lines[:-1]]
    return "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"])
