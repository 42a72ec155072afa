"""`examples/local`, built, on a port of its own."""

import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path

from harness import running, wait_until

BINARY = Path(os.environ["CARGO_TARGET_DIR"]) / "debug/examples/local"


class Example:
    def __init__(self, process, url):
        self.process = process
        self.url = url


@contextmanager
def example(**settings):
    """The example with these settings, and none of this machine's."""
    environment = {"PATH": os.environ["PATH"], "PORT": "0", **settings}
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / "example.log"
        with running([str(BINARY)], log, env=environment) as process:
            def address():
                return re.search(r"page\s+(http://\S+/)", log.read_text())

            wait_until("the example's address", address, 60, process)
            yield Example(process, address().group(1))


def asking(gateway, **settings):
    """The example in front of the stand-in: one fault there is one fault here."""
    return example(
        OPENAI_API_KEY="sk-example",
        OPENAI_BASEURL=gateway.url,
        OPENAI_FALLBACK_MODELS="",
        OPENAI_FALLBACK_BASEURL="",
        MAX_RETRIES="0",
        **settings,
    )
