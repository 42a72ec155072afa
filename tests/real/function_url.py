"""A Function URL with the CORS of template.yaml, in front of an emulator: answers preflights and adds the headers."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server", "host"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def allow(self):
        """Adds what a page of an allowed origin gets with every answer."""
        cors, origin = self.server.cors, self.headers["origin"]
        allowed = origin in cors["AllowOrigins"]
        if allowed:
            self.send_header("access-control-allow-origin", origin)
            self.send_header("access-control-expose-headers", ",".join(cors["ExposeHeaders"]))
            self.send_header("vary", "Origin")
        return allowed

    def do_OPTIONS(self):
        cors = self.server.cors
        self.send_response(200)
        if self.allow():
            self.send_header("access-control-allow-methods", ",".join(cors["AllowMethods"]))
            self.send_header("access-control-allow-headers", ",".join(cors["AllowHeaders"]))
        self.send_header("content-length", "0")
        self.end_headers()

    def do_POST(self):
        target = urlsplit(self.server.target)
        body = self.rfile.read(int(self.headers["content-length"]))
        upstream = http.client.HTTPConnection(target.netloc, timeout=120)
        upstream.request("POST", target.path + self.path, body, {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP})
        response = upstream.getresponse()
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.allow()
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        while data := response.read1(65536):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")
        upstream.close()

    def log_message(self, *_):
        pass


class FunctionUrl(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, target, cors):
        super().__init__(("127.0.0.1", 0), Handler)
        self.target, self.cors = target, cors
        self.address = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()
