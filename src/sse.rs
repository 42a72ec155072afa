//! Server-sent events: bytes in, event payloads and what they mean out. Pure: no I/O, no clock, no caller.
//!
//! It follows the event stream grammar of the [HTML standard](https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).

mod decoder;
mod judge;
mod verdict;

use bytes::BufMut;
pub use decoder::{Decoder, EventTooLong, MAX_EVENT_BYTES};
pub use judge::Judge;
pub use verdict::{Verdict, judge};

/// Appends one event in the only form that leaves the function: `data: <payload>`, then a blank line.
pub fn write_event(payload: &[u8], out: &mut impl BufMut) {
    out.put_slice(b"data: ");
    out.put_slice(payload);
    out.put_slice(b"\n\n");
}

/// The payload with which OpenAI ends a whole answer.
pub const DONE: &[u8] = b"[DONE]";

/// A comment that keeps proxies from giving a silent stream up.
pub const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";
