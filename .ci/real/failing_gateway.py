"""A gateway that answers, or fails, as the model's name says."""

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import KEY

WORDS = ["Loads ", "and ", "unloads ", "ships 🚢."]

# An error answer: the status, the headers, and the members of its `error`.
REFUSALS = {
    "filtered": (400, {}, {"type": "invalid_request_error", "code": "content_filter", "param": "messages"}),
    "too-long": (400, {}, {"type": "invalid_request_error", "code": "context_length_exceeded", "param": "messages"}),
    "busy": (429, {"retry-after": "7"}, {"type": "requests", "code": "rate_limit_exceeded"}),
    "busy-once": (429, {"retry-after": "1"}, {"type": "requests", "code": "rate_limit_exceeded"}),
    "busy-late": (429, {"retry-after": "7"}, {"type": "requests", "code": "rate_limit_exceeded"}),
    "spent": (429, {}, {"type": "insufficient_quota", "code": "insufficient_quota"}),
    "locked": (401, {}, {"type": "invalid_request_error", "code": "invalid_api_key"}),
    "broken": (500, {}, {"type": "server_error", "code": None}),
}

# What comes in place of the answer's second half; None is a cut connection.
BREAKS = {
    "cut": None,
    "error-event": {"error": {"message": "upstream words", "type": "server_error", "code": "internal_error"}},
    "filtered-midway": {"error": {"message": "upstream words", "type": "invalid_request_error", "code": "content_filter"}},
    "malformed": "{oops",
    "silent": "",
    "endless": "",
}

USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
LIMITS = {"x-ratelimit-remaining-requests": "41"}
MODELS = ["answers", "plain", "tools", "mute", *REFUSALS, *BREAKS]
LONGEST = 30  # seconds that anything here lasts


class Exchange(BaseHTTPRequestHandler):
    """One connection of the function."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        self.question = json.loads(self.rfile.read(int(self.headers["content-length"])))
        model = self.question["model"]
        asked = self.server.ask(model)
        if self.headers["authorization"] != f"Bearer {KEY}":
            self.whole(401, {}, {"error": {"message": "upstream words", "code": "invalid_api_key"}})
        elif model == "mute":
            self.server.stopped.wait(LONGEST)
            self.close_connection = True
        elif model == "busy-once" and asked % 2 == 0:
            self.answer(model)
        elif model in REFUSALS:
            if model == "busy-late":
                self.server.stopped.wait(1.5)
            status, headers, error = REFUSALS[model]
            self.whole(status, headers, {"error": {"message": "upstream words", **error}})
        else:
            self.answer(model)

    do_GET = do_HEAD = lambda self: self.whole(404, {}, {})

    def log_message(self, *_):
        pass

    def whole(self, status, headers, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", "content-length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def answer(self, model):
        deltas, reason = self.call_of_tool() if model == "tools" else ([{"content": word} for word in WORDS], "stop")
        if not self.question.get("stream") or model == "plain":
            message = {"role": "assistant", "content": None, **merged(deltas)}
            choice = {"index": 0, "message": message, "finish_reason": reason}
            return self.whole(200, LIMITS, self.named("chat.completion", [choice]) | {"usage": USAGE})
        self.send_response(200)
        for name, value in {"content-type": "text/event-stream", "transfer-encoding": "chunked", **LIMITS}.items():
            self.send_header(name, value)
        self.end_headers()
        deltas[0] = {"role": "assistant", **deltas[0]}
        if model in BREAKS:
            self.events(deltas[: len(deltas) // 2], None)
            return self.broken(model)
        self.events(deltas, reason)
        if self.question.get("stream_options", {}).get("include_usage"):
            self.event(self.named("chat.completion.chunk", []) | {"usage": USAGE})
        self.event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def events(self, deltas, reason):
        for delta, end in [(delta, None) for delta in deltas] + ([({}, reason)] if reason else []):
            choice = {"index": 0, "delta": delta, "finish_reason": end}
            self.event(self.named("chat.completion.chunk", [choice]))

    def broken(self, model):
        end = time.monotonic() + LONGEST
        while model == "endless" and time.monotonic() < end and not self.server.stopped.wait(0.1):
            self.events([{"content": "more "}], None)
        if model == "silent":
            self.server.stopped.wait(LONGEST)
        elif BREAKS[model]:
            self.event(BREAKS[model])
        self.close_connection = True

    def event(self, payload):
        text = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
        data = f"data: {text}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def named(self, kind, choices):
        return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": self.question["model"], "choices": choices}

    def call_of_tool(self):
        """The tool that the question names is called; its result is the answer to the next question."""
        last = self.question["messages"][-1]
        if last["role"] == "tool":
            return [{"content": f"{last['tool_call_id']} says {last['content']}"}], "stop"
        name = self.question["tools"][0]["function"]["name"]
        start = {"index": 0, "id": "call_1", "type": "function", "function": {"name": name, "arguments": ""}}
        pieces = [{"index": 0, "function": {"arguments": piece}} for piece in ('{"port":', '"Bergen"}')]
        return [{"tool_calls": [piece]} for piece in (start, *pieces)], "tool_calls"


def merged(deltas):
    """The message that the deltas of an answer make."""
    if "tool_calls" not in deltas[0]:
        return {"content": "".join(delta["content"] for delta in deltas)}
    calls = [delta["tool_calls"][0] for delta in deltas]
    arguments = "".join(call["function"]["arguments"] for call in calls)
    return {"tool_calls": [{"id": "call_1", "type": "function", "function": {**calls[0]["function"], "arguments": arguments}}]}


class FailingGateway(ThreadingHTTPServer):
    """Listens until it is left; counts what it is asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Exchange)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        self.asked = Counter()
        self.lock = threading.Lock()
        self.stopped = threading.Event()

    def ask(self, model):
        with self.lock:
            self.asked[model] += 1
            return self.asked[model]

    def handle_error(self, request, client_address):
        """The function lets go of answers that it has given up."""

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.shutdown()
