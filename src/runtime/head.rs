//! The head of a response. Pure: bytes in, what they say out.

use super::framing::Framing;
use std::io::{Error, ErrorKind::InvalidData};

/// The Runtime API sends ten.
const MAX_FIELDS: usize = 100;
/// Nothing that sends a longer one is the Runtime API.
const MAX_BYTES: usize = 64 * 1024;

/// Status, framing, and the values of the fields that were asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Head<const N: usize> {
    /// How many bytes it takes.
    pub length: usize,
    pub status: u16,
    pub framing: Framing,
    /// Another request may follow on the same connection.
    pub keeps_alive: bool,
    pub values: [Option<String>; N],
}

impl<const N: usize> Head<N> {
    /// Reads a head at the start of `bytes`; `None` when it is not all there. `wanted` are names of fields.
    ///
    /// # Errors
    /// What is no head of HTTP/1.1, or is longer than any.
    pub fn parse(bytes: &[u8], wanted: &[&str; N]) -> Result<Option<Self>, Error> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut response = httparse::Response::new(&mut fields);
        let parsed = response.parse(bytes).map_err(|error| Error::new(InvalidData, error))?;
        let httparse::Status::Complete(length) = parsed else {
            return if bytes.len() > MAX_BYTES { Err(InvalidData.into()) } else { Ok(None) };
        };
        let status = response.code.unwrap_or_default();
        let mut values = [const { None }; N];
        let (mut content_length, mut is_chunked, mut keeps_alive) =
            (None, false, response.version == Some(1));
        for httparse::Header { name, value } in response.headers {
            let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
            let text = || std::str::from_utf8(value).map_err(|error| Error::new(InvalidData, error));
            if let Some(place) = wanted.iter().position(|wanted| is(wanted)) {
                values[place] = Some(text()?.to_owned());
            } else if is("content-length") {
                content_length = Some(text()?.parse().map_err(|error| Error::new(InvalidData, error))?);
            } else if is("transfer-encoding") {
                is_chunked = value.eq_ignore_ascii_case(b"chunked");
            } else if is("connection") {
                keeps_alive = !value.eq_ignore_ascii_case(b"close");
            }
        }
        let framing = match (status, is_chunked, content_length) {
            (100..200 | 204 | 304, ..) => Framing::Length(0),
            (_, true, _) => Framing::Chunked,
            (_, false, Some(length)) => Framing::Length(length),
            (_, false, None) => Framing::UntilClosed,
        };
        keeps_alive &= framing != Framing::UntilClosed;
        Ok(Some(Self { length, status, framing, keeps_alive, values }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops where it fails")]
    use super::*;

    fn parse(text: &str) -> Option<Head<2>> {
        Head::parse(text.as_bytes(), &["x-a", "x-b"]).unwrap()
    }

    fn framing(fields: &str) -> (Framing, bool) {
        let head = parse(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n")).unwrap();
        (head.framing, head.keeps_alive)
    }

    #[test]
    fn fields_in_any_case() {
        let text = "HTTP/1.1 202 Accepted\r\nX-A: one\r\ncontent-LENGTH: 3\r\nx-c: 2\r\n\r\nabc";
        let head = parse(text).unwrap();
        assert_eq!((head.status, head.framing, head.keeps_alive), (202, Framing::Length(3), true));
        assert_eq!(head.values, [Some("one".to_owned()), None]);
        assert_eq!(head.length, text.len() - 3);
        for end in 0..head.length {
            assert_eq!(parse(&text[..end]), None, "{end}");
        }
    }

    #[test]
    fn framings() {
        assert_eq!(framing("content-length: 7\r\n"), (Framing::Length(7), true));
        assert_eq!(framing("transfer-encoding: Chunked\r\ncontent-length: 7\r\n"), (Framing::Chunked, true));
        assert_eq!(framing("content-length: 7\r\nconnection: close\r\n"), (Framing::Length(7), false));
        assert_eq!(framing(""), (Framing::UntilClosed, false));
        let status = |status| {
            parse(&format!("HTTP/1.1 {status} x\r\n\r\n")).map(|head| (head.framing, head.keeps_alive))
        };
        for without_body in [100, 103, 204, 304] {
            assert_eq!(status(without_body), Some((Framing::Length(0), true)));
        }
        let old = parse("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        assert!(!old.keeps_alive);
    }

    #[test]
    fn what_is_no_head() {
        let fails = |text: &str| Head::parse(text.as_bytes(), &[]).is_err();
        assert!(fails("SSH-2.0-x\r\n\r\n"));
        assert!(fails("HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"));
        assert!(fails("HTTP/1.1 200 OK\r\na b: x\r\n\r\n"));
        assert!(fails(&format!("HTTP/1.1 200 OK\r\na: {}", "x".repeat(MAX_BYTES))));
    }
}
