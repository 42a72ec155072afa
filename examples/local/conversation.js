// A conversation of several turns, and its form on the wire: ChatGPT-web's, as the unchanged frontend sends it.

export class Conversation {
  #exchanges = [];

  /** Adds a question that has no answer yet. */
  ask(question) {
    const exchange = { questionId: crypto.randomUUID(), question, answerId: crypto.randomUUID(), answer: "" };
    this.#exchanges.push(exchange);
    return exchange;
  }

  clear() {
    this.#exchanges = [];
  }

  /** The body to post for an exchange: what was said before it, then its question. */
  request(exchange) {
    // What was never answered is left out: a question that the gateway refuses would spoil every later one.
    const before = this.#exchanges.slice(0, this.#exchanges.indexOf(exchange)).filter(({ answer }) => answer);
    return {
      action: "next",
      messages: [
        ...before.flatMap((past) => [
          message(past.questionId, "user", past.question),
          message(past.answerId, "assistant", past.answer),
        ]),
        message(exchange.questionId, "user", exchange.question),
      ],
      parent_message_id: before.at(-1)?.answerId ?? crypto.randomUUID(),
      model: "text-davinci-002",
    };
  }
}

function message(id, role, text) {
  return { id, author: { role }, role, content: { content_type: "text", parts: [text] } };
}
