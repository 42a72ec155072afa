"""A Runtime API, a gateway and a Secrets Manager in lockstep with the function: whatever a run of it does, it does it
in the same order and reads the same bytes in the same pieces."""

import json
import socket
import threading
import time
from contextlib import contextmanager

LAMBDA, GATEWAY, SECRETS = range(3)

# Tokens come every few milliseconds. One that came sooner after the one before would be part of a burst, which the
# function takes in otherwise; how soon it comes depends on the machine. In seconds.
BETWEEN_TOKENS = 0.003

BODY = {
    "action": "next",
    "messages": [
        {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["What is a component?"]}},
        {"author": {"role": "assistant"}, "content": {"content_type": "text", "parts": ["A part of a page.\nIt has state."]}},
        {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["When is it rendered again? 日本語"]}},
    ],
    "model": "text-davinci-002",
}
EVENT = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/conversations",
    "rawQueryString": "",
    "headers": {"content-type": "application/json", "host": "abcdefghij.lambda-url.us-east-1.on.aws"},
    "requestContext": {
        "accountId": "anonymous",
        "apiId": "abcdefghij",
        "domainName": "abcdefghij.lambda-url.us-east-1.on.aws",
        "http": {"method": "POST", "path": "/conversations", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "bench"},
        "requestId": "0c5c2b0e-6d2a-4f5f-8d1b-5a1d3a3f6b7c",
        "stage": "$default",
        "time": "22/Nov/2026:00:00:00 +0000",
        "timeEpoch": 1795305600000,
    },
    "body": json.dumps(BODY),
    "isBase64Encoded": False,
}


class Conversations:
    """Those that the function is to have, each with its number of events, and how far they are."""

    def __init__(self, sizes):
        self.sizes = sizes
        self.begun = 0
        self.arrived = threading.Semaphore(0)
        self.idle = threading.Event()
        self.trouble = None

    def fail(self, trouble):
        self.trouble = trouble
        self.idle.set()


class Wire:
    """One connection, seen from the server. An answer is one write."""

    def __init__(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(120)
        self.connection = connection
        self.buffer = b""

    def until(self, end):
        while end not in self.buffer:
            self.read()
        found, _, self.buffer = self.buffer.partition(end)
        return found

    def exactly(self, length):
        while len(self.buffer) < length:
            self.read()
        found, self.buffer = self.buffer[:length], self.buffer[length:]
        return found

    def read(self):
        data = self.connection.recv(65536)
        if not data:
            raise EOFError
        self.buffer += data

    def request(self):
        """The next request's path, its headers in lower case, and its body unless that comes in chunks."""
        first, *fields = self.until(b"\r\n\r\n").decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        return first.split(" ")[1], headers, self.exactly(int(headers.get("content-length", 0)))

    def chunks(self):
        while size := int(self.until(b"\r\n"), 16):
            yield self.exactly(size)
            self.exactly(2)
        self.until(b"\r\n")

    def send(self, *parts):
        self.connection.sendall(b"".join(parts))

    def answer(self, status, body=b"", **headers):
        fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self.send(f"HTTP/1.1 {status}\r\n{fields}content-length: {len(body)}\r\n\r\n".encode(), body)


def runtime_api(world, wire):
    while True:
        path, _, _ = wire.request()
        if path.endswith("/invocation/next"):
            if world.begun == len(world.sizes):
                world.idle.set()
                # Held until the function ends.
                wire.read()
            world.begun += 1
            wire.answer(
                "200 OK",
                json.dumps(EVENT).encode(),
                lambda_runtime_aws_request_id=f"8476a536-e9f4-11e8-9739-{world.begun:012}",
                lambda_runtime_deadline_ms=int(time.time() * 1000) + 900_000,
                lambda_runtime_trace_id="Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
            )
        elif path.endswith("/response"):
            for chunk in wire.chunks():
                for _ in range(chunk.count(b"data: ")):
                    world.arrived.release()
            wire.answer("202 Accepted")
        else:
            return world.fail(f"the function called {path}")


def gateway(world, wire):
    while True:
        wire.request()
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        for number in range(world.sizes[world.begun - 1]):
            wire.send(head, event(json.dumps(delta({"content": f" word{number % 10}"}, None))))
            head = b""
            if not world.arrived.acquire(timeout=60):
                return world.fail(f"event {number} did not arrive")
            time.sleep(BETWEEN_TOKENS)
        wire.send(event(json.dumps(delta({}, "stop"))), event("[DONE]"), b"0\r\n\r\n")
        # The two events of the end.
        for _ in range(2):
            world.arrived.acquire(timeout=60)


def delta(content, finish_reason):
    choice = {"index": 0, "delta": content, "logprobs": None, "finish_reason": finish_reason}
    return {
        "id": "chatcmpl-9XyZabcdEFGH",
        "object": "chat.completion.chunk",
        "created": 1795305600,
        "model": "gpt-3.5-turbo-0125",
        "choices": [choice],
    }


def event(payload):
    data = f"data: {payload}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(data), data)


def secrets_manager(world, wire):
    secret = {"ARN": "arn", "Name": "gptdock/openai", "VersionId": "1", "SecretString": json.dumps({"OPENAI_API_KEY": "sk-bench"})}
    while True:
        wire.request()
        wire.answer("200 OK", json.dumps(secret).encode(), content_type="application/x-amz-json-1.1")


@contextmanager
def serving(world):
    """Starts the three servers; yields their ports in the order of LAMBDA, GATEWAY, SECRETS."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    for listener, serve in zip(listeners, (runtime_api, gateway, secrets_manager)):
        threading.Thread(target=accept, args=(listener, serve, world), daemon=True).start()
    try:
        yield [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()


def accept(listener, serve, world):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=converse, args=(serve, world, Wire(connection)), daemon=True).start()


def converse(serve, world, wire):
    try:
        serve(world, wire)
    except (EOFError, OSError):
        # The function has closed the connection, or ended.
        pass
