//! The events of an answer: the gateway's body, decoded and classified one by one.

use crate::sse::{ChunkKind, Decoder, EventTooLong, classify};
use bytes::{Buf, Bytes};
use http_body::Body;
use http_body_util::BodyExt;
use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

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

/// One event.
pub struct Event<'a> {
    /// The payload.
    pub payload: &'a [u8],
    /// Its meaning.
    pub kind: ChunkKind,
}

// A broken connection is reported without its cause, which tells neither callers nor operators anything.
type EventBody = Pin<Box<dyn Body<Data = Bytes, Error = ()> + Send>>;

/// A body and its decoder. `Debug` prints nothing of the answer.
pub struct UpstreamEvents {
    body: Option<EventBody>,
    decoder: Decoder,
    undecoded: Bytes,
    /// Events that come before everything else.
    held: VecDeque<(Bytes, ChunkKind)>,
    current: Bytes,
}

impl fmt::Debug for UpstreamEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamEvents").finish_non_exhaustive()
    }
}

impl UpstreamEvents {
    /// The events of a response body.
    pub fn new(body: impl Body<Data = Bytes> + Send + 'static) -> Self {
        Self {
            body: Some(Box::pin(body.map_err(drop))),
            decoder: Decoder::default(),
            undecoded: Bytes::new(),
            held: VecDeque::new(),
            current: Bytes::new(),
        }
    }

    /// The events of an answer that came as one JSON.
    pub fn complete(events: impl IntoIterator<Item = Bytes>) -> Self {
        let held = events.into_iter().map(|payload| (payload.clone(), classify(&payload))).collect();
        Self { body: None, held, ..Self::new(http_body_util::Empty::new()) }
    }

    /// Puts events in front of everything that is still to come.
    pub fn hold(&mut self, events: VecDeque<(Bytes, ChunkKind)>) {
        self.held = events;
    }

    /// The next event of the bytes that have arrived. `None` when more must arrive first.
    ///
    /// # Errors
    /// [`EventTooLong`].
    pub fn next(&mut self) -> Result<Option<Event<'_>>, EventTooLong> {
        if let Some((payload, kind)) = self.held.pop_front() {
            self.current = payload;
            return Ok(Some(Event { payload: &self.current, kind }));
        }
        let mut input = &self.undecoded[..];
        let payload = self.decoder.next(&mut input);
        let taken = self.undecoded.len() - input.len();
        self.undecoded.advance(taken);
        Ok(payload?.map(|payload| Event { payload, kind: classify(payload) }))
    }

    /// The event that the end of the body leaves without its blank line. One that is cut is dropped.
    pub fn last(&mut self) -> Option<Event<'_>> {
        let payload = self.decoder.finish()?;
        let kind = classify(payload);
        (kind != ChunkKind::Malformed).then_some(Event { payload, kind })
    }

    /// The bytes that have arrived and are not decoded.
    pub fn undecoded(&self) -> &Bytes {
        &self.undecoded
    }

    /// Waits for more bytes. Call it only when [`next`](Self::next) has returned `None`.
    pub fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<Arrival> {
        loop {
            let Some(body) = &mut self.body else { return Poll::Ready(Arrival::End) };
            let arrival = match ready!(body.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => {
                        self.undecoded = data;
                        return Poll::Ready(Arrival::Bytes);
                    }
                    _ => continue,
                },
                Some(Err(())) => Arrival::Broken,
                None => Arrival::End,
            };
            self.body = None;
            return Poll::Ready(arrival);
        }
    }

    /// Waits for more bytes, as [`poll_arrival`](Self::poll_arrival) does.
    pub async fn arrival(&mut self) -> Arrival {
        std::future::poll_fn(|cx| self.poll_arrival(cx)).await
    }

    /// Reads the rest of the body for a moment, in the background, to keep its connection.
    pub fn drain(mut self) {
        if self.body.as_ref().is_none_or(|body| body.is_end_stream()) {
            return;
        }
        tokio::spawn(tokio::time::timeout(DRAIN_TIME, async move {
            let mut read = 0;
            while read < DRAIN_BYTES && self.arrival().await == Arrival::Bytes {
                read += self.undecoded.len();
            }
        }));
    }
}
