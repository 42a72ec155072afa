//! One HTTP/1.1 connection on a blocking socket, with no more between the socket and the clock than must be.

use crate::clock;
use memchr::memmem;
use std::io::{self, Error, Read, Write};
use std::net::TcpStream;

/// The head of a request or a response, and how its body is framed.
pub struct Head {
    text: String,
    /// The body's length; `None` when it comes in chunks.
    pub length: Option<usize>,
}

impl Head {
    fn parse(text: String) -> Self {
        let head = Self { text, length: None };
        let length = match head.field("transfer-encoding") {
            Some(_) => None,
            None => Some(head.field("content-length").and_then(|value| value.parse().ok()).unwrap_or(0)),
        };
        Self { length, ..head }
    }

    /// The first line.
    pub fn line(&self) -> &str {
        self.text.split("\r\n").next().unwrap_or_default()
    }

    /// The path of a request.
    pub fn target(&self) -> &str {
        self.text.split(' ').nth(1).unwrap_or_default()
    }

    /// The value of a field, the first if there are several.
    pub fn field(&self, wanted: &str) -> Option<&str> {
        let mut pairs = self.text.split("\r\n").skip(1).filter_map(|field| field.split_once(':'));
        pairs.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    }
}

pub struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
    from: usize,
    to: usize,
    /// When the last bytes were read.
    read_at: u64,
}

impl Wire {
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; 64 * 1024], from: 0, to: 0, read_at: 0 })
    }

    /// The next head, or nothing when the peer has closed.
    pub fn head(&mut self) -> io::Result<Option<Head>> {
        loop {
            let window = &self.buffer[self.from..self.to];
            if let Some(end) = memmem::find(window, b"\r\n\r\n") {
                let head = Head::parse(String::from_utf8_lossy(&window[..end]).into_owned());
                self.from += end + 4;
                return Ok(Some(head));
            }
            if self.fill()? == 0 {
                return Ok(None);
            }
        }
    }

    /// Hands out the body piece by piece, each with the moment when it was read.
    pub fn body(&mut self, head: &Head, mut take: impl FnMut(u64, &[u8])) -> io::Result<()> {
        if let Some(length) = head.length {
            return self.bytes(length, &mut take);
        }
        loop {
            let line = self.line()?;
            let size = usize::from_str_radix(line.split(';').next().unwrap_or_default().trim(), 16);
            match size.map_err(Error::other)? {
                0 => break,
                size => self.bytes(size, &mut take)?,
            }
            self.line()?;
        }
        while !self.line()?.is_empty() {}
        Ok(())
    }

    /// The whole body.
    pub fn whole_body(&mut self, head: &Head) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        self.body(head, |_, piece| body.extend_from_slice(piece))?;
        Ok(body)
    }

    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// A small answer with its length.
    pub fn reply(&mut self, status: &str, fields: &str, body: &str) -> io::Result<()> {
        let length = body.len();
        let text = format!("HTTP/1.1 {status}\r\n{fields}content-length: {length}\r\n\r\n{body}");
        self.send(text.as_bytes())
    }

    fn bytes(&mut self, mut left: usize, take: &mut impl FnMut(u64, &[u8])) -> io::Result<()> {
        while left > 0 {
            if self.from == self.to {
                self.fill_some()?;
            }
            let length = left.min(self.to - self.from);
            take(self.read_at, &self.buffer[self.from..self.from + length]);
            self.from += length;
            left -= length;
        }
        Ok(())
    }

    fn line(&mut self) -> io::Result<String> {
        loop {
            let window = &self.buffer[self.from..self.to];
            if let Some(end) = memmem::find(window, b"\r\n") {
                let line = String::from_utf8_lossy(&window[..end]).into_owned();
                self.from += end + 2;
                return Ok(line);
            }
            self.fill_some()?;
        }
    }

    fn fill_some(&mut self) -> io::Result<()> {
        if self.fill()? == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// Reads once; the number of bytes that came.
    fn fill(&mut self) -> io::Result<usize> {
        if self.from == self.to {
            (self.from, self.to) = (0, 0);
        } else if self.to == self.buffer.len() {
            self.buffer.copy_within(self.from..self.to, 0);
            (self.from, self.to) = (0, self.to - self.from);
            if self.to == self.buffer.len() {
                return Err(Error::other("a head or a line without end"));
            }
        }
        let length = self.stream.read(&mut self.buffer[self.to..])?;
        self.read_at = clock::now();
        self.to += length;
        Ok(length)
    }
}
