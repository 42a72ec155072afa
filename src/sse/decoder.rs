//! Bytes to events. The decoder owns the line and the data of the event that is not complete yet, and nothing else.

use std::fmt;

/// The largest payload of one event, in bytes. A token is about 250; base64 images and tool arguments are the
/// largest that providers send, well below this. It bounds the memory that one stream can hold.
pub const MAX_EVENT_BYTES: usize = 2 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// An event, or a line of one, passed [`MAX_EVENT_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventTooLong;

impl fmt::Display for EventTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an event is longer than {MAX_EVENT_BYTES} bytes")
    }
}

impl std::error::Error for EventTooLong {}

/// Decodes an event stream that arrives in pieces of any size. `Debug` prints nothing of it.
///
/// ```
/// let mut decoder = gptdock::sse::Decoder::default();
/// let mut piece: &[u8] = b"data: {\"a\":\r\ndata:1}\r\n\r\n: comment\n\ndata: [DO";
/// assert_eq!(decoder.next(&mut piece), Ok(Some(&b"{\"a\": 1}"[..])));
/// assert_eq!(decoder.next(&mut piece), Ok(None)); // the rest of the piece is kept
/// let mut piece: &[u8] = b"NE]\n\n";
/// assert_eq!(decoder.next(&mut piece), Ok(Some(&b"[DONE]"[..])));
/// ```
#[derive(Default)]
pub struct Decoder {
    /// The bytes of a line whose end has not come.
    line: Vec<u8>,
    /// The payload of the event whose blank line has not come.
    data: Vec<u8>,
    has_data: bool,
    /// The payload in `data` was handed out; the next call starts a new one.
    handed_out: bool,
    /// The last byte was a CR: an LF that follows belongs to it.
    after_cr: bool,
    past_first_line: bool,
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl Decoder {
    /// Takes bytes from the front of `input` until one event is complete, and returns its payload: its `data`
    /// lines, joined by a space. `None` means that all of `input` was taken and no event is complete.
    /// Events without payload are passed over, as are comments and the fields `event`, `id` and `retry`.
    ///
    /// # Errors
    /// [`EventTooLong`] when the event under way passes [`MAX_EVENT_BYTES`]; the stream can't be read on.
    pub fn next<'a>(&'a mut self, input: &mut &[u8]) -> Result<Option<&'a [u8]>, EventTooLong> {
        self.forget_handed_out();
        loop {
            if self.after_cr && !input.is_empty() {
                self.after_cr = false;
                *input = input.strip_prefix(b"\n").unwrap_or(input);
            }
            let Some(end) = memchr::memchr2(b'\n', b'\r', input) else {
                self.check(input.len())?;
                self.line.extend_from_slice(input);
                *input = &[];
                return Ok(None);
            };
            let (tail, rest) = (&input[..end], &input[end + 1..]);
            self.after_cr = input[end] == b'\r';
            *input = rest;
            if self.end_line(tail)? {
                return Ok(Some(&self.data));
            }
        }
    }

    /// The event that the end of the body left without its blank line, if there is one.
    /// Some gateways end on `data: [DONE]` and nothing more.
    pub fn finish(&mut self) -> Option<&[u8]> {
        self.forget_handed_out();
        let complete = self.end_line(b"").and_then(|_| self.end_line(b""));
        (complete == Ok(true)).then_some(self.data.as_slice())
    }

    fn forget_handed_out(&mut self) {
        if std::mem::take(&mut self.handed_out) {
            self.data.clear();
            self.has_data = false;
        }
    }

    fn check(&self, more: usize) -> Result<(), EventTooLong> {
        let held = self.data.len() + self.line.len() + more;
        if held > MAX_EVENT_BYTES + "data: ".len() { Err(EventTooLong) } else { Ok(()) }
    }

    /// Ends the line that `tail` completes; true when it ends an event that has a payload.
    fn end_line(&mut self, tail: &[u8]) -> Result<bool, EventTooLong> {
        self.check(tail.len())?;
        if self.line.is_empty() {
            return Ok(self.field(tail));
        }
        let mut line = std::mem::take(&mut self.line);
        line.extend_from_slice(tail);
        let ends_event = self.field(&line);
        line.clear();
        self.line = line;
        Ok(ends_event)
    }

    fn field(&mut self, line: &[u8]) -> bool {
        let line = match std::mem::replace(&mut self.past_first_line, true) {
            true => line,
            false => line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line),
        };
        if line.is_empty() {
            self.handed_out = true;
            if self.data.trim_ascii().is_empty() {
                self.forget_handed_out();
            }
            return self.handed_out;
        }
        if let Some(value) = data_value(line) {
            if self.has_data {
                self.data.push(b' ');
            }
            self.has_data = true;
            self.data.extend_from_slice(value);
        }
        false
    }
}

/// The value of a `data` field, without the one space that may follow the colon.
fn data_value(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"data")?;
    match rest.split_first() {
        None => Some(rest),
        Some((b':', value)) => Some(value.strip_prefix(b" ").unwrap_or(value)),
        Some(_) => None,
    }
}

#[cfg(test)]
#[path = "decoder_tests.rs"]
mod tests;
