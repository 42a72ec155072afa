//! The body of a streamed reply: drives the gateway's side and the clock through the state machine.

use super::machine::{Relay, Stop};
use crate::{
    failure::Failure,
    gateway::{Arrival, Opened, Upstream},
    record::Record,
    sse::{Verdict, judge},
};
use bytes::{Bytes, BytesMut};
use std::{
    fmt,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// An event that comes this soon after a write may wait for others until it is this long after it: a gateway that is
/// faster than system calls would otherwise cost one for each event. Tokens come every few milliseconds and never wait.
const BURST: Duration = Duration::from_micros(200);
const BURST_BYTES: usize = 16 * 1024;
/// So many polls without bytes end it; after one already, 4 % fewer events pass in a second.
const QUIET_POLLS: u8 = 2;

/// The gateway, still being asked.
pub type Opening = Pin<Box<dyn Future<Output = Result<Opened, Failure>> + Send>>;

/// Where the events come from.
pub enum Source {
    /// The stream was opened before the gateway answered: retries and fallbacks go on behind it.
    Opening(Opening),
    /// The gateway answers.
    Open(Upstream),
    /// Nothing comes any more.
    Closed,
}

/// A stream of writes, none of which ends inside an event. It never fails: what fails becomes its last event.
pub struct StreamBody {
    relay: Relay,
    source: Source,
    timer: Pin<Box<Sleep>>,
    out: BytesMut,
    wrote: Option<Instant>,
    quiet_polls: u8,
    record: Record,
}

impl fmt::Debug for StreamBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamBody").field("relay", &self.relay).finish_non_exhaustive()
    }
}

impl StreamBody {
    /// A body that passes on what `source` brings.
    pub fn new(relay: Relay, source: Source, record: Record) -> Self {
        let timer = Box::pin(sleep_until(relay.next_wake()));
        Self { relay, source, timer, out: BytesMut::new(), wrote: None, quiet_polls: 0, record }
    }

    fn adopt(&mut self, opened: Opened) {
        self.relay.answered(&opened.model, Instant::now());
        self.timer.as_mut().reset(self.relay.next_wake());
        self.source = Source::Open(opened.upstream);
    }

    /// The next write; `None` after the end.
    pub fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let polled = catch_unwind(AssertUnwindSafe(|| self.poll_source_and_clock(cx)));
        let polled = polled.unwrap_or_else(|_| {
            self.out.clear();
            self.relay.stop(Stop::Panic, &mut self.out);
            Poll::Ready(())
        });
        if polled.is_pending() {
            return Poll::Pending;
        }
        if let Some(ending) = self.relay.ending() {
            self.source = Source::Closed;
            self.record.ended(ending, self.relay.finish_reason());
        }
        if self.out.is_empty() {
            return Poll::Ready(None);
        }
        self.record.wrote(self.out.len(), self.relay.events);
        self.wrote = Some(Instant::now());
        Poll::Ready(Some(self.out.split().freeze()))
    }

    /// Ready when there is something to write, or nothing will be any more.
    fn poll_source_and_clock(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.relay.ending().is_none() && (self.out.is_empty() || self.in_burst()) {
            if self.poll_source(cx).is_ready() {
                self.quiet_polls = 0;
                continue;
            }
            if !self.out.is_empty() {
                return self.poll_others(cx);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            // Events move the time that is due, not the timer: it is set anew only when it fires.
            self.relay.wake(Instant::now(), &mut self.out);
            self.timer.as_mut().reset(self.relay.next_wake());
        }
        Poll::Ready(())
    }

    fn in_burst(&self) -> bool {
        self.out.len() < BURST_BYTES && self.wrote.is_some_and(|wrote| wrote.elapsed() < BURST)
    }

    /// The connection to the gateway is another task's and hands over one piece at a time, so that task gets to run
    /// once more for each piece that came. Ready when it had nothing.
    fn poll_others(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.quiet_polls == QUIET_POLLS {
            return Poll::Ready(());
        }
        self.quiet_polls += 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.source {
            Source::Opening(opening) => match std::task::ready!(opening.as_mut().poll(cx)) {
                Ok(opened) => self.adopt(opened),
                Err(failure) => self.relay.interrupt(failure, &mut self.out),
            },
            Source::Open(upstream) => {
                let now = Instant::now();
                let before = self.out.len();
                if let Some((payload, verdict)) = upstream.take_first() {
                    self.relay.judged_event(verdict, &payload, now, &mut self.out);
                }
                self.pass_events(now);
                if self.out.len() == before && self.relay.ending().is_none() {
                    std::task::ready!(self.poll_arrival(cx));
                }
            }
            Source::Closed => self.relay.stop(Stop::BodyEnded, &mut self.out),
        }
        Poll::Ready(())
    }

    /// Passes every event on that is complete: they share one write.
    fn pass_events(&mut self, now: Instant) {
        let Source::Open(upstream) = &mut self.source else { return };
        while self.relay.ending().is_none() {
            match upstream.event() {
                Ok(Some(payload)) => self.relay.event(payload, now, &mut self.out),
                Ok(None) => return,
                Err(_) => self.relay.stop(Stop::TooLong, &mut self.out),
            }
        }
        if self.relay.ending() == Some(&super::Ending::Complete)
            && let Source::Open(upstream) = std::mem::replace(&mut self.source, Source::Closed)
        {
            upstream.drain();
        }
    }

    fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Source::Open(upstream) = &mut self.source else { return Poll::Ready(()) };
        let arrival = std::task::ready!(upstream.poll_arrival(cx));
        let now = Instant::now();
        match arrival {
            Arrival::Bytes => self.relay.heard(now),
            Arrival::Cut => self.relay.stop(Stop::BodyEnded, &mut self.out),
            Arrival::End => {
                // An end inside an event is a cut; only what is whole without its blank line still counts.
                if let Some(payload) =
                    upstream.last_event().filter(|payload| judge(payload) != Verdict::Malformed)
                {
                    self.relay.event(payload, now, &mut self.out);
                }
                self.relay.stop(Stop::BodyEnded, &mut self.out);
            }
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
