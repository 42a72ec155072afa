"""Pages of other origins in Chromium, which call the function through a Function URL with the CORS of template.yaml."""

import base64
import hashlib
import hmac
import json
import os
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from conftest import ROOT, new_secret
from flask import Flask, Response, request
from flask_cors import CORS
from gateway import KEY, WORDS
from playwright.sync_api import expect
from test_templates import of_type
from werkzeug.serving import make_server

TENANT, SECRET, BEARER = "b1946ac9-2492-4d23-8a5c-6d1e3c6b8f0a", "shared-secret-of-the-tenant", "a-token-for-scripts"
MESSAGES = [
    {"id": "0", "author": {"role": "system"}, "content": {"content_type": "text", "parts": [""]}},
    {"id": "1", "author": {"role": "user"}, "content": {"content_type": "text", "parts": ["What do ports do?"]}},
]
OPENAI_MESSAGES = [{"role": "user", "content": "What do ports do?"}]


def token(seconds, secret=SECRET):
    """A context token as Atlassian's `AP.context.getToken` returns it."""
    now = int(time.time())
    claims = {"iss": TENANT, "sub": "5b10a2844c20165700ede21g", "qsh": "context-qsh", "iat": now + seconds - 900, "exp": now + seconds}
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"typ": "JWT", "alg": "HS256"}, claims)]
    signature = hmac.digest(secret.encode(), b".".join(encoded), hashlib.sha256)
    return b".".join([*encoded, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


class Pages(SimpleHTTPRequestHandler):
    extensions_map = {".html": "text/html", ".mjs": "text/javascript"}

    def translate_path(self, path):
        directory = Path(os.environ["GPTDOCK_NODE"]) / "node_modules" if path.startswith("/openai/") else ROOT / "tests/real/pages"
        return str(directory / path.lstrip("/"))


@pytest.fixture(scope="module")
def origins():
    """Two origins that serve the pages; the Function URL allows the first."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Pages) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    return [f"http://127.0.0.1:{server.server_address[1]}" for server in servers]


@pytest.fixture(scope="module")
def function_url(start, deployed, secrets, origins):
    """The address of a Function URL: adds the template's CORS and passes everything else on as it comes."""
    function = start(
        [deployed],
        AUTH_MODE="connect,bearer",
        OPENAI_MODEL="by-hand",
        OPENAI_API_KEY_SECRET_ARN=new_secret(secrets, OPENAI_API_KEY=KEY, BEARER_TOKENS={"browser": BEARER}),
        CONNECT_TENANTS_SECRET_ARN=new_secret(secrets, **{TENANT: {"sharedSecret": SECRET}}),
    )
    app = Flask("function-url")
    cors = of_type("AWS::Lambda::Url")[0]["Cors"]
    CORS(app, origins=origins[0], methods=cors["AllowMethods"], allow_headers=cors["AllowHeaders"], expose_headers=cors["ExposeHeaders"])

    @app.post("/<path:_>")
    def pass_on(_):
        passed = {name: value for name, value in request.headers.items() if name not in ("Host", "Connection")}
        answer = requests.post(function.url + request.full_path, request.get_data(), headers=passed, stream=True)
        headers = [(name, value) for name, value in answer.headers.items() if name not in ("transfer-encoding", "connection")]
        return Response(answer.raw.stream(65536), answer.status_code, headers)

    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


@pytest.fixture
def open_page(page, function_url, gateway):
    """Opens a page; returns what asks with a credential, and what waits for the outcome that the page shows."""

    def open_page(address):
        page.goto(address)
        page.wait_for_function("() => window.ask")

        def ask(credential, messages, *way):
            page.evaluate("() => document.querySelectorAll('p').forEach((p) => p.replaceChildren())")
            page.evaluate("(given) => { window.ask(...given) }", [function_url, credential, messages, *way])

        return ask, lambda text: expect(page.locator("#outcome")).to_have_text(text)

    yield open_page
    assert gateway.questions.empty()


def reads_word_by_word(page, gateway):
    question = gateway.question()
    assert question.said == [("user", "What do ports do?")]
    for count, word in enumerate(WORDS, 1):
        question.word(word)
        expect(page.locator("#answer")).to_have_text("".join(WORDS[:count]))
    question.answer()


def test_old_frontend(page, open_page, gateway, origins):
    """Catches what breaks the unchanged frontend: a garbled or late word, a refused header, an unreadable status."""
    ask, outcome = open_page(f"{origins[0]}/frontend.html")
    ask(token(900), MESSAGES)
    reads_word_by_word(page, gateway)
    outcome("status 200, may read x-request-id")
    ask(token(900), MESSAGES)
    gateway.question().fails(429, "rate_limit_exceeded", {"retry-after": "90"})
    outcome("status 429, may read x-request-id,retry-after")
    for refused in (token(-1), token(900, "another secret"), ""):
        ask(refused, MESSAGES)
        outcome("status 401, may read x-request-id")


def test_other_origin(open_page, origins):
    """Catches CORS that lets any page use a reader's token."""
    ask, outcome = open_page(f"{origins[1]}/frontend.html")
    ask(token(900), MESSAGES)
    outcome("no response: TypeError")


def test_openai_package(page, open_page, gateway, origins):
    """Catches a header of OpenAI's package that the template's CORS does not allow."""
    ask, outcome = open_page(f"{origins[0]}/openai.html")
    ask(BEARER, OPENAI_MESSAGES, "create")
    reads_word_by_word(page, gateway)
    outcome("status 200, may read x-request-id")
    ask(BEARER, OPENAI_MESSAGES, "helper")
    reads_word_by_word(page, gateway)
    outcome("streamed")
    ask("another token", OPENAI_MESSAGES, "create")
    outcome("AuthenticationError: 401 unauthorized")
