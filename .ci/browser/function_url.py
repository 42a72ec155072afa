"""What stands before the function on AWS: a Function URL with the CORS of template.yaml."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from stack import FUNCTION, Stack, translated

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


def cors_of_the_template(origins):
    return Stack(translated(), AllowedOrigins=origins).properties(f"{FUNCTION}Url")["Cors"]


class FunctionUrl:
    """Answers preflights, adds CORS headers for the origins allowed, and passes everything else on as it comes."""

    def __init__(self, origins, port, path):
        self.cors = cors_of_the_template(origins)
        self.target = (port, path)
        self.preflights = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.url = self
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def allow(self):
        """The headers that a page of an allowed origin gets, on whatever is answered."""
        cors, origin = self.server.url.cors, self.headers["origin"]
        if origin in cors["AllowOrigins"]:
            self.send_header("access-control-allow-origin", origin)
            self.send_header("access-control-expose-headers", ",".join(cors["ExposeHeaders"]))
            self.send_header("vary", "Origin")

    def do_OPTIONS(self):
        cors = self.server.url.cors
        asked = self.headers["access-control-request-headers"] or ""
        self.server.url.preflights.append((self.headers["origin"], asked.split(",")))
        self.send_response(200)
        self.allow()
        if self.headers["origin"] in cors["AllowOrigins"]:
            self.send_header("access-control-allow-methods", ",".join(cors["AllowMethods"]))
            self.send_header("access-control-allow-headers", ",".join(cors["AllowHeaders"]))
            self.send_header("access-control-max-age", str(cors["MaxAge"]))
        self.send_header("content-length", "0")
        self.end_headers()

    def do_POST(self):
        port, path = self.server.url.target
        body = self.rfile.read(int(self.headers["content-length"]))
        passed = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP | {"host"}}
        upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        upstream.request("POST", path + self.path, body, passed)
        response = upstream.getresponse()
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.allow()
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        while data := response.read1(65536):
            self.chunk(data)
        self.chunk(b"")
        upstream.close()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def log_message(self, *_):
        pass
