//! Bytes to events. The decoder keeps only the line and the payload that are not complete yet.

use super::trim_json;

/// The largest payload of one event, in bytes. It bounds the memory of one stream. A token takes about 250 bytes;
/// the largest events that providers send, with images or tool arguments, are well below this.
pub const MAX_EVENT_BYTES: usize = 2 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// An event is longer than [`MAX_EVENT_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event is longer than {MAX_EVENT_BYTES} bytes")]
pub struct EventTooLong;

/// Decodes an event stream that arrives in pieces of any size. There is no `Debug`, so nothing prints the stream.
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
    /// An incomplete line.
    line: Vec<u8>,
    /// The payload of an incomplete event.
    data: Vec<u8>,
    has_data: bool,
    /// The caller has seen `data`; the next call clears it.
    handed_out: bool,
    /// The last byte was a CR. A following LF belongs to the same line end.
    after_cr: bool,
    past_first_line: bool,
}

impl Decoder {
    /// Takes bytes from the front of `input` until one event is complete, and returns its payload: its `data`
    /// lines, joined by a space. Returns `None` after all of `input` when no event is complete.
    /// Skips events without payload, comments, and the fields `event`, `id` and `retry`.
    /// A line `error: {…}`, which some gateways send, is an event with the payload `{"error":{…}}`.
    ///
    /// # Errors
    /// [`EventTooLong`]. The stream cannot be read any further.
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

    /// The payload of an event that the end of the body leaves without its blank line, if there is one.
    /// Some gateways end with `data: [DONE]` and no line end.
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

    /// Completes a line with `tail`. Returns whether that completes an event with a payload.
    fn end_line(&mut self, tail: &[u8]) -> Result<bool, EventTooLong> {
        self.check(tail.len())?;
        if self.line.is_empty() {
            return Ok(self.field(tail));
        }
        let mut line = std::mem::take(&mut self.line);
        line.extend_from_slice(tail);
        Ok(self.field(&line))
    }

    fn field(&mut self, line: &[u8]) -> bool {
        let line = match std::mem::replace(&mut self.past_first_line, true) {
            true => line,
            false => line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line),
        };
        if line.is_empty() {
            self.handed_out = true;
            if trim_json(&self.data).is_empty() {
                self.forget_handed_out();
            }
            return self.handed_out;
        }
        if let Some(value) = field_value(line, b"error") {
            self.data = [b"{\"error\":", value, b"}"].concat();
            self.handed_out = true;
            return true;
        }
        if let Some(value) = field_value(line, b"data") {
            if self.has_data {
                self.data.push(b' ');
            }
            self.has_data = true;
            self.data.extend_from_slice(value);
        }
        false
    }
}

/// The value of the field `name`, without the one space that may follow the colon.
fn field_value<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let rest = line.strip_prefix(name)?;
    match rest.split_first() {
        None => Some(rest),
        Some((b':', value)) => Some(value.strip_prefix(b" ").unwrap_or(value)),
        Some(_) => None,
    }
}

#[cfg(test)]
#[path = "decoder_tests.rs"]
mod tests;
