"""A conversation: word by word, over several turns, and stopped."""

from playwright.sync_api import expect

from browser import Tab
from chat import chat
from harness import check

WORDS = ["Ships ", "come 🚢 ", "and ", "go, ", "日本語 ", "too."]


def word_by_word(browser, gateway, example):
    with chat(browser, example.url) as page:
        expect(page.page).to_have_title("GPTDock")
        expect(page.prompt).to_be_focused()
        page.prompt.fill("What do ships do?")
        page.send.click()
        expect(page.questions).to_have_text("What do ships do?")
        expect(page.status).to_have_text("Waiting for the answer.")
        expect(page.prompt).to_have_value("")
        question = gateway.question()
        for count, word in enumerate(WORDS, 1):
            # The next word is sent when this one is seen: what holds one back anywhere holds all back.
            question.word(word)
            page.shows("".join(WORDS[:count]).rstrip())
            expect(page.stop).to_be_visible()
            expect(page.send).to_be_hidden()
        question.finish()
        page.ended()
        page.shows("".join(WORDS))
        expect(page.status).to_have_text("The answer is complete.")
        page.tab.console()


def turns(browser, gateway, example):
    with chat(browser, example.url) as page:
        page.talk(gateway, "My name is Ada.", "Hello, **Ada**.")
        page.talk(gateway, "Who am I?", "You are Ada.")
        page.ask("And\twho are “you” <b>?")
        third = gateway.question()
        check(
            third.said
            == [
                ("user", "My name is Ada."),
                ("assistant", "Hello, **Ada**."),
                ("user", "Who am I?"),
                ("assistant", "You are Ada."),
                ("user", "And\twho are “you” <b>?"),
            ],
            f"the gateway was told of another conversation: {third.said}",
        )
        third.answer("GPTDock.")
        page.ended()
        expect(page.questions).to_have_count(3)
        expect(page.answers).to_have_count(3)

        page.clear.click()
        expect(page.questions).to_have_count(0)
        expect(page.prompt).to_be_focused()
        page.ask("Who am I?")
        fresh = gateway.question()
        check(fresh.said == [("user", "Who am I?")], f"a new chat remembers the old one: {fresh.said}")
        fresh.answer("I do not know.")
        page.ended()
        page.tab.console()


def stopped(browser, gateway, example):
    with chat(browser, example.url) as page:
        page.ask("Tell me a long story.")
        first = gateway.question()
        first.word("Once upon ")
        page.shows("Once upon")
        page.stop.click()
        first.given_up()
        page.ended()
        page.note("Once upon")
        page.note("Stopped.")
        expect(page.prompt).to_be_focused()

        page.ask("Go on.")
        second = gateway.question()
        check(
            second.said == [("user", "Tell me a long story."), ("assistant", "Once upon "), ("user", "Go on.")],
            f"what was shown of a stopped answer is a part of the conversation: {second.said}",
        )
        second.answer("a time.")
        page.ended()
        page.shows("a time.")

        # Stopped before anything came: nothing of it is told to the gateway later.
        page.ask("Never mind.")
        third = gateway.question()
        page.prompt.press("Escape")
        third.given_up()
        page.ended()
        page.note("Stopped. Later messages leave this one out.")
        page.talk(gateway, "Still there?", "Yes.")
        page.shows("Yes.")
        page.tab.console()


def left(browser, gateway, example):
    """Whoever closes the page ends the request."""
    opened = Tab(browser)
    opened.page.goto(example.url)
    opened.page.get_by_role("textbox", name="Your message").fill("Hello?")
    opened.page.keyboard.press("Enter")
    question = gateway.question()
    question.word("Hello")
    opened.close()
    question.given_up()
