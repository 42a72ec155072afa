"""The chat page of `examples/local` in Chromium, found by roles and names. The test sends each word of each answer."""

import os
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, TARGET, free_port, running, wait_for
from gateway import KEY, WORDS
from playwright.sync_api import expect

AXE = Path(os.environ["GPTDOCK_NODE"]) / "node_modules/axe-core/axe.min.js"
FORMATTED = (
    "# Ships\n\nA **bold**, an *italic* and a `const x = '<b>';` with a [link](https://example.com/a?b=1&c=2).\n\n1. one\n2. two\n"
    "\n> A quote.\n\n| port | ships |\n|:-----|------:|\n| Oslo | `12` |\n\n```rust\nfn main() { println!(\"<script>\"); }\n```"
)
# Each would set `window.harmed` or load something.
HOSTILE = [
    "<script>window.harmed = 1</script>",
    "<img src=x onerror='window.harmed = 1'>",
    "<svg/onload=window.harmed=1><style>body{display:none}</style><iframe srcdoc='<script>parent.harmed = 1</script>'></iframe>",
    "[click](javascript:window.harmed=1) [again](data:text/html,<script>window.harmed=1</script>)",
    "[x](https://example.com/\"onmouseover=\"window.harmed=1) ![x](https://example.com/pixel.png)",
    "`</code><img src=x onerror=window.harmed=1>` **<b onclick=window.harmed=1>b</b>**\n```\"><img/src=x/onerror=window.harmed=1>\n```",
    "# <img src=x onerror=window.harmed=1>\n> <svg/onload=window.harmed=1>\n\n| <img src=x onerror=window.harmed=1> |\n|---|\n| x |",
]
WIDE = FORMATTED + "\n\n```\n" + "a line too long for any telephone, " * 6 + "\n```\n\n" + "Donaudampfschifffahrtskapitän" * 6
# What of an element, or of its parent, can show that it has the focus.
LOOK = """(element) => JSON.stringify([element, element.parentElement].map((one) => getComputedStyle(one)).map((style) =>
  [style.outlineStyle !== "none" && style.outlineWidth + style.outlineColor, style.boxShadow, style.borderColor]))"""
NAME = "(element) => element.ariaLabel ?? element.labels?.[0]?.textContent ?? element.textContent"


def violations(page):
    """What axe-core, the rules of WCAG 2.2 as a program, finds."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("() => axe.run({ resultTypes: ['violations'] })")["violations"]
    return [(v["id"], v["help"], [node["html"] + ": " + node["failureSummary"] for node in v["nodes"]]) for v in found]


class Chat:
    def __init__(self, page, url, gateway):
        self.page, self.gateway, self.said = page, gateway, []
        self.allowed = "nothing"  # a part of what the console may say
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.goto(url)
        self.prompt = page.get_by_role("textbox", name="Your message")
        self.send, self.stop, self.retry, self.clear = (
            page.get_by_role("button", name=name, exact=True) for name in ("Send", "Stop", "Retry", "New chat")
        )
        self.log = page.get_by_role("log", name="Messages")
        self.answers = self.log.get_by_role("article", name="GPTDock")

    def ask(self, text):
        """Sends a message; returns what came to the gateway."""
        self.prompt.fill(text)
        self.prompt.press("Enter")
        return self.gateway.question()

    def shows(self, text):
        """The last answer and the note below it contain this text."""
        expect(self.answers.last).to_contain_text(text, use_inner_text=True)

    def ended(self):
        """Waits until another question can be sent."""
        expect(self.stop).to_be_hidden()
        expect(self.send).to_be_visible()

    def talk(self, text, answer):
        self.ask(text).answer(answer)
        self.ended()


@pytest.fixture(scope="module")
def url(gateway, tmp_path_factory):
    """The example, built and started as the README says, with the gateway as the real one."""
    subprocess.run(["cargo", "build", "--locked", "--example", "local"], cwd=ROOT, check=True)
    port = free_port()
    own = {"OPENAI_API_KEY": KEY, "OPENAI_BASEURL": gateway.url, "OPENAI_MODEL": "by-hand", "OPENAI_FALLBACK_MODELS": "", "MAX_RETRIES": "0"}
    command, log = [TARGET / "debug/examples/local"], tmp_path_factory.mktemp("example") / "example.log"
    with running(command, log, env={"PATH": os.environ["PATH"], "PORT": str(port), **own}) as process:
        wait_for(port, process, "/")
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def chat(page, url, gateway):
    """The page. Its console must say nothing that the test does not allow; no request may be left over."""
    chat = Chat(page, url, gateway)
    yield chat
    assert [said for said in chat.said if chat.allowed not in said] == []
    assert gateway.questions.empty()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_streams_word_by_word(chat, scheme):
    """Catches a word that anything holds back (the next one is sent when this one is seen), and what axe-core finds."""
    chat.page.emulate_media(color_scheme=scheme)
    assert violations(chat.page) == []
    chat.talk("Show me what you can.", FORMATTED)
    question = chat.ask("What do\t“ships” <b>do?")
    assert question.said == [("user", "Show me what you can."), ("assistant", FORMATTED), ("user", "What do\t“ships” <b>do?")]
    for count, word in enumerate(WORDS, 1):
        question.word(word)
        expect(chat.answers.last).to_have_text("".join(WORDS[:count]).rstrip(), use_inner_text=True)
    assert violations(chat.page) == []
    question.answer()
    chat.ended()
    expect(chat.page.get_by_role("status")).to_have_text("The answer is complete.")


def test_stops(chat):
    """Catches an answer that goes on, and costs money, after its reader stopped it or closed the page."""
    question = chat.ask("Tell me a long story.")
    question.word("Once upon ")
    chat.shows("Once upon")
    chat.stop.click()
    question.given_up()
    chat.ended()
    chat.shows("Stopped.")
    expect(chat.prompt).to_be_focused()
    question = chat.ask("Go on.")
    chat.page.close()
    question.given_up()


def test_reports_an_interrupted_answer(chat):
    """Catches half an answer that looks whole, and a retry that asks something else."""
    question = chat.ask("Count to three.")
    question.word("One, two, ")
    chat.shows("One, two,")
    question.cut()
    chat.ended()
    chat.shows("Interrupted.")
    assert violations(chat.page) == []
    chat.retry.click()
    question = chat.gateway.question()
    assert question.said == [("user", "Count to three.")]
    question.answer("One, two, three.")
    chat.ended()
    expect(chat.answers.last).to_have_text("One, two, three.")


def test_reports_a_refusal(chat):
    """Catches a failure without a sentence, and a refused question that spoils the later ones."""
    chat.allowed = "status of 429"
    chat.ask("Hello?").fails(429, "rate_limit_exceeded", {"retry-after": "90"})
    chat.ended()
    chat.shows("Not answered.")
    chat.shows("1 minute 30 seconds")
    assert violations(chat.page) == []
    question = chat.ask("Anybody?")
    assert question.said == [("user", "Anybody?")]
    question.answer("Yes.")
    chat.ended()


def test_shows_hostile_text_as_text(chat):
    """Catches an answer that runs a script, loads something or links anywhere but to the web."""
    loaded = []
    chat.page.on("request", lambda request: loaded.append(request.url))
    chat.talk(HOSTILE[0] + HOSTILE[1], "\n\n".join(HOSTILE))
    chat.shows("<script>window.harmed = 1</script>")
    for link in chat.answers.get_by_role("link").all():
        assert link.get_attribute("href").startswith("https://example.com/")
    for element in chat.log.locator("*").all():
        element.dispatch_event("click")
        element.dispatch_event("mouseover")
    active = chat.log.locator("script, style, link, img, svg, iframe, object, embed, form, input, video, audio, base, meta")
    expect(active).to_have_count(0)
    assert chat.page.evaluate("() => window.harmed") is None
    assert [url for url in loaded if not url.endswith("/conversations")] == []


def visit(page, stops):
    """Presses Tab from the top of the page; at each stop the focus must show."""
    page.evaluate("() => { document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex') }")
    found = []
    for _ in stops:
        page.keyboard.press("Tab")
        element = page.evaluate_handle("() => document.activeElement").as_element()
        found.append(element.evaluate(NAME))
        look = element.evaluate(LOOK)
        element.evaluate("(element) => element.blur()")
        assert look != element.evaluate(LOOK), f"the focus does not show: {found}"
        element.focus()
    assert found == stops


def test_works_with_the_keyboard_alone(chat):
    """Catches a control that the keyboard cannot reach, a focus that does not show, and one that gets lost."""
    chat.allowed = "status of 400"
    keys = chat.page.keyboard
    suggestions = [button.inner_text() for button in chat.page.get_by_role("list", name="Things to try").get_by_role("button").all()]
    visit(chat.page, ["Conversation", *suggestions, "Your message", "Send"])
    chat.prompt.focus()
    keys.type("Two")
    keys.press("Shift+Enter")
    keys.type("lines")
    keys.press("Enter")
    question = chat.gateway.question()
    assert question.said == [("user", "Two\nlines")]
    # What is written meanwhile stays, and is not sent.
    keys.type("Next")
    keys.press("Enter")
    expect(chat.prompt).to_have_value("Next")
    visit(chat.page, ["New chat", "Conversation", "Your message", "Stop"])
    keys.press("Escape")
    question.given_up()
    chat.ended()
    chat.prompt.press("Enter")
    chat.gateway.question().fails(400, "context_length_exceeded")
    chat.ended()
    visit(chat.page, ["New chat", "Conversation", "Retry", "Your message", "Send"])
    chat.retry.press("Enter")
    chat.gateway.question().answer("Done.")
    chat.ended()
    expect(chat.prompt).to_be_focused()


@pytest.mark.browser_context_args(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
def test_fits_a_telephone(chat):
    """Catches a page that scrolls sideways at 360 px, and controls that are out of reach or too small to touch."""

    def fits():
        sizes = chat.page.evaluate("() => [document.scrollingElement, document.querySelector('main')].map((e) => [e.scrollWidth, e.clientWidth])")
        assert all(content <= room for content, room in sizes), sizes
        for control in (chat.prompt, chat.send, chat.clear):
            box = control.bounding_box()
            assert box["x"] >= 0 and box["y"] >= 0 and box["x"] + box["width"] <= 360 and box["y"] + box["height"] <= 640, box
            # The smallest target of WCAG 2.2, 2.5.8.
            assert min(box["width"], box["height"]) >= 24, box

    fits()
    chat.prompt.tap()
    chat.prompt.fill("A question\nof several lines with aVeryLongWordThatNoTelephoneIsWideEnoughForAndMore" * 2)
    fits()
    chat.send.tap()
    chat.gateway.question().answer(WIDE)
    chat.ended()
    fits()
    assert violations(chat.page) == []
