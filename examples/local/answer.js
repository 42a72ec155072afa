// One answer of the function: asked for, read while it streams, and told how it ended.

import { events } from "./events.js";

/**
 * Posts a request and calls `show` with all the text so far, each time some arrives.
 * Resolves to `{ state, sentence }`, where the state is:
 * `done`; `stopped` by the reader; `interrupted` in the middle; `failed` before anything came.
 */
export async function answer(request, signal, show) {
  try {
    // The page's own query goes along: `?jwt=…` is how a Connect frontend tells who is calling.
    const response = await fetch(`/conversations${location.search}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(request),
      signal,
    });
    return response.ok ? await read(response.body, signal, show) : await refusal(response);
  } catch {
    if (signal.aborted) return { state: "stopped" };
    return { state: "failed", sentence: "The function cannot be reached. Is it still running?" };
  }
}

async function read(body, signal, show) {
  let text = "";
  let finish = null;
  let outcome = null;
  const broken = (sentence) => ({ state: text ? "interrupted" : "failed", sentence });
  try {
    for await (const data of events(body)) {
      // What follows an end is not shown, but read: leaving now would look to the function like a reader who left.
      if (outcome) continue;
      const event = data === "[DONE]" ? null : JSON.parse(data);
      const choice = event?.choices?.[0];
      if (!event) outcome = { state: "done", sentence: remark(finish) };
      else if (event.error) outcome = broken(event.error.message || "The function gave no reason.");
      finish = choice?.finish_reason ?? finish;
      if (outcome || !choice?.delta?.content) continue;
      text += choice.delta.content;
      show(text);
    }
  } catch (error) {
    if (outcome) return outcome;
    if (signal.aborted) return { state: "stopped" };
    return broken(error instanceof SyntaxError ? "A part of it cannot be read." : "The connection was lost.");
  }
  // Only `[DONE]` says that an answer is whole.
  return outcome ?? broken("The stream ended before the answer did.");
}

function remark(finish) {
  if (finish === "length") return "This is as long as an answer may be.";
  if (finish === "content_filter") return "The content filter left something out.";
  return "";
}

async function refusal(response) {
  const told = await response.json().catch(() => ({}));
  const error = told.error?.message ?? told.error;
  const sentence = typeof error === "string" ? error : `The function answered with status ${response.status}.`;
  const when = patience(response.headers.get("retry-after"));
  // The header knows better than "Please try again shortly."
  return { state: "failed", sentence: when ? `${sentence.replace(/ Please try again\b.*/, "")} ${when}` : sentence };
}

function patience(retryAfter) {
  if (!retryAfter) return "";
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : Math.ceil((Date.parse(retryAfter) - Date.now()) / 1000);
  if (!(seconds > 0)) return "You can try again now.";
  const time = new Date(Date.now() + seconds * 1000).toLocaleTimeString();
  return `You can try again in ${duration(seconds)}, at ${time}.`;
}

/** `90` as `1 minute 30 seconds`. */
function duration(seconds) {
  const parts = [
    [Math.floor(seconds / 3600), "hour"],
    [Math.floor((seconds % 3600) / 60), "minute"],
    [seconds % 60, "second"],
  ];
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : "s"}`)
    .join(" ");
}
