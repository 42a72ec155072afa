// The chat page: what is written, sent, shown while it streams, stopped and tried again.

import { answer } from "./answer.js";
import { Conversation } from "./conversation.js";
import { markdown } from "./markdown.js";

const GATEWAYS = {
  demonstration: {
    name: "Demonstration gateway",
    about: "A demonstration gateway makes the answers up. It fails in many ways when asked to: /help lists them.",
    suggestions: ["Say hello in five languages", "/help", "/slow", "/fail cut", "/fail 429", "/fail stall"],
  },
  real: {
    name: "Real gateway",
    about: "The real gateway answers, with your key.",
    suggestions: ["Say hello in five languages", "Explain server-sent events", "Sort a list in Rust"],
  },
};
const HEADLINES = { stopped: "Stopped.", interrupted: "Interrupted.", failed: "Not answered.", done: "Note." };

const element = (id) => document.getElementById(id);
const [scroller, welcome, log, composer, prompt, send, stop, clear, status] =
  ["scroller", "welcome", "log", "composer", "prompt", "send", "stop", "clear", "status"].map(element);

const conversation = new Conversation();
let streaming = null;

function create(tag, properties, ...children) {
  const created = Object.assign(document.createElement(tag), properties);
  created.append(...children);
  return created;
}

/** Keeps the end in sight while an answer grows, unless the reader has scrolled away from it. */
function following(change) {
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  change();
  if (atEnd) scroller.scrollTop = scroller.scrollHeight;
}

/** At most one rendering a frame, however fast the tokens come. */
function painter(paint) {
  let frame = 0;
  let latest = "";
  const now = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    following(() => paint(latest));
  };
  return {
    paint(text) {
      latest = text;
      frame ||= requestAnimationFrame(now);
    },
    finish() {
      if (frame) now();
    },
  };
}

function show(exchange) {
  const text = create("div", { className: "text" });
  const article = create("article", { className: "answer" }, text);
  article.setAttribute("aria-label", "GPTDock");
  const question = create("article", { className: "question", textContent: exchange.question });
  question.setAttribute("aria-label", "You");
  log.append(question, article);
  return { article, text };
}

function setBusy(abort) {
  const held = document.activeElement === send || document.activeElement === stop;
  streaming = abort;
  send.hidden = Boolean(abort);
  stop.hidden = !abort;
  for (const retry of log.querySelectorAll("button")) retry.disabled = Boolean(abort);
  // The button that had the focus is gone now.
  if (held) prompt.focus();
}

async function run(exchange, view) {
  const abort = new AbortController();
  const { paint, finish } = painter((text) => {
    view.text.innerHTML = markdown(text);
  });
  exchange.answer = "";
  view.text.replaceChildren();
  view.article.querySelector(".note")?.remove();
  view.article.dataset.state = "waiting";
  view.article.setAttribute("aria-busy", "true");
  status.textContent = "Waiting for the answer.";
  setBusy(abort);
  scroller.scrollTop = scroller.scrollHeight;

  const outcome = await answer(conversation.request(exchange), abort.signal, (text) => {
    exchange.answer = text;
    view.article.dataset.state = "streaming";
    paint(text);
  });

  finish();
  following(() => {
    view.article.dataset.state = outcome.state;
    if (outcome.state !== "done" || outcome.sentence) view.article.append(note(outcome, exchange, view));
    view.article.removeAttribute("aria-busy");
  });
  status.textContent = outcome.state === "done" ? "The answer is complete." : "";
  if (streaming === abort) setBusy(null);
}

function note({ state, sentence }, exchange, view) {
  const consequence = exchange.answer || state === "done" ? "" : "Later messages leave this one out.";
  const words = [sentence, consequence].filter(Boolean).join(" ");
  const made = create("div", { className: "note" }, create("p", {}, create("strong", { textContent: HEADLINES[state] }), ` ${words}`));
  if (state === "interrupted" || state === "failed") {
    const retry = create("button", { type: "button", textContent: "Retry" });
    retry.addEventListener("click", () => {
      // The button goes away with the note.
      prompt.focus();
      run(exchange, view);
    });
    made.append(retry);
  }
  return made;
}

function ask(question) {
  welcome.hidden = true;
  clear.disabled = false;
  // An earlier failure is history once the conversation went on.
  for (const retry of log.querySelectorAll("button")) retry.remove();
  const exchange = conversation.ask(question);
  run(exchange, show(exchange));
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
  conversation.clear();
  log.replaceChildren();
  welcome.hidden = false;
  clear.disabled = true;
  status.textContent = "";
  prompt.focus();
});

const gateway = GATEWAYS[document.documentElement.dataset.gateway] ?? GATEWAYS.real;
element("gateway").textContent = gateway.name;
element("about").textContent = gateway.about;
for (const suggestion of gateway.suggestions) {
  const button = create("button", { type: "button", textContent: suggestion });
  button.addEventListener("click", () => {
    prompt.focus();
    ask(suggestion);
  });
  element("suggestions").append(create("li", {}, button));
}
