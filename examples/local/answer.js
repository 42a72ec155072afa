// One request to the function and the answer that it streams.

/**
 * Posts `messages` and calls `show` with the whole text so far each time some arrives. Returns `{ state, sentence }`.
 * The states: `done`; `stopped` by the reader; `interrupted` after some text; `failed` before any.
 */
export async function answer(messages, signal, show) {
  let response;
  try {
    // A page opened with `?jwt=…` passes it on, as the frontend does.
    response = await fetch(`/conversations${location.search}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ action: "next", messages, model: "text-davinci-002" }),
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
  let finish = "";
  let outcome = null;
  const broken = (sentence) => ({ state: text ? "interrupted" : "failed", sentence });
  try {
    for await (const data of events(body)) {
      // The rest is read, but not shown: to the function, an early end would look like a reader who left.
      if (outcome) continue;
      const event = data === "[DONE]" ? null : JSON.parse(data);
      const choice = event?.choices?.[0];
      if (!event) outcome = { state: "done", sentence: FINISHES[finish] };
      else if (event.error) outcome = broken(event.error.message || "The function gave no reason.");
      finish = choice?.finish_reason || finish;
      if (outcome || !choice?.delta?.content) continue;
      text += choice.delta.content;
      show(text);
    }
  } catch (error) {
    if (outcome) return outcome;
    if (signal.aborted) return { state: "stopped" };
    return broken(error instanceof SyntaxError ? "A part of it cannot be read." : "The connection was lost.");
  }
  // Only `[DONE]` says that an answer is complete.
  return outcome ?? broken("The stream ended before the answer did.");
}

const FINISHES = {
  length: "The answer reached the longest length that is allowed.",
  content_filter: "The content filter left something out.",
};

/** Yields the data of each event. The function writes `data: ` and one line, whatever the gateway wrote. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line.startsWith("data: ")) yield line.slice("data: ".length);
  }
}

async function refusal(response) {
  const { error } = await response.json().catch(() => ({}));
  const sentence = error ?? `The function answered with status ${response.status}.`;
  const seconds = Number(response.headers.get("retry-after"));
  if (!(seconds > 0)) return { state: "failed", sentence };
  const time = new Date(Date.now() + seconds * 1000).toLocaleTimeString();
  const when = `You can try again in ${duration(seconds)}, at ${time}.`;
  return { state: "failed", sentence: `${sentence.replace(/ Please try again.*/, "")} ${when}` };
}

/** `90` as `1 minute 30 seconds`. */
function duration(seconds) {
  const parts = [[Math.floor(seconds / 60), "minute"], [seconds % 60, "second"]].filter(([count]) => count > 0);
  return parts.map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : "s"}`).join(" ");
}
