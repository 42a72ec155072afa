//! An answer under way: the gateway's body, decoded event by event.

use crate::sse::{Decoder, EventTooLong, Verdict};
use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::Body;
use http_body_util::BodyExt;
use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

/// How long, and for how many bytes, a body is read on after its last event. A body that is read to its end
/// gives its connection back; the gateway's last chunk often comes a moment after `[DONE]`.
const DRAIN_FOR: Duration = Duration::from_millis(250);
const DRAIN_BYTES: usize = 64 * 1024;

/// What the gateway answered, once that is known to be an answer.
#[derive(Debug)]
pub struct Opened {
    /// Its headers that the caller may see.
    pub headers: HeaderMap,
    /// The model that was asked.
    pub model: String,
    /// The events.
    pub upstream: Upstream,
}

/// What came next.
#[derive(Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Bytes are there to be decoded.
    Bytes,
    /// The body ended as it should.
    End,
    /// The connection broke.
    Cut,
}

/// Why it broke says nothing that a caller or an operator could use.
type EventBody = Pin<Box<dyn Body<Data = Bytes, Error = ()> + Send>>;

/// A body and its decoder. `Debug` prints nothing of the answer.
pub struct Upstream {
    body: Option<EventBody>,
    decoder: Decoder,
    rest: Bytes,
    /// The event that was decoded before the stream was opened, and what it is.
    first: Option<(Bytes, Verdict)>,
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream").finish_non_exhaustive()
    }
}

impl Upstream {
    /// The body of a response whose head has come.
    pub fn new(body: impl Body<Data = Bytes> + Send + 'static) -> Self {
        Self {
            body: Some(Box::pin(body.map_err(drop))),
            decoder: Decoder::default(),
            rest: Bytes::new(),
            first: None,
        }
    }

    /// A whole answer that did not come as a stream: events one after the other.
    pub fn whole(events: Bytes) -> Self {
        Self { body: None, decoder: Decoder::default(), rest: events, first: None }
    }

    /// Gives an event back that was taken to see what it is.
    pub fn put_back(&mut self, payload: Bytes, verdict: Verdict) {
        self.first = Some((payload, verdict));
    }

    /// The event that [`put_back`](Self::put_back) left.
    pub fn take_first(&mut self) -> Option<(Bytes, Verdict)> {
        self.first.take()
    }

    /// The next event of the bytes that have come; `None` when more must come first.
    ///
    /// # Errors
    /// [`EventTooLong`].
    pub fn event(&mut self) -> Result<Option<&[u8]>, EventTooLong> {
        let mut input = &self.rest[..];
        let found = self.decoder.next(&mut input);
        let taken = self.rest.len() - input.len();
        self.rest.advance(taken);
        found
    }

    /// The event that the end of the body left without its blank line.
    pub fn last_event(&mut self) -> Option<&[u8]> {
        self.decoder.finish()
    }

    /// The bytes that have come and are not decoded yet.
    pub fn undecoded(&self) -> &Bytes {
        &self.rest
    }

    /// Waits for more bytes. To be called when [`event`](Self::event) has none.
    pub fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<Arrival> {
        loop {
            let Some(body) = &mut self.body else { return Poll::Ready(Arrival::End) };
            let frame = match ready!(body.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                Some(Err(_)) => {
                    self.body = None;
                    return Poll::Ready(Arrival::Cut);
                }
                None => {
                    self.body = None;
                    return Poll::Ready(Arrival::End);
                }
            };
            if let Ok(data) = frame.into_data()
                && !data.is_empty()
            {
                self.rest = data;
                return Poll::Ready(Arrival::Bytes);
            }
        }
    }

    /// Waits for more bytes, as [`poll_arrival`](Self::poll_arrival) does.
    pub async fn arrival(&mut self) -> Arrival {
        std::future::poll_fn(|cx| self.poll_arrival(cx)).await
    }

    /// Reads the body on to its end, for a moment and in the background, to keep its connection.
    pub fn drain(mut self) {
        if self.body.as_ref().is_none_or(Body::is_end_stream) {
            return;
        }
        tokio::spawn(tokio::time::timeout(DRAIN_FOR, async move {
            let mut read = 0;
            while read < DRAIN_BYTES && self.arrival().await == Arrival::Bytes {
                read += self.rest.len();
            }
        }));
    }
}
