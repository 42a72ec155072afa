// The chat: what is written, sent, shown while it streams, stopped and tried again.

import { answer } from "./answer.js";
import { create, markdown } from "./markdown.js";

const SUGGESTIONS = {
  Demonstration: ["Say hello in five languages", "/help", "/slow", "/fail cut", "/fail 429", "/fail stall"],
  Real: ["Say hello in five languages", "Explain server-sent events", "Sort a list in Rust"],
};
const HEADLINES = { stopped: "Stopped.", interrupted: "Interrupted.", failed: "Not answered.", done: "Note." };

const element = (id) => document.getElementById(id);
const [scroller, welcome, log, composer, prompt, send, stop, clear, status] =
  ["scroller", "welcome", "log", "composer", "prompt", "send", "stop", "clear", "status"].map(element);

/** The questions and answers, oldest first. */
let exchanges = [];
/** The `AbortController` of the answer that streams. */
let streaming = null;

/** The messages to post for an exchange, as ChatGPT-web writes them. */
function messages(exchange) {
  // A question without an answer is left out: one that the gateway refuses would spoil every later request.
  const before = exchanges.slice(0, exchanges.indexOf(exchange)).filter((past) => past.answer);
  const message = (role, text) => ({ author: { role }, role, content: { content_type: "text", parts: [text] } });
  return [
    ...before.flatMap((past) => [message("user", past.question), message("assistant", past.answer)]),
    message("user", exchange.question),
  ];
}

/** Keeps the end in sight while an answer grows, unless the reader has scrolled up. */
function following(change) {
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  change();
  if (atEnd) scroller.scrollTop = scroller.scrollHeight;
}

function setBusy(abort) {
  const focused = document.activeElement;
  streaming = abort;
  send.hidden = Boolean(abort);
  stop.hidden = !abort;
  for (const retry of log.querySelectorAll("button")) retry.disabled = Boolean(abort);
  // The button that had the focus is hidden now.
  if (focused === send || focused === stop) prompt.focus();
}

async function run(exchange) {
  const abort = new AbortController();
  const { article, text } = exchange;
  let frame = 0;
  const paint = () => {
    frame = 0;
    following(() => text.replaceChildren(...markdown(exchange.answer)));
  };
  exchange.answer = "";
  text.replaceChildren();
  article.querySelector(".note")?.remove();
  article.dataset.state = "waiting";
  article.ariaBusy = "true";
  status.textContent = "Waiting for the answer.";
  setBusy(abort);
  scroller.scrollTop = scroller.scrollHeight;

  const outcome = await answer(messages(exchange), abort.signal, (answered) => {
    exchange.answer = answered;
    article.dataset.state = "streaming";
    // One rendering a frame, however fast the tokens arrive.
    frame ||= requestAnimationFrame(paint);
  });

  cancelAnimationFrame(frame);
  if (frame) paint();
  following(() => {
    article.dataset.state = outcome.state;
    if (outcome.state !== "done" || outcome.sentence) article.append(note(outcome, exchange));
    article.ariaBusy = null;
  });
  // A new chat may have begun meanwhile.
  if (streaming !== abort) return;
  status.textContent = outcome.state === "done" ? "The answer is complete." : "";
  setBusy(null);
}

function note({ state, sentence }, exchange) {
  const left = exchange.answer || state === "done" ? "" : "Later messages leave this one out.";
  const words = [sentence, left].filter(Boolean).join(" ");
  const made = create("div", { className: "note" }, create("p", {}, create("strong", { textContent: HEADLINES[state] }), ` ${words}`));
  if (state === "interrupted" || state === "failed") {
    const retry = create("button", { type: "button", textContent: "Retry" });
    retry.addEventListener("click", () => {
      // The button goes away with the note.
      prompt.focus();
      run(exchange);
    });
    made.append(retry);
  }
  return made;
}

function ask(question) {
  welcome.hidden = true;
  clear.disabled = false;
  // Only the last failure can be tried again.
  for (const retry of log.querySelectorAll("button")) retry.remove();
  const text = create("div", { className: "text" });
  const article = create("article", { className: "answer", ariaLabel: "GPTDock" }, text);
  log.append(create("article", { className: "question", ariaLabel: "You", textContent: question }), article);
  const exchange = { question, answer: "", article, text };
  exchanges.push(exchange);
  run(exchange);
}

function fit() {
  prompt.style.height = "auto";
  prompt.style.height = `${prompt.scrollHeight}px`;
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const question = prompt.value.trim();
  if (!question || streaming) return;
  prompt.value = "";
  fit();
  ask(question);
});

prompt.addEventListener("input", fit);
prompt.addEventListener("keydown", (event) => {
  // While characters are being composed, Enter belongs to the input method.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  composer.requestSubmit();
});

stop.addEventListener("click", () => streaming?.abort());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing) streaming?.abort();
});

clear.addEventListener("click", () => {
  streaming?.abort();
  setBusy(null);
  exchanges = [];
  log.replaceChildren();
  welcome.hidden = false;
  clear.disabled = true;
  status.textContent = "";
  prompt.focus();
});

for (const suggestion of SUGGESTIONS[document.documentElement.dataset.gateway]) {
  const button = create("button", { type: "button", textContent: suggestion });
  button.addEventListener("click", () => {
    prompt.focus();
    ask(suggestion);
  });
  element("suggestions").append(create("li", {}, button));
}
