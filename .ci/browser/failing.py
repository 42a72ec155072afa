"""What the page says when there is no answer, or only a part of one."""

import os
import re
import signal

from playwright.sync_api import expect

from browser import status
from chat import chat
from example import asking
from harness import check


def interrupted(browser, gateway, example):
    with chat(browser, example.url) as page:
        page.ask("Count to three.")
        first = gateway.question()
        first.words("One, two, ")
        page.shows("One, two,")
        first.cut()
        page.ended()
        page.note("One, two,")
        page.note("Interrupted.")
        # The sentence that the function adds for the old frontend would be told twice.
        expect(page.answers.last).not_to_contain_text("The answer stopped early")
        page.tab.picture("interrupted")
        page.tab.accessible("interrupted")

        page.retry.click()
        second = gateway.question()
        check(second.said == [("user", "Count to three.")], f"a retry asks something else: {second.said}")
        second.answer("One, two, three.")
        page.ended()
        page.shows("One, two, three.")
        expect(page.retry).to_have_count(0)
        expect(page.prompt).to_be_focused()
        page.tab.console()


def rate_limited(browser, gateway, example):
    with chat(browser, example.url) as page:
        page.ask("Hello?")
        gateway.question().refuse(429, "rate_limit_exceeded", retry_after="90")
        page.ended()
        page.note("Not answered.")
        told = page.answers.last.inner_text()
        check(re.search(r"try again in 1 minute 30 seconds, at \d{1,2}:\d{2}", told), f"not told when to try again: {told}")
        page.tab.picture("rate-limited")
        page.tab.accessible("rate-limited")
        page.tab.console((status(429, "Too Many Requests"), "/conversations"))

        page.retry.click()
        gateway.question().refuse(500, "server_error")
        page.ended()
        page.note("Not answered.")
        page.tab.console((status(502, "Bad Gateway"), "/conversations"))

        # A question that was never answered is not a part of the conversation.
        page.ask("Anybody?")
        last = gateway.question()
        check(last.said == [("user", "Anybody?")], f"told of what was not answered: {last.said}")
        last.answer("Yes.")
        page.ended()
        page.tab.console()


def cut_short(browser, gateway, example):
    """An answer as long as it may be is whole, and says so."""
    with chat(browser, example.url) as page:
        page.ask("Everything, please.")
        question = gateway.question()
        question.words("Everything is a lot")
        question.finish("length")
        page.ended()
        page.note("This is as long as an answer may be.")
        page.tab.console()


def function_gone(browser, gateway, _):
    with asking(gateway) as example, chat(browser, example.url) as page:
        page.ask("Hello?")
        gateway.question().word("Hel")
        page.shows("Hel")
        os.kill(example.process.pid, signal.SIGKILL)
        page.ended()
        page.note("Interrupted. The connection was lost.")
        page.tab.console((r"Failed to load resource: net::ERR_INCOMPLETE_CHUNKED_ENCODING", "/conversations"))

        page.retry.click()
        page.ended()
        page.note("The function cannot be reached.")
        page.tab.console((r"Failed to load resource: net::ERR_CONNECTION_REFUSED", "/conversations"))
