// A reader of server-sent events: from the bytes of a response to the data of each event.

/** Yields the data of every event, however the network split its bytes; comments and events without data yield nothing. */
export async function* events(body) {
  // One decoder for the whole stream keeps a character whole whose bytes came in two chunks.
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      // A CR at the very end may be half of a CRLF.
      const held = !done && rest.endsWith("\r") ? "\r" : "";
      const text = rest.slice(0, rest.length - held.length).replace(/\r\n?/g, "\n");
      const blocks = text.split("\n\n");
      // An event that no blank line ended is incomplete, and is not an event.
      rest = blocks.pop() + held;
      for (const block of blocks) {
        const data = dataOf(block);
        if (data !== "") yield data;
      }
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function dataOf(block) {
  return block
    .split("\n")
    .filter((line) => line === "data" || line.startsWith("data:"))
    .map((line) => line.slice(5).replace(/^ /, ""))
    .join("\n");
}
