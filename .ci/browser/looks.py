"""Narrow and wide, dark and light: nothing runs off the side, nothing is out of reach, everything can be read."""

from playwright.sync_api import expect

from chat import chat
from example import example
from harness import check
from markdown import FORMATTED

WIDE = (
    FORMATTED
    + "\n\n```\n"
    + "one line of code that no telephone is wide enough for, " * 4
    + "\n```\n\n"
    + "Donaudampfschifffahrtsgesellschaftskapitän" * 4
    + "\n\n| "
    + " | ".join(f"a wide column {n}" for n in range(8))
    + " |\n"
    + "|---" * 8
    + "|\n| "
    + " | ".join("value" for _ in range(8))
    + " |\n"
)
# WCAG 2.2, 2.5.8.
SMALLEST_TARGET = 24


def fits(page, where):
    """Nothing scrolls sideways but what has a bar of its own, and every control lies within the window."""
    sizes = page.page.evaluate(
        """() => [document.scrollingElement, document.querySelector("main")].map((one) => [one.scrollWidth, one.clientWidth])"""
    )
    for content, room in sizes:
        check(content <= room, f"{where}: {content} px of content in {room} px")
    window = page.page.viewport_size
    controls = [page.prompt, page.send, page.clear]
    for control in controls:
        box = control.bounding_box()
        inside = (
            box
            and box["x"] >= 0
            and box["y"] >= 0
            and box["x"] + box["width"] <= window["width"]
            and box["y"] + box["height"] <= window["height"]
        )
        check(inside, f"{where}: out of reach: {control} at {box}")
        check(min(box["width"], box["height"]) >= SMALLEST_TARGET, f"{where}: too small: {control}: {box}")


def narrow(browser, gateway, local):
    with chat(browser, local.url, viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True) as page:
        expect(page.page.get_by_role("list", name="Things to try")).to_be_visible()
        fits(page, "360 px, at the start")
        page.tab.picture("narrow-welcome")
        page.prompt.tap()
        page.prompt.fill("A question\nof\nseveral lines with aVeryLongWordThatNoTelephoneIsWideEnoughForAndMore" * 2)
        fits(page, "360 px, while a long question is written")
        page.send.tap()
        gateway.question().answer(WIDE)
        page.ended()
        fits(page, "360 px, with an answer")
        page.tab.picture("narrow-answer")
        page.ask("And?")
        gateway.question().refuse(429, "rate_limit_exceeded", retry_after="4000")
        page.ended()
        fits(page, "360 px, refused")
        page.tab.picture("narrow-refused")
        page.tab.accessible("360 px")
        check(len(page.tab.said) == 1, f"the console: {page.tab.said}")


def follows(browser, gateway, local):
    """The end stays in sight while an answer grows, unless the reader has gone back."""
    distance = "(main) => main.scrollHeight - main.scrollTop - main.clientHeight"
    with chat(browser, local.url, viewport={"width": 600, "height": 400}) as page:
        page.ask("A long list, please.")
        question = gateway.question()
        for line in range(30):
            question.word(f"- line {line}\n")
        expect(page.answers.last.get_by_role("listitem")).to_have_count(30)
        check(page.conversation.evaluate(distance) < 80, "the end is out of sight")
        page.conversation.evaluate("(main) => main.scrollTo(0, 0)")
        page.page.wait_for_function("() => document.querySelector('main').scrollTop === 0")
        question.word("- the last\n")
        expect(page.answers.last.get_by_role("listitem")).to_have_count(31)
        check(page.conversation.evaluate("(main) => main.scrollTop") == 0, "the page scrolls away from its reader")
        question.finish()
        page.ended()
        page.tab.console()


def colours(browser, gateway, local):
    for scheme in ("light", "dark"):
        with chat(browser, local.url, color_scheme=scheme) as page:
            page.tab.picture(f"{scheme}-welcome")
            page.tab.accessible(f"{scheme}, at the start")
            page.talk(gateway, "Show me what you can.", FORMATTED)
            page.ask("Go on.")
            question = gateway.question()
            question.words("While it comes, a *pulse* shows")
            page.note("While it comes")
            page.tab.picture(f"{scheme}-streaming")
            page.tab.accessible(f"{scheme}, while an answer comes")
            question.finish()
            page.ended()
            page.tab.picture(f"{scheme}-answer")
            page.tab.console()


def readme(browser, *_):
    """The picture of the README: what a stranger sees after `cargo run --example local`."""
    with example() as local, chat(browser, local.url, viewport={"width": 860, "height": 640}, device_scale_factor=1.5) as page:
        page.ask("How do you stream?")
        page.note("see how I can fail")
        page.ended()
        path = page.tab.picture("page")
        check(path.stat().st_size <= 150_000, f"{path}: {path.stat().st_size} bytes")
        page.tab.console()
