"""Pages of other origins, which call the function through its Function URL with a real token."""

import base64
import functools
import hashlib
import hmac
import json
import os
import tempfile
import threading
import time
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
from playwright.sync_api import expect

from browser import status, tab
from function_url import FunctionUrl
from harness import KEY, ROOT, check, free_port, http, running, secrets_manager, wait_until

TENANT, SECRET, BEARER = "b1946ac9-2492-4d23-8a5c-6d1e3c6b8f0a", "shared-secret-of-the-tenant", "a-token-for-scripts"
WORDS = ["Loads ", "and unloads ", "ships 🚢, ", "日本語 ", "👩‍💻."]
PACKAGES = Path(os.environ["GPTDOCK_BROWSER"]) / "node_modules"


def token(seconds, secret=SECRET):
    """A context token as Atlassian's `AP.context.getToken` gives it to a page of the tenant."""
    now = int(time.time())
    claims = {"iss": TENANT, "sub": "5b10a2844c20165700ede21g", "qsh": "context-qsh", "iat": now + seconds - 900, "exp": now + seconds}
    parts = [json.dumps(part).encode() for part in ({"typ": "JWT", "alg": "HS256"}, claims)]
    encoded = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts]
    signature = hmac.digest(secret.encode(), b".".join(encoded), hashlib.sha256)
    return b".".join([*encoded, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


class Pages(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}

    def translate_path(self, path):
        directory = PACKAGES if path.startswith("/openai/") else ROOT / ".ci/browser/pages"
        return str(directory / path.lstrip("/"))

    def log_message(self, *_):
        pass


@contextmanager
def origin():
    """Serves the pages; yields their origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


@contextmanager
def function(gateway):
    """The function under `cargo lambda watch`, its two secrets in moto; yields its port."""
    with tempfile.TemporaryDirectory() as logs, secrets_manager() as (endpoint, secret, _):
        client = boto3.client("secretsmanager", endpoint_url=endpoint)
        keys = {"OPENAI_API_KEY": KEY, "BEARER_TOKENS": {"browser": BEARER}}
        client.put_secret_value(SecretId=secret, SecretString=json.dumps(keys))
        tenants = {TENANT: {"sharedSecret": SECRET}}
        tenants = client.create_secret(Name="gptdock/tenants", SecretString=json.dumps(tenants))
        environment = {
            **os.environ,
            "AUTH_MODE": "connect,bearer",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": endpoint,
            "CONNECT_TENANTS_SECRET_ARN": tenants["ARN"],
            "OPENAI_API_KEY_SECRET_ARN": secret,
            "OPENAI_BASEURL": gateway.url,
            "OPENAI_FALLBACK_MODELS": "",
        }
        environment.pop("OPENAI_API_KEY", None)
        port = free_port()
        # Its CORS allows everything; the template's does not.
        watch = ["cargo", "lambda", "watch", "--disable-cors", "--invoke-address", "127.0.0.1", "--invoke-port", str(port)]
        with running(watch, Path(logs) / "watch.log", env=environment) as process:
            wait_until("GET /health", functools.partial(healthy, port), 120, process)
            yield port


def healthy(port):
    try:
        return http(f"http://127.0.0.1:{port}/lambda-url/gptdock/health", timeout=60)[0] == 200
    except OSError:
        return False


class Page:
    """A page of an origin, which asks with a credential."""

    def __init__(self, opened, address, function_url):
        self.tab = opened
        self.page = opened.page
        self.address = function_url.address
        self.page.goto(address)
        self.page.wait_for_function("() => window.ask")
        self.answer = self.page.locator("#answer")
        self.outcome = self.page.locator("#outcome")

    def ask(self, credential, messages, *way):
        self.page.evaluate("(given) => { window.ask(...given) }", [self.address, credential, messages, *way])

    def clear(self):
        self.page.evaluate("() => document.querySelectorAll('p').forEach((p) => p.replaceChildren())")

    def reads(self, question):
        """The answer, word by word."""
        for count, word in enumerate(WORDS, 1):
            question.word(word)
            expect(self.answer).to_have_text("".join(WORDS[:count]))
        question.finish()


def old_frontend(page, gateway):
    messages = [
        {"id": "0", "author": {"role": "system"}, "content": {"content_type": "text", "parts": [""]}},
        {"id": "1", "author": {"role": "user"}, "role": "user", "content": {"content_type": "text", "parts": ["What do ports do?"]}},
    ]
    page.ask(token(900), messages)
    question = gateway.question()
    check(question.said == [("user", "What do ports do?")], f"another question: {question.said}")
    page.reads(question)
    expect(page.outcome).to_have_text("status 200, may read x-request-id")
    page.tab.console()

    for refused in (token(-1), token(900, "another secret"), "", "a.b.c"):
        page.clear()
        page.ask(refused, messages)
        # An allowed origin reads the status, and the retry-after of a 429; only then can it tell its user what is wrong.
        expect(page.outcome).to_have_text("status 401, may read x-request-id")
        expect(page.answer).to_be_empty()
        page.tab.console((status(401, "Unauthorized"), "/conversations?jwt=" + refused))

    good = token(900)
    page.ask(good, messages)
    gateway.question().refuse(429, "rate_limit_exceeded", retry_after="90")
    expect(page.outcome).to_have_text("status 429, may read x-request-id,retry-after")
    page.tab.console((status(429, "Too Many Requests"), f"/conversations?jwt={good}"))


def wrong_origin(page, gateway):
    """A page that the template does not allow reads nothing, even with a good token."""
    good = token(900)
    page.ask(good, [{"content": "What do ports do?"}])
    expect(page.outcome).to_have_text("no response: TypeError")
    page.tab.console(
        (r"Access to fetch at .* has been blocked by CORS policy: Response to preflight request .*", "/frontend.html"),
        (r"Failed to load resource: net::ERR_FAILED", f"/conversations?jwt={good}"),
    )


def openai_package(page, gateway, function_url):
    messages = [{"role": "user", "content": "What do ports do?"}]
    function_url.preflights.clear()
    page.ask(BEARER, messages, "create")
    page.reads(gateway.question())
    expect(page.outcome).to_have_text("status 200, may read x-request-id")

    page.clear()
    page.ask(BEARER, messages, "helper")
    page.reads(gateway.question())
    expect(page.outcome).to_have_text("streamed")
    page.tab.console()
    asked = sorted({header for _, headers in function_url.preflights for header in headers})
    check("authorization" in asked and "x-stainless-timeout" in asked, f"the package asks for other headers: {asked}")
    print(f"preflights of OpenAI's package asked for {', '.join(asked)}")

    page.clear()
    page.ask("another token", messages, "create")
    expect(page.outcome).to_have_text("AuthenticationError: 401 unauthorized")
    page.tab.console((status(401, "Unauthorized"), "/v1/chat/completions"))


def origins(browser, gateway, _):
    with function(gateway) as port, origin() as allowed, origin() as other:
        with FunctionUrl([allowed], port, "/lambda-url/gptdock") as function_url:
            with tab(browser) as opened:
                old_frontend(Page(opened, f"{allowed}/frontend.html", function_url), gateway)
            with tab(browser) as opened:
                wrong_origin(Page(opened, f"{other}/frontend.html", function_url), gateway)
            with tab(browser) as opened:
                openai_package(Page(opened, f"{allowed}/openai.html", function_url), gateway, function_url)
