"""The chat page as a reader sees it: found by roles and names, never by the page's own classes."""

from contextlib import contextmanager

from playwright.sync_api import expect

from browser import tab


class Chat:
    def __init__(self, opened, url):
        self.tab = opened
        self.page = opened.page
        self.page.goto(url)
        self.prompt = self.page.get_by_role("textbox", name="Your message")
        self.send = self.page.get_by_role("button", name="Send", exact=True)
        self.stop = self.page.get_by_role("button", name="Stop", exact=True)
        self.retry = self.page.get_by_role("button", name="Retry", exact=True)
        self.clear = self.page.get_by_role("button", name="New chat", exact=True)
        self.log = self.page.get_by_role("log", name="Messages")
        self.conversation = self.page.get_by_label("Conversation")
        self.questions = self.log.get_by_role("article", name="You")
        self.answers = self.log.get_by_role("article", name="GPTDock")
        self.status = self.page.get_by_role("status")

    def ask(self, question):
        """Writes a question and sends it with Enter."""
        self.prompt.fill(question)
        self.prompt.press("Enter")

    def talk(self, gateway, question, answer):
        """One whole exchange."""
        self.ask(question)
        gateway.question().answer(answer)
        self.ended()

    def ended(self):
        """Waits until another question can be sent."""
        expect(self.stop).to_be_hidden()
        expect(self.send).to_be_visible()

    def shows(self, text):
        """The last answer, with what the page says under it, holds exactly this text."""
        expect(self.answers.last).to_have_text(text, use_inner_text=True)

    def note(self, text):
        """The last answer ends with this."""
        expect(self.answers.last).to_contain_text(text, use_inner_text=True)


@contextmanager
def chat(browser, url, **options):
    with tab(browser, **options) as opened:
        yield Chat(opened, url)
