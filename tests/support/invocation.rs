//! One invocation, from the Runtime API's side.

use super::call::{Peeks, SEPARATOR};
use super::event::Event;
use super::response::Write;
use super::wire::{self, Head, Wire};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, mpsc};

/// What is done with the response to an invocation.
#[derive(Clone, Copy, PartialEq)]
pub enum Treatment {
    Read,
    /// Looked at in the receive buffer, but not read before the call's `release`.
    Peek,
    /// Read up to this many bytes of the body, then hung up on.
    DropAfter(usize),
    /// Accepted at once and then read, as cargo-lambda's emulator does.
    AcceptAtOnce,
    /// Answered with this status, unread.
    Refuse(u16),
    /// The same, and the connection stays open.
    RefuseAndStay(u16),
}

/// What became of a response.
pub enum Piece {
    HandedOut(Instant),
    Data(Write),
    End(Instant),
    Dropped(Instant),
    Broken(String),
    Error(String),
}

#[derive(Clone)]
pub struct Invocation {
    pub id: String,
    pub event: Event,
    pub treatment: Treatment,
    pub pieces: mpsc::UnboundedSender<Piece>,
    pub peeks: Peeks,
    pub release: Arc<Notify>,
}

impl Invocation {
    pub fn tell(&self, piece: Piece) {
        // A test that has dropped its call no longer cares.
        let _ = self.pieces.send(piece);
    }

    /// Hands the event out. False when the connection is of no more use.
    pub async fn hand_out(&self, wire: &mut Wire) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let headers = format!(
            "content-type: application/json\r\n\
             lambda-runtime-aws-request-id: {}\r\n\
             lambda-runtime-deadline-ms: {}\r\n\
             lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:123456789012:function:f\r\n\
             lambda-runtime-trace-id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0\r\n",
            self.id,
            (now + self.event.time_left).as_millis(),
        );
        self.tell(Piece::HandedOut(Instant::now()));
        let body = self.event.json.to_string();
        wire.reply("200 OK", &headers, &body).await.is_ok()
    }

    /// Takes the response in. False when the connection is to be closed.
    pub async fn take_in(&self, wire: &mut Wire, head: &Head) -> bool {
        let mode = head.get("lambda-runtime-function-response-mode");
        if mode != Some("streaming") || !head.chunked() {
            self.tell(Piece::Broken(format!("not a streamed response: {head:?}")));
            return false;
        }
        if let Treatment::Refuse(status) | Treatment::RefuseAndStay(status) = self.treatment {
            let stays = self.treatment == Treatment::RefuseAndStay(status);
            let body = r#"{"errorMessage":"Exceeded maximum allowed payload size (6291556 bytes).","errorType":"RequestEntityTooLarge"}"#;
            let status = format!("{status} Refused");
            let close = if stays { "" } else { "connection: close\r\n" };
            let _ = wire.reply(&status, close, body).await;
            self.tell(Piece::Dropped(Instant::now()));
            if stays {
                wire.gone().await;
            }
            return false;
        }
        if self.treatment == Treatment::AcceptAtOnce && wire.reply("202 Accepted", "", "").await.is_err() {
            return false;
        }
        if self.treatment == Treatment::Peek {
            tokio::select! {
                () = watch(wire, &self.peeks) => {}
                () = self.release.notified() => {}
            }
        }
        self.read(wire).await
    }

    async fn read(&self, wire: &mut Wire) -> bool {
        let (mut all, mut enough) = (Vec::new(), false);
        loop {
            match wire.piece().await {
                Ok(wire::Piece::Data(bytes)) => {
                    let at = Instant::now();
                    if let Treatment::DropAfter(limit) = self.treatment {
                        all.extend_from_slice(&bytes);
                        enough = body_length(&all).is_some_and(|length| length >= limit);
                    }
                    self.tell(Piece::Data(Write { at, bytes }));
                    if enough {
                        self.tell(Piece::Dropped(Instant::now()));
                        return false;
                    }
                }
                Ok(wire::Piece::End(trailers)) => {
                    self.tell(match trailers.is_empty() {
                        true => Piece::End(Instant::now()),
                        false => Piece::Broken(format!("trailers: {trailers:?}")),
                    });
                    let is_answered = self.treatment == Treatment::AcceptAtOnce;
                    return is_answered || wire.reply("202 Accepted", "", "").await.is_ok();
                }
                Err(error) => {
                    self.tell(Piece::Broken(error.to_string()));
                    return false;
                }
            }
        }
    }
}

/// How much of a response's bytes is body, once the prelude is over.
fn body_length(bytes: &[u8]) -> Option<usize> {
    let prelude = bytes.windows(SEPARATOR.len()).position(|part| part == SEPARATOR)?;
    Some(bytes.len() - prelude - SEPARATOR.len())
}

/// Notes what the receive buffer holds each time it has grown.
/// Data that is only looked at is not acknowledged at once: the kernel waits about 40 ms,
/// as it does for a reader that never writes back. `nodelay.rs` rests on this.
async fn watch(wire: &mut Wire, peeks: &Peeks) {
    let mut buffer = vec![0; 1 << 20];
    let mut seen = 0;
    while let Ok(length @ 1..) = wire.stream.peek(&mut buffer).await {
        if length > seen {
            seen = length;
            let there = buffer[..length].to_vec();
            peeks.lock().unwrap().push((Instant::now(), there));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
