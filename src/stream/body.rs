//! The body of a streamed response: it waits for the gateway and the clock, and writes what [`StreamState`] decides.

use super::state::{Stop, StreamState};
use crate::{
    error::ApiError,
    gateway::{Arrival, OpenAnswer, UpstreamEvents, public_word},
    telemetry::{Outcome, RequestLog},
};
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame};
use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// Events that arrive this soon after a write may share the next write, up to this size: a gateway that never pauses
/// would otherwise cost a system call for each event, 90,000 events a second instead of 300,000.
const BURST: Duration = Duration::from_micros(200);
const BURST_BYTES: usize = 16 * 1024;
/// After this many polls without bytes the burst is over.
const MAX_YIELDS: u8 = 2;

/// The gateway module, which is still asking target after target.
pub type Opening = Pin<Box<dyn Future<Output = Result<OpenAnswer, ApiError>> + Send>>;

/// Where the events come from.
pub enum Source {
    /// The stream was opened before the gateway answered. Retries and fallbacks go on.
    Opening(Opening),
    /// The gateway answers.
    Open(UpstreamEvents),
    /// No more events come.
    Closed,
}

/// A body of writes, each of complete events. It never fails: a failure becomes its last event.
pub struct StreamBody {
    state: StreamState,
    source: Source,
    timer: Pin<Box<Sleep>>,
    out: BytesMut,
    wrote: Option<Instant>,
    yields: u8,
    log: RequestLog,
}

impl StreamBody {
    /// A body that passes on the events of `source`.
    pub fn new(state: StreamState, source: Source, log: RequestLog) -> Self {
        let timer = Box::pin(sleep_until(state.next_wake()));
        Self { state, source, timer, out: BytesMut::new(), wrote: None, yields: 0, log }
    }

    /// Ready when there is something to write, or after the end.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let is_burst = |body: &Self| {
            body.out.len() < BURST_BYTES && body.wrote.is_some_and(|wrote| wrote.elapsed() < BURST)
        };
        while !self.state.has_ended() && (self.out.is_empty() || is_burst(self)) {
            if self.poll_source(cx).is_ready() {
                self.yields = 0;
                continue;
            }
            if !self.out.is_empty() {
                // hyper's task hands over one piece at a time. It runs before the next polls.
                if self.yields == MAX_YIELDS {
                    break;
                }
                self.yields += 1;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            ready!(self.timer.as_mut().poll(cx));
            // The timer is reset only when it fires, not at each event.
            self.state.wake(Instant::now(), &mut self.out);
            self.timer.as_mut().reset(self.state.next_wake());
        }
        Poll::Ready(())
    }

    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (state, out, now) = (&mut self.state, &mut self.out, Instant::now());
        match &mut self.source {
            Source::Opening(opening) => match ready!(opening.as_mut().poll(cx)) {
                Ok(answer) => {
                    state.answered(&answer.model, now);
                    self.timer.as_mut().reset(state.next_wake());
                    self.source = Source::Open(answer.events);
                }
                Err(error) => state.interrupt(error, out),
            },
            Source::Open(events) => {
                // Events that arrived together share a write.
                let mut has_passed = false;
                while !state.has_ended() {
                    match events.next() {
                        Ok(Some(event)) => state.event(event.payload, event.kind, now, out),
                        Ok(None) if has_passed => break,
                        Ok(None) => match ready!(events.poll_arrival(cx)) {
                            Arrival::Bytes => state.heard = Some(now),
                            Arrival::Broken => state.stop(Stop::BodyEnded, out),
                            Arrival::End => {
                                if let Some(event) = events.last() {
                                    state.event(event.payload, event.kind, now, out);
                                }
                                state.stop(Stop::BodyEnded, out);
                            }
                        },
                        Err(_) => state.stop(Stop::Unreadable, out),
                    }
                    has_passed = true;
                }
            }
            Source::Closed => state.stop(Stop::BodyEnded, out),
        }
        Poll::Ready(())
    }

    fn close(&mut self) {
        let (source, state) = (std::mem::replace(&mut self.source, Source::Closed), &self.state);
        let facts = &mut self.log.facts;
        facts.error = state.error().cloned();
        facts.outcome = if facts.error.is_some() { Outcome::Interrupted } else { Outcome::Completed };
        facts.finish_reason = state.finish_reason.as_deref().and_then(public_word).map(str::to_owned);
        if state.gateway_code.is_some() {
            self.log.attempts.lock().gateway_code = state.gateway_code;
        }
        if let (Source::Open(events), None) = (source, state.error()) {
            events.drain();
        }
    }
}

impl Body for StreamBody {
    type Data = Bytes;
    type Error = Infallible;

    /// The next write. `None` after the end.
    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let polled = catch_unwind(AssertUnwindSafe(|| self.poll(cx)));
        let this = &mut *self;
        ready!(polled.unwrap_or_else(|_| {
            this.out.clear();
            this.state.stop(Stop::Panic, &mut this.out);
            Poll::Ready(())
        }));
        if this.state.has_ended() && !matches!(this.source, Source::Closed) {
            this.close();
        }
        if this.out.is_empty() {
            return Poll::Ready(None);
        }
        this.log.wrote(this.out.len(), this.state.events);
        this.wrote = Some(Instant::now());
        Poll::Ready(Some(Ok(Frame::data(this.out.split().freeze()))))
    }
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
