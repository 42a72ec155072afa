"""The commands of the README: `cargo lambda watch`, `curl -N` and `cargo lambda invoke`, with the key in moto."""

import json
import os
import subprocess

import pytest
from conftest import ROOT, free_port, running, text_of, wait_for
from gateway import KEY, TEXT, WORDS

QUESTION = {"messages": [{"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["Hello 👋"]}}]}


@pytest.fixture(scope="module")
def address(settings, tmp_path_factory):
    """The address that `cargo lambda watch` listens on, which compiles the function first."""
    subprocess.run(["cargo", "build", "--locked"], cwd=ROOT, check=True)
    log = tmp_path_factory.mktemp("watch") / "watch.log"
    own = {name: value for name, value in settings.items() if not name.startswith("AWS_LAMBDA")}
    address = ["--invoke-address", "127.0.0.1", "--invoke-port", free_port()]
    with running(["cargo", "lambda", "watch", *address], log, env={**os.environ, **own, "OPENAI_MODEL": "by-hand"}) as process:
        wait_for(address[3], process, "/lambda-url/gptdock/health", 240)
        yield list(map(str, address))
    assert KEY not in log.read_text()


@pytest.mark.timeout(900)
def test_streams_word_by_word(address, gateway):
    """Catches a buffer anywhere between the gateway and curl: a word is sent only when curl has printed the word before."""
    url = f"http://127.0.0.1:{address[3]}/lambda-url/gptdock/conversations"
    with subprocess.Popen(["curl", "-sSN", "--max-time", "60", url, "-d", json.dumps(QUESTION)], stdout=subprocess.PIPE) as curl:
        question = gateway.question()
        for word in WORDS:
            question.word(word)
            line = next(line for line in curl.stdout if line.startswith(b"data: {"))
            assert json.loads(line[6:])["choices"][0]["delta"]["content"] == word
        question.answer()
        rest = curl.stdout.read().decode()
    assert curl.wait() == 0 and rest.endswith("data: [DONE]\n\n"), rest
    assert question.said == [("user", "Hello 👋")] and question.body["stream"] is True
    assert question.path == "/v1/chat/completions"


def test_cargo_lambda_invoke(address, gateway):
    """Catches a sample event or a response that cargo-lambda cannot read."""
    command = ["cargo", "lambda", "invoke", "gptdock", *address, "--data-file", "events/conversations.json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as invoke:
        gateway.question().answer(TEXT)
        output = invoke.communicate(timeout=60)[0]
    assert invoke.returncode == 0 and text_of(output.replace("\r", "")) == TEXT, output
