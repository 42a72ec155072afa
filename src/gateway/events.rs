//! The events of an answer: the gateway's body, decoded and classified one by one.

use crate::sse::{ChunkKind, Decoder, EventTooLong, classify};
use bytes::{Buf, Bytes};
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use http_body::Body;
use http_body_util::BodyExt;
use std::{
    collections::VecDeque,
    future::poll_fn,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::timeout;

/// How long, and for how many bytes, a body is read on after its last event. Reading it to its end makes its
/// connection free for the next request; the last bytes often come a moment after `[DONE]`.
const DRAIN_TIME: Duration = Duration::from_millis(250);
const DRAIN_BYTES: usize = 64 * 1024;

/// What came next from the gateway.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Bytes, which can be decoded now.
    Bytes,
    /// The end of the body.
    End,
    /// The connection broke.
    Broken,
}

/// One event: its payload and its meaning.
pub struct Event<'a> {
    pub payload: &'a [u8],
    pub kind: ChunkKind,
}

/// A body and its decoder.
pub struct UpstreamEvents {
    // A broken connection is reported without its cause, which tells neither callers nor operators anything.
    body: BoxStream<'static, Result<Bytes, ()>>,
    decoder: Decoder,
    /// The bytes that have arrived and are not decoded.
    pub(super) undecoded: Bytes,
    /// Events that come before everything else.
    pub(super) held: VecDeque<Bytes>,
    current: Bytes,
}

impl UpstreamEvents {
    /// The events of a response body.
    pub fn new(body: impl Body<Data = Bytes> + Send + 'static) -> Self {
        Self {
            body: body.into_data_stream().map_err(drop).fuse().boxed(),
            decoder: Decoder::default(),
            undecoded: Bytes::new(),
            held: VecDeque::new(),
            current: Bytes::new(),
        }
    }

    /// The next event of the bytes that have arrived. `None` when more must arrive first.
    pub(crate) fn next(&mut self) -> Result<Option<Event<'_>>, EventTooLong> {
        if let Some(held) = self.held.pop_front() {
            self.current = held;
            return Ok(Some(event(&self.current)));
        }
        let mut input = &self.undecoded[..];
        let payload = self.decoder.next(&mut input);
        let taken = self.undecoded.len() - input.len();
        self.undecoded.advance(taken);
        Ok(payload?.map(event))
    }

    /// The event that the end of the body leaves without its blank line. One that is cut is dropped.
    pub fn last(&mut self) -> Option<Event<'_>> {
        self.decoder.finish().map(event).filter(|event| event.kind != ChunkKind::Malformed)
    }

    /// Waits for more bytes. Call it only when `next` has returned `None`.
    pub fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<Arrival> {
        self.body.poll_next_unpin(cx).map(|next| match next {
            Some(Ok(data)) => {
                self.undecoded = data;
                Arrival::Bytes
            }
            Some(Err(())) => Arrival::Broken,
            None => Arrival::End,
        })
    }

    pub(super) async fn arrival(&mut self) -> Arrival {
        poll_fn(|cx| self.poll_arrival(cx)).await
    }

    /// Reads the rest of the body for a moment, in the background, to keep its connection.
    pub fn drain(mut self) {
        tokio::spawn(timeout(DRAIN_TIME, async move {
            let mut read = 0;
            while read < DRAIN_BYTES && self.arrival().await == Arrival::Bytes {
                read += self.undecoded.len();
            }
        }));
    }
}

fn event(payload: &[u8]) -> Event<'_> {
    Event { payload, kind: classify(payload) }
}
