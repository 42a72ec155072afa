"""Everything with the keyboard alone, and always seen where it is."""

from playwright.sync_api import expect

from chat import chat
from harness import check

# What of an element, or of what it stands in, shows that it has the focus.
LOOK = """(element) => [element, element.parentElement].map((one) => {
  const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor } = getComputedStyle(one);
  return [outlineStyle === "none" ? "" : outlineWidth + outlineColor, boxShadow, borderColor].join(" ");
}).join(" | ")"""


def focused(page):
    return page.page.evaluate_handle("() => document.activeElement").as_element()


def name(element):
    return element.evaluate("(element) => element.ariaLabel ?? element.labels?.[0]?.textContent ?? element.textContent")


def visit(page, stops):
    """Goes through the page with Tab; every stop looks other than it does without the focus."""
    # From the top: Tab starts where the focus is.
    page.page.evaluate("() => { document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex') }")
    found = []
    for _ in stops:
        page.page.keyboard.press("Tab")
        element = focused(page)
        found.append(name(element))
        look = element.evaluate(LOOK)
        element.evaluate("(element) => element.blur()")
        check(look != element.evaluate(LOOK), f"the focus does not show: {found}")
        element.focus()
    check(found == stops, f"Tab goes through {found}, not {stops}")


def keyboard(browser, gateway, example):
    with chat(browser, example.url) as page:
        keys = page.page.keyboard
        suggestions = [button.inner_text() for button in page.page.get_by_role("list", name="Things to try").get_by_role("button").all()]
        check(len(suggestions) > 2, f"suggestions: {suggestions}")
        # `New chat` can do nothing yet, and is no stop.
        visit(page, ["Conversation", *suggestions, "Your message", "Send"])

        page.prompt.focus()
        keys.type("Two")
        keys.press("Shift+Enter")
        keys.type("lines")
        expect(page.prompt).to_have_value("Two\nlines")
        keys.press("Enter")
        question = gateway.question()
        check(question.said == [("user", "Two\nlines")], f"sent: {question.said}")
        question.word("```js\nlet a;\n```")
        expect(page.answers.last.locator("pre")).to_be_visible()
        # The focus stays where one writes; nothing is sent meanwhile, and nothing is lost.
        expect(page.prompt).to_be_focused()
        keys.type("Next")
        keys.press("Enter")
        gateway.idle()
        expect(page.prompt).to_have_value("Next")
        visit(page, ["New chat", "Conversation", "Code in js", "Your message", "Stop"])
        keys.press("Space")
        question.given_up()
        page.ended()
        page.note("Stopped.")
        expect(page.prompt).to_be_focused()
        keys.press("Enter")
        gateway.question().refuse(400, "context_length_exceeded")
        page.ended()
        visit(page, ["New chat", "Conversation", "Code in js", "Retry", "Your message", "Send"])
        page.retry.focus()
        keys.press("Enter")
        gateway.question().answer("Done.")
        page.ended()
        expect(page.prompt).to_be_focused()

        page.clear.focus()
        keys.press("Space")
        expect(page.questions).to_have_count(0)
        expect(page.prompt).to_be_focused()
        page.page.get_by_role("button", name=suggestions[0]).focus()
        keys.press("Enter")
        gateway.question().answer("Hello.")
        page.ended()
        expect(page.prompt).to_be_focused()
        page.shows("Hello.")
        (said,) = page.tab.said
        check("400" in said[1], f"the console: {said}")
