"""A gateway that answers, or fails, as the name of the model says. The model `by-hand` waits for the test's own answer."""

import contextlib
import json
import queue
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

KEY = "sk-only-moto-knows-this-one"
WORDS = ["Loads ", "and unloads ", "ships 🚢, ", "日本語 ", "👩‍💻."]
TEXT = "".join(WORDS)
USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
PATIENCE = 60  # seconds, for what comes at once on a machine that is not busy

# Models that are refused: the status, the headers and the members of the error.
REFUSALS = {
    "too-long": (400, {}, {"type": "invalid_request_error", "code": "context_length_exceeded", "param": "messages"}),
    "busy": (429, {"retry-after": "7"}, {"type": "requests", "code": "rate_limit_exceeded"}),
    "busy-once": (429, {"retry-after": "1"}, {"type": "requests", "code": "rate_limit_exceeded"}),
    "spent": (429, {}, {"type": "insufficient_quota", "code": "insufficient_quota"}),
    "locked": (401, {}, {"type": "invalid_request_error", "code": "invalid_api_key"}),
    "broken": (500, {}, {"type": "server_error", "code": None}),
}
# Models that fail in the middle: what comes instead of the second half. None cuts the connection.
BREAKS = {
    "cut": None,
    "error-event": {"error": {"message": "upstream words", "type": "server_error", "code": "internal_error"}},
    "malformed": "{oops",
    "silent": "",
    "endless": "",
}
MODELS = ["answers", "plain", "tools", "mute", "by-hand", *REFUSALS, *BREAKS]


class Exchange(BaseHTTPRequestHandler):
    """One connection of the function."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        self.body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.opened, self.over = False, threading.Event()
        model, gateway = self.body["model"], self.server
        gateway.requests.append(SimpleNamespace(path=self.path, headers=self.headers, body=self.body))
        gateway.asked[model] += 1
        if self.headers["authorization"] != f"Bearer {gateway.key}":
            self.refuse(*REFUSALS["locked"])
        elif model == "by-hand":
            gateway.questions.put(self)
            self.over.wait(2 * PATIENCE)
        elif model == "mute":
            gateway.stopped.wait(PATIENCE)
            self.close_connection = True
        elif model in REFUSALS and not (model == "busy-once" and gateway.asked[model] % 2 == 0):
            self.refuse(*REFUSALS[model])
        else:
            self.reply(model)

    do_GET = do_HEAD = lambda self: self.plain(404, {}, {})

    def log_message(self, *_):
        pass

    def plain(self, status, headers, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def refuse(self, status, headers, error):
        self.plain(status, headers, {"error": {"message": "upstream words", **error}})

    def reply(self, model):
        parts, reason = ([self.tool_call()], "tool_calls") if model == "tools" else ([{"content": word} for word in WORDS], "stop")
        if model == "tools" and self.body["messages"][-1]["role"] == "tool":
            last = self.body["messages"][-1]
            parts, reason = [{"content": f"{last['tool_call_id']} says {last['content']}"}], "stop"
        if not self.body.get("stream") or model == "plain":
            message = {"role": "assistant", **(parts[0] if reason == "tool_calls" else {"content": "".join(p["content"] for p in parts)})}
            choice = {"index": 0, "message": message, "finish_reason": reason}
            return self.plain(200, {}, self.named("chat.completion", [choice]) | {"usage": USAGE})
        for part in parts[:2] if model in BREAKS else parts:
            self.delta(part)
        if model in BREAKS:
            return self.fail(model)
        self.delta({}, reason)
        self.event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def fail(self, model):
        while model == "endless" and not self.server.stopped.wait(0.1):
            self.delta({"content": "more "})
        if model == "silent":
            self.server.stopped.wait(PATIENCE)
        elif BREAKS[model]:
            self.event(BREAKS[model])
        self.close_connection = True

    def delta(self, delta, reason=None):
        role = {} if self.opened else {"role": "assistant"}
        choice = {"index": 0, "delta": role | delta, "finish_reason": reason}
        self.event(self.named("chat.completion.chunk", [choice]))

    def event(self, payload):
        if not self.opened:
            self.opened = True
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
        text = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
        data = f"data: {text}\n\n".encode()
        # Two pieces, cut inside the first character of several bytes: the function must put it together again.
        cut = next((i + 1 for i, byte in enumerate(data) if byte >= 0xC0), len(data) // 2)
        for piece in (data[:cut], data[cut:]):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def named(self, kind, choices):
        return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": self.body["model"], "choices": choices}

    def tool_call(self):
        function = {"name": self.body["tools"][0]["function"]["name"], "arguments": '{"port":"Bergen"}'}
        return {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]}

    # What a test does with a request for the model `by-hand`.

    @property
    def said(self):
        """The conversation as the gateway got it, without the system prompt."""
        return [(m["role"], m["content"]) for m in self.body["messages"] if m["role"] != "system"]

    def word(self, text):
        self.delta({"content": text})

    def answer(self, text=""):
        """Sends the rest of the answer and its end."""
        self.word(text)
        self.delta({}, "stop")
        self.event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")
        self.over.set()

    def cut(self):
        self.close_connection = True
        self.over.set()

    def fails(self, status, code, headers={}):
        self.refuse(status, headers, {"type": code, "code": code})
        self.over.set()

    def given_up(self):
        """Waits until the function has closed the connection."""
        self.connection.settimeout(PATIENCE)
        with contextlib.suppress(ConnectionResetError):
            assert self.connection.recv(1) == b"", "the function sends more on a connection that it should close"
        self.cut()


class Gateway(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Exchange)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        self.key = KEY
        self.requests = []
        self.asked = Counter()
        self.questions = queue.Queue()
        self.stopped = threading.Event()

    def question(self):
        """The next request for the model `by-hand`."""
        return self.questions.get(timeout=PATIENCE)

    def handle_error(self, request, client_address):
        """The function closes the connections of answers that it has given up."""

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.shutdown()
