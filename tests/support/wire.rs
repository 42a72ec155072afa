//! One HTTP/1.1 connection, seen from the server and byte by byte.

use bytes::{Bytes, BytesMut};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The request line and the header fields, names in lower case.
#[derive(Clone, Debug)]
pub struct Head {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
}

impl Head {
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn chunked(&self) -> bool {
        self.get("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
    }

    fn parse(text: &str) -> Self {
        let mut lines = text.split("\r\n");
        let mut first = lines.next().unwrap_or_default().split(' ');
        let method = first.next().unwrap_or_default().to_owned();
        let target = first.next().unwrap_or_default().to_owned();
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Self { method, target, headers }
    }
}

/// A part of a chunked body.
pub enum Piece {
    Data(Bytes),
    /// The last chunk came, with these trailer lines.
    End(Vec<String>),
}

pub struct Wire {
    pub stream: TcpStream,
    buffer: BytesMut,
}

impl Wire {
    pub fn new(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: BytesMut::new() }
    }

    /// The next request's head, or nothing when the peer has closed.
    pub async fn head(&mut self) -> Option<Head> {
        let at = self.find(b"\r\n\r\n").await.ok()?;
        let bytes = self.buffer.split_to(at + 4);
        Some(Head::parse(std::str::from_utf8(&bytes[..at]).unwrap()))
    }

    /// The whole body that `head` announces.
    pub async fn body(&mut self, head: &Head) -> io::Result<Bytes> {
        if !head.chunked() {
            let length = head.get("content-length").map_or(0, |value| value.parse().unwrap());
            return self.exactly(length).await;
        }
        let mut whole = BytesMut::new();
        while let Piece::Data(data) = self.piece().await? {
            whole.extend_from_slice(&data);
        }
        Ok(whole.freeze())
    }

    /// The next chunk of a chunked body, exactly as the peer cut it.
    pub async fn piece(&mut self) -> io::Result<Piece> {
        let line = self.line().await?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
        if size > 0 {
            let data = self.exactly(size).await?;
            self.exactly(2).await?;
            return Ok(Piece::Data(data));
        }
        let mut trailers = Vec::new();
        loop {
            match self.line().await? {
                line if line.is_empty() => return Ok(Piece::End(trailers)),
                line => trailers.push(line),
            }
        }
    }

    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// A small answer with a length.
    pub async fn reply(&mut self, status: &str, headers: &str, body: &str) -> io::Result<()> {
        let length = body.len();
        let text = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}");
        self.send(text.as_bytes()).await
    }

    /// Comes back when the peer has closed or reset. What it sends meanwhile is kept.
    pub async fn gone(&mut self) {
        while let Ok(1..) = self.stream.read_buf(&mut self.buffer).await {}
    }

    async fn line(&mut self) -> io::Result<String> {
        let at = self.find(b"\r\n").await?;
        let bytes = self.buffer.split_to(at + 2);
        Ok(String::from_utf8_lossy(&bytes[..at]).into_owned())
    }

    async fn exactly(&mut self, length: usize) -> io::Result<Bytes> {
        while self.buffer.len() < length {
            self.read().await?;
        }
        Ok(self.buffer.split_to(length).freeze())
    }

    async fn find(&mut self, needle: &[u8]) -> io::Result<usize> {
        loop {
            if let Some(at) = self.buffer.windows(needle.len()).position(|part| part == needle) {
                return Ok(at);
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}
