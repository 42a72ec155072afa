//! How a body is framed ([RFC 9112, section 6](https://www.rfc-editor.org/rfc/rfc9112#section-6)). Pure.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;
use std::io::{Error, ErrorKind::InvalidData};

/// Where a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// After so many bytes.
    Length(usize),
    /// After the last of its chunks.
    Chunked,
    /// Where the connection ends.
    UntilClosed,
}

/// A body that is taken in. `is_closed` says that no more bytes come.
pub struct Body {
    framing: Framing,
    /// What the chunks so far held.
    chunks: BytesMut,
}

impl Body {
    /// A body of which nothing has come.
    pub fn new(framing: Framing) -> Self {
        Self { framing, chunks: BytesMut::new() }
    }

    /// Takes bytes from the front of `buffer`; the body when it is whole.
    ///
    /// # Errors
    /// A chunk's size that is none.
    pub fn take(&mut self, buffer: &mut BytesMut, is_closed: bool) -> Result<Option<Bytes>, Error> {
        match self.framing {
            Framing::Length(length) => Ok((buffer.len() >= length).then(|| buffer.split_to(length).freeze())),
            Framing::UntilClosed => Ok(is_closed.then(|| buffer.split().freeze())),
            Framing::Chunked => self.take_chunks(buffer),
        }
    }

    fn take_chunks(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, Error> {
        loop {
            let size = httparse::parse_chunk_size(buffer).map_err(|_| Error::new(InvalidData, "no chunk"))?;
            let httparse::Status::Complete((line, size)) = size else { return Ok(None) };
            if size == 0 {
                // Trailers may follow; the line end of the last chunk's size and that of the last line end them.
                let Some(end) = memmem::find(&buffer[line - 2..], b"\r\n\r\n") else { return Ok(None) };
                buffer.advance(line + 2 + end);
                return Ok(Some(self.chunks.split().freeze()));
            }
            let size = usize::try_from(size).map_err(|error| Error::new(InvalidData, error))?;
            let end = line.saturating_add(size).saturating_add(2);
            if buffer.len() < end {
                return Ok(None);
            }
            self.chunks.extend_from_slice(&buffer[line..line + size]);
            buffer.advance(end);
        }
    }
}

/// Appends a chunk. `data` is not empty: an empty one would be the last.
pub fn write_chunk(data: &[u8], out: &mut Vec<u8>) {
    // The formatting of the standard library takes five times as long, and every token passes here.
    let digits = (usize::BITS - data.len().leading_zeros()).div_ceil(4);
    for place in (0..digits).rev() {
        out.push(b"0123456789abcdef"[data.len() >> (4 * place) & 0xF]);
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(data);
    out.extend_from_slice(b"\r\n");
}

/// Ends a chunked body.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]
    use super::*;

    /// Takes `text` in two pieces, cut at each place; what is left behind the body must be `rest`.
    fn at_every_cut(framing: Framing, text: &str, body: &str, rest: &str) {
        for cut in 0..=text.len() {
            let (mut taken, mut buffer) = (Body::new(framing), BytesMut::from(&text[..cut]));
            let early = taken.take(&mut buffer, false).unwrap();
            buffer.extend_from_slice(&text.as_bytes()[cut..]);
            let whole = match early {
                Some(whole) => whole,
                None => taken.take(&mut buffer, true).unwrap().unwrap(),
            };
            assert_eq!((&whole[..], &buffer[..]), (body.as_bytes(), rest.as_bytes()), "{cut}");
        }
    }

    #[test]
    fn bodies() {
        at_every_cut(Framing::Length(0), "x", "", "x");
        at_every_cut(Framing::Length(3), "abcx", "abc", "x");
        at_every_cut(Framing::UntilClosed, "abcx", "abcx", "");
        at_every_cut(Framing::Chunked, "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\nx", "abc0123456789", "x");
        at_every_cut(Framing::Chunked, "1\r\na\r\n00\r\nx: y\r\nz: a\r\n\r\nx", "a", "x");
        at_every_cut(Framing::Chunked, "0\r\n\r\n", "", "");
    }

    #[test]
    fn what_is_no_chunk() {
        for text in ["x\r\n", "-1\r\na", "11111111111111111\r\n"] {
            assert!(Body::new(Framing::Chunked).take(&mut text.into(), false).is_err(), "{text}");
        }
    }

    #[test]
    fn chunks_are_read_as_they_are_written() {
        let mut out = Vec::new();
        for length in [1, 15, 16, 255, 256, 70_000] {
            let start = out.len();
            write_chunk(&vec![b'a'; length], &mut out);
            assert!(out[start..].starts_with(format!("{length:x}\r\na").as_bytes()), "{length}");
        }
        out.extend_from_slice(LAST_CHUNK);
        let mut buffer = BytesMut::from(&out[..]);
        let body = Body::new(Framing::Chunked).take(&mut buffer, false).unwrap().unwrap();
        assert_eq!((body.len(), buffer.len()), (1 + 15 + 16 + 255 + 256 + 70_000, 0));
    }
}
