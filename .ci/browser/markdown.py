"""What a model writes is shown as markdown, and never as anything that acts."""

from playwright.sync_api import expect

from chat import chat
from harness import check

FORMATTED = """# Ships

A **bold**, an *italic* and a `const x = "<b>";` with a [link](https://example.com/a?b=1&c=2).

1. one
2. two
   - two and a half

> A quote.

| port | ships |
|:-----|------:|
| Oslo | `12` |
| Bergen | 7 |

```rust
fn main() { println!("<script>"); }
```"""

# Each of them would set `window.harmed`, or load something.
HOSTILE = [
    "<script>window.harmed = 1</script>",
    "<img src=x onerror='window.harmed = 1'>",
    "<svg/onload=window.harmed=1><style>body{display:none}</style>",
    "<iframe srcdoc='<script>parent.harmed = 1</script>'></iframe>",
    "[click](javascript:window.harmed=1) [again](data:text/html,<script>window.harmed=1</script>)",
    "[x](https://example.com/\"onmouseover=\"window.harmed=1) ![x](https://example.com/pixel.png)",
    "`</code><img src=x onerror=window.harmed=1>` **<b onclick=window.harmed=1>b</b>**",
    "```\"><img/src=x/onerror=window.harmed=1>\n</code></pre><script>window.harmed = 1</script>\n```",
    "# <img src=x onerror=window.harmed=1>\n> <img src=x onerror=window.harmed=1>\n- <img src=x onerror=window.harmed=1>",
    "| <img src=x onerror=window.harmed=1> |\n|---|\n| <script>window.harmed = 1</script> |",
    "&lt;img src=x onerror=window.harmed=1&gt; \x000\x00 \x00harmed\x00",
]
ACTIVE = "script, style, link, img, svg, iframe, object, embed, form, input, video, audio, base, meta"


def formatted(browser, gateway, example):
    with chat(browser, example.url) as page:
        page.talk(gateway, "Show me everything.", FORMATTED)
        answer = page.answers.last
        expect(answer.get_by_role("heading", name="Ships")).to_be_visible()
        expect(answer.locator("strong")).to_have_text("bold")
        expect(answer.locator("em")).to_have_text("italic")
        expect(answer.locator("p code")).to_have_text('const x = "<b>";')
        expect(answer.get_by_role("link", name="link")).to_have_attribute("href", "https://example.com/a?b=1&c=2")
        expect(answer.locator("ol > li")).to_have_count(2)
        expect(answer.locator("ol ul > li")).to_have_text("two and a half")
        expect(answer.locator("blockquote")).to_have_text("A quote.")
        expect(answer.locator("pre code")).to_have_text('fn main() { println!("<script>"); }')
        expect(answer.get_by_role("columnheader", name="ships")).to_be_visible()
        expect(answer.get_by_role("cell", name="Bergen")).to_be_visible()
        page.tab.accessible("formatted")
        page.tab.console()


def harmless(browser, gateway, example):
    with chat(browser, example.url) as page:
        loaded = []
        page.page.on("request", lambda request: loaded.append(request.url))
        page.talk(gateway, HOSTILE[0] + HOSTILE[1], "\n\n".join(HOSTILE))
        expect(page.answers.last).to_contain_text("<script>window.harmed = 1</script>")
        for link in page.answers.get_by_role("link").all():
            check(link.get_attribute("href").startswith("https://example.com/"), "a link leads elsewhere")
        for element in page.log.locator("*").all():
            element.dispatch_event("click")
            element.dispatch_event("mouseover")
        found = page.log.evaluate(
            """(log, active) => [
              ...[...log.querySelectorAll(active)].map((element) => element.outerHTML),
              ...[...log.querySelectorAll("*")].flatMap((element) =>
                [...element.attributes].filter(({ name }) => /^on|^style$|^src/.test(name)).map(({ name }) => name)),
            ]""",
            ACTIVE,
        )
        check(not found, f"an answer made this: {found}")
        check(page.page.evaluate("() => window.harmed") is None, "an answer ran a script")
        check([url for url in loaded if not url.endswith("/conversations")] == [], f"an answer loaded {loaded}")
        # The policy of the page had nothing to stop: it is the second wall, not the first.
        page.tab.console()
