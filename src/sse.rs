//! Server-sent events: bytes in, event payloads and their meaning out. Pure: no I/O and no clock.
//!
//! The grammar is that of the [HTML standard](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).

mod chunk;
mod decoder;

use bytes::BufMut;
pub use chunk::{ChunkKind, classify, is_failure, trim_json};
pub use decoder::{Decoder, EventTooLong, MAX_EVENT_BYTES};

/// The payload with which OpenAI ends a complete answer.
pub const DONE: &[u8] = b"[DONE]";

/// A comment that keeps proxies from closing a silent connection.
pub const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// Appends one event in the only form that callers receive: `data: <payload>` and a blank line.
pub fn write_event(payload: &[u8], out: &mut impl BufMut) {
    out.put_slice(b"data: ");
    out.put_slice(payload);
    out.put_slice(b"\n\n");
}
