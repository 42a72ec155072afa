"""A stand-in for the gateway whose answers the check itself gives, word by word."""

import json
import queue
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness import check

PATIENCE = 60  # seconds, for what comes at once on a machine that is not busy


class Question:
    """One request, and the hand on its answer."""

    def __init__(self, handler, body):
        self.handler = handler
        self.body = body
        self.over = threading.Event()

    @property
    def said(self):
        """The conversation as the gateway got it, without the system prompt."""
        return [(m["role"], m["content"]) for m in self.body["messages"] if m["role"] != "system"]

    def word(self, text):
        """One event. The first of them opens the stream."""
        role = {}
        if not self.handler.opened:
            self.handler.open()
            role = {"role": "assistant"}
        self.event({**role, "content": text}, None)

    def words(self, text):
        for word in text.split(" ")[:-1]:
            self.word(word + " ")
        self.word(text.split(" ")[-1])

    def finish(self, reason="stop"):
        self.event({}, reason)
        self.handler.chunk(b"data: [DONE]\n\n")
        self.handler.chunk(b"")
        self.over.set()

    def answer(self, text):
        self.words(text)
        self.finish()

    def cut(self):
        """The connection is lost in mid-answer."""
        self.handler.close_connection = True
        self.over.set()

    def refuse(self, status, code, **headers):
        self.handler.plain(status, {"error": {"message": "No.", "type": code, "code": code}}, headers)
        self.over.set()

    def given_up(self):
        """Waits until the function has hung up."""
        connection = self.handler.connection
        connection.settimeout(PATIENCE)
        try:
            check(connection.recv(1) == b"", "the function sends more on a connection that it should close")
        except ConnectionResetError:
            pass
        except socket.timeout:
            check(False, "the function still holds a request that the page has stopped")
        self.cut()

    def event(self, delta, reason):
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        event = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": self.body["model"], "choices": [choice]}
        self.handler.chunk(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        self.opened = False
        question = Question(self, json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.server.questions.put(question)
        question.over.wait()

    def open(self):
        self.opened = True
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def plain(self, status, body, headers):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Gateway:
    """Holds every request until the check has answered it."""

    def __init__(self):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.questions = queue.Queue()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def question(self):
        """The next request."""
        try:
            return self.server.questions.get(timeout=PATIENCE)
        except queue.Empty:
            check(False, "no request came to the gateway")

    def idle(self):
        check(self.server.questions.empty(), "the gateway got a request too many")

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
