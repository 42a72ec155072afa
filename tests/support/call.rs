//! One invocation, followed while it runs.

use super::invocation::Piece;
use super::patience::within;
use super::response::{Response, Write};
use bytes::BytesMut;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::{Notify, mpsc};

/// The first words of every key that the stand-ins hand out.
pub const KEY: &str = "sk-test";

/// What stands between the prelude and the body.
pub const SEPARATOR: [u8; 8] = [0; 8];

/// What lay in the receive buffer of a response that is not read yet, and when it did.
pub type Peeks = Arc<Mutex<Vec<(Instant, Vec<u8>)>>>;

pub struct Call {
    pub id: String,
    pub pieces: mpsc::UnboundedReceiver<Piece>,
    pub peeks: Peeks,
    pub release: Arc<Notify>,
    prelude: Option<Prelude>,
    unread: BytesMut,
    writes: Vec<Write>,
    next: usize,
    started: Option<Instant>,
    ended: Option<Instant>,
}

struct Prelude {
    status: u16,
    headers: BTreeMap<String, String>,
    at: Instant,
}

impl Call {
    pub fn new(id: String, pieces: mpsc::UnboundedReceiver<Piece>) -> Self {
        Self {
            id,
            pieces,
            peeks: Peeks::default(),
            release: Arc::default(),
            prelude: None,
            unread: BytesMut::new(),
            writes: Vec::new(),
            next: 0,
            started: None,
            ended: None,
        }
    }

    /// Waits for the status line.
    pub async fn opened(&mut self) -> u16 {
        loop {
            if let Some(prelude) = &self.prelude {
                return prelude.status;
            }
            assert!(self.ended.is_none(), "the response ended without a status");
            self.step().await;
        }
    }

    /// Waits for the next write of the body. Nothing when the body has ended.
    pub async fn write(&mut self) -> Option<Write> {
        loop {
            if let Some(write) = self.writes.get(self.next) {
                self.next += 1;
                return Some(write.clone());
            }
            if self.ended.is_some() {
                return None;
            }
            self.step().await;
        }
    }

    /// Waits until the body holds `text`.
    pub async fn until(&mut self, text: &str) {
        let mut seen = String::new();
        while !seen.contains(text) {
            let write = self.write().await.unwrap_or_else(|| panic!("{text:?} never came: {seen}"));
            seen.push_str(&String::from_utf8_lossy(&write.bytes));
        }
    }

    /// Waits for the end.
    pub async fn finish(mut self) -> Response {
        while self.ended.is_none() {
            self.step().await;
        }
        let prelude = self.prelude.expect("the response ended without a status");
        let response = Response {
            request_id: self.id,
            status: prelude.status,
            headers: prelude.headers,
            writes: self.writes,
            started: self.started.unwrap(),
            opened: prelude.at,
            ended: self.ended.unwrap(),
        };
        let headers = format!("{:?}", response.headers);
        let body = String::from_utf8_lossy(&response.bytes()).into_owned();
        assert!(!headers.contains(KEY) && !body.contains(KEY), "a key got out: {headers} {body}");
        response
    }

    /// Waits until the Runtime API has hung up on this response.
    pub async fn dropped(&mut self) -> Instant {
        loop {
            match self.piece().await {
                Piece::Dropped(at) => return at,
                piece => self.take(piece),
            }
        }
    }

    async fn step(&mut self) {
        let piece = self.piece().await;
        self.take(piece);
    }

    async fn piece(&mut self) -> Piece {
        let piece = within("more of the response", self.pieces.recv()).await;
        piece.expect("the Runtime API stand-in still runs")
    }

    fn take(&mut self, piece: Piece) {
        match piece {
            Piece::HandedOut(at) => self.started = Some(at),
            Piece::Data(write) => self.data(write),
            Piece::End(at) => self.ended = Some(at),
            Piece::Dropped(_) => panic!("the stand-in dropped this response"),
            Piece::Broken(why) => panic!("the function broke off its response: {why}"),
            Piece::Error(body) => panic!("the function reported an error: {body}"),
        }
    }

    fn data(&mut self, write: Write) {
        if self.prelude.is_some() {
            return self.writes.push(write);
        }
        self.unread.extend_from_slice(&write.bytes);
        let Some(at) = self.unread.windows(SEPARATOR.len()).position(|part| part == SEPARATOR) else {
            return;
        };
        let prelude = self.unread.split_to(at);
        let rest = self.unread.split().freeze().slice(SEPARATOR.len()..);
        self.prelude = Some(Prelude::parse(&prelude, write.at));
        if !rest.is_empty() {
            self.writes.push(Write { at: write.at, bytes: rest });
        }
    }
}

impl Prelude {
    fn parse(bytes: &[u8], at: Instant) -> Self {
        let json: Value = serde_json::from_slice(bytes).expect("the prelude is JSON");
        let headers = json["headers"].as_object().expect("the prelude holds headers");
        let header = |(name, value): (&String, &Value)| {
            let value = value.as_str().expect("a header's value is text");
            (name.to_ascii_lowercase(), value.to_owned())
        };
        Self {
            status: u16::try_from(json["statusCode"].as_u64().unwrap()).unwrap(),
            headers: headers.iter().map(header).collect(),
            at,
        }
    }
}
