//! The body of a streamed response: it waits for the gateway and the clock, and writes what [`StreamState`] decides.

use super::state::{Stop, StreamState};
use crate::{
    error::ApiError,
    gateway::{Arrival, OpenAnswer, UpstreamEvents, public_word},
    telemetry::RequestLog,
};
use bytes::{Bytes, BytesMut};
use std::{
    fmt,
    future::Future,
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

impl fmt::Debug for StreamBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamBody").field("state", &self.state).finish_non_exhaustive()
    }
}

impl StreamBody {
    /// A body that passes on the events of `source`.
    pub fn new(state: StreamState, source: Source, log: RequestLog) -> Self {
        let timer = Box::pin(sleep_until(state.next_wake()));
        Self { state, source, timer, out: BytesMut::new(), wrote: None, yields: 0, log }
    }

    /// The next write. `None` after the end.
    pub fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let polled = catch_unwind(AssertUnwindSafe(|| self.poll(cx)));
        let polled = polled.unwrap_or_else(|_| {
            self.out.clear();
            self.state.stop(Stop::Panic, &mut self.out);
            Poll::Ready(())
        });
        ready!(polled);
        if self.state.has_ended() && !matches!(self.source, Source::Closed) {
            self.close();
        }
        if self.out.is_empty() {
            return Poll::Ready(None);
        }
        self.log.wrote(self.out.len(), self.state.events);
        self.wrote = Some(Instant::now());
        Poll::Ready(Some(self.out.split().freeze()))
    }

    /// Ready when there is something to write, or after the end.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.state.has_ended() && (self.out.is_empty() || self.is_burst()) {
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
            // Events move the due time but not the timer: it is reset only when it fires.
            self.state.wake(Instant::now(), &mut self.out);
            self.timer.as_mut().reset(self.state.next_wake());
        }
        Poll::Ready(())
    }

    fn is_burst(&self) -> bool {
        self.out.len() < BURST_BYTES && self.wrote.is_some_and(|wrote| wrote.elapsed() < BURST)
    }

    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.source {
            Source::Opening(opening) => match ready!(opening.as_mut().poll(cx)) {
                Ok(answer) => {
                    self.state.answered(&answer.model, Instant::now());
                    self.timer.as_mut().reset(self.state.next_wake());
                    self.source = Source::Open(answer.events);
                }
                Err(error) => self.state.interrupt(error, &mut self.out),
            },
            Source::Open(events) => {
                let now = Instant::now();
                match events.next() {
                    Ok(Some(event)) => {
                        self.state.event(event.payload, event.kind, now, &mut self.out);
                        self.pass_on_complete_events(now);
                    }
                    Ok(None) => return self.poll_arrival(cx),
                    Err(_) => self.state.stop(Stop::EventTooLong, &mut self.out),
                }
            }
            Source::Closed => self.state.stop(Stop::BodyEnded, &mut self.out),
        }
        Poll::Ready(())
    }

    /// Events that arrived together share a write.
    fn pass_on_complete_events(&mut self, now: Instant) {
        let Source::Open(events) = &mut self.source else { return };
        while !self.state.has_ended() {
            match events.next() {
                Ok(Some(event)) => self.state.event(event.payload, event.kind, now, &mut self.out),
                Ok(None) => return,
                Err(_) => self.state.stop(Stop::EventTooLong, &mut self.out),
            }
        }
    }

    fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Source::Open(events) = &mut self.source else { return Poll::Ready(()) };
        let arrival = ready!(events.poll_arrival(cx));
        let now = Instant::now();
        match arrival {
            Arrival::Bytes => self.state.heard(now),
            Arrival::Broken => self.state.stop(Stop::BodyEnded, &mut self.out),
            Arrival::End => {
                if let Some(event) = events.last() {
                    self.state.event(event.payload, event.kind, now, &mut self.out);
                }
                self.state.stop(Stop::BodyEnded, &mut self.out);
            }
        }
        Poll::Ready(())
    }

    fn close(&mut self) {
        let source = std::mem::replace(&mut self.source, Source::Closed);
        self.log.ended(self.state.error(), self.state.finish_reason.as_deref().and_then(public_word));
        if self.state.gateway_code.is_some() {
            self.log.attempts().lock().gateway_code = self.state.gateway_code;
        }
        if let Source::Open(events) = source
            && self.state.error().is_none()
        {
            events.drain();
        }
    }
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
