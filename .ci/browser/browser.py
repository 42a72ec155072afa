"""Chromium: its start, the console of its pages, and pictures of them."""

import os
import re
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from gateway import PATIENCE
from harness import check

PICTURES = Path(os.environ["CARGO_TARGET_DIR"]) / "browser"
AXE = Path(os.environ["GPTDOCK_BROWSER"]) / "node_modules/axe-core/axe.min.js"

# Without a sandbox, because CI runs as root; the rest keeps Chromium from calling its maker.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Otherwise Playwright looks for one that it has downloaded itself.
EXECUTABLE = "/usr/bin/chromium"


@contextmanager
def chromium():
    expect.set_options(timeout=PATIENCE * 1000)
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=FLAGS, headless=True)
        try:
            yield browser
        finally:
            browser.close()


class Tab:
    """A page in a context of its own, with all that it says on its console."""

    def __init__(self, browser, **options):
        self.context = browser.new_context(**{"viewport": {"width": 1000, "height": 760}, **options})
        self.context.set_default_timeout(PATIENCE * 1000)
        self.page = self.context.new_page()
        self.said = []
        self.page.on("console", lambda message: self.heard(message.type, message.text, message.location["url"]))
        self.page.on("pageerror", lambda error: self.heard("exception", str(error), ""))
        self.page.on("crash", lambda _: self.heard("crash", "", ""))

    def heard(self, kind, text, url):
        self.said.append((kind, text, url))

    def console(self, *expected):
        """Fails unless the console holds exactly these lines, in this order: (pattern, end of the address)."""
        # A line may be on its way still: nothing else tells that all have come.
        self.page.evaluate("() => new Promise((done) => setTimeout(done))")
        fits = len(expected) == len(self.said) and all(
            kind == "error" and re.fullmatch(pattern, text) and url.endswith(end)
            for (kind, text, url), (pattern, end) in zip(self.said, expected)
        )
        check(fits, f"the console says {self.said}, not {expected}")
        self.said.clear()

    def picture(self, name, **options):
        path = PICTURES / f"{name}.png"
        self.page.screenshot(path=path, animations="disabled", **options)
        return path

    def accessible(self, where):
        """What axe-core, the rules of WCAG 2.2 as a program, has to say: nothing."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("() => axe.run({ resultTypes: ['violations'] })")["violations"]
        told = [(v["id"], v["help"], [n["html"] + " — " + n["failureSummary"] for n in v["nodes"]]) for v in found]
        check(not told, f"axe-core, {where}: {told}")

    def close(self):
        self.context.close()


@contextmanager
def tab(browser, **options):
    opened = Tab(browser, **options)
    try:
        yield opened
    except BaseException:
        print(f"picture of the failure: {opened.picture('failure')}; console: {opened.said}")
        raise
    finally:
        opened.close()


# What Chromium itself writes when a fetch is answered with an error status, however well the page takes it.
def status(number, reason):
    return rf"Failed to load resource: the server responded with a status of {number} \({reason}\)"
