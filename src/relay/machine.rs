//! The state machine of one stream: events and the clock in, writes out. It knows no network and never waits.

use super::first_event::FirstEvent;
use crate::{
    dialect::{AnswerId, Dialect},
    failure::{Failure, Kind, is_plain_word},
    gateway::Refusal,
    sse::{DONE, Judge, KEEP_ALIVE, Verdict, write_event},
};
use bytes::{BufMut, BytesMut};
use http::HeaderMap;
use std::time::Duration;
use tokio::time::Instant;

/// The times that a stream keeps.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Silence towards the caller before a comment is sent.
    pub keep_alive: Duration,
    /// Silence of the gateway that ends the stream.
    pub idle: Duration,
    /// When the stream ends, whatever happens.
    pub deadline: Instant,
}

/// Why no more events come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The body ended, cleanly or not.
    BodyEnded,
    /// The gateway said nothing for the idle time.
    Silence,
    /// The Lambda deadline is near.
    Deadline,
    /// An event is over the limit.
    TooLong,
    /// Our own fault.
    Panic,
}

/// How the stream ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// `[DONE]` was written.
    Complete,
    /// An error event was written.
    Interrupted(Failure),
}

/// One stream. Before the gateway answers it only keeps the caller's connection alive.
///
/// ```
/// use bytes::BytesMut;
/// use gptdock::{dialect::{AnswerId, Dialect}, relay::{Ending, Relay, Stop, Times}};
/// use std::time::Duration;
/// use tokio::time::Instant;
///
/// let (now, second) = (Instant::now(), Duration::from_secs(1));
/// let times = Times { keep_alive: 15 * second, idle: 60 * second, deadline: now + 900 * second };
/// let answer = AnswerId { id: "chatcmpl-1".into(), created: 0, model: "gpt-4o".into() };
/// let mut relay = Relay::new(Dialect::Web, answer, 1, times, now);
///
/// let mut out = BytesMut::new();
/// relay.answered("gpt-4o", now);
/// relay.event(br#"{"choices":[{"finish_reason":"stop"}]}"#, now, &mut out);
/// relay.stop(Stop::BodyEnded, &mut out); // without `[DONE]`, but finished
/// assert_eq!(&out[..], b"data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
/// assert_eq!(relay.ending(), Some(&Ending::Complete));
/// ```
#[derive(Debug)]
pub struct Relay {
    dialect: Dialect,
    answer: AnswerId,
    times: Times,
    /// Choices whose `finish_reason` has not come.
    unfinished: u32,
    /// When the gateway was last heard; `None` until it answers.
    heard: Option<Instant>,
    wrote: Instant,
    ending: Option<Ending>,
    finish_reason: Option<String>,
    first: FirstEvent,
    judge: Judge,
    /// Events that were passed on, the ends not counted.
    pub events: u64,
}

impl Relay {
    /// A stream of `choices` choices, opened at `now`. `answer` names it until the gateway does.
    pub fn new(dialect: Dialect, answer: AnswerId, choices: u32, times: Times, now: Instant) -> Self {
        Self {
            dialect,
            answer,
            times,
            unfinished: choices,
            heard: None,
            wrote: now,
            ending: None,
            finish_reason: None,
            first: FirstEvent::default(),
            judge: Judge::default(),
            events: 0,
        }
    }

    /// How it ended, once it has.
    pub fn ending(&self) -> Option<&Ending> {
        self.ending.as_ref()
    }

    /// The last `finish_reason` that came.
    pub fn finish_reason(&self) -> Option<&str> {
        self.finish_reason.as_deref()
    }

    /// Whether every choice has its `finish_reason`: what comes now can't make the answer less whole.
    pub fn is_finished(&self) -> bool {
        self.unfinished == 0
    }

    /// The gateway answers.
    pub fn answered(&mut self, model: &str, now: Instant) {
        model.clone_into(&mut self.answer.model);
        self.heard = Some(now);
    }

    /// Bytes came, whether or not they hold an event.
    pub fn heard(&mut self, now: Instant) {
        self.heard = Some(now);
    }

    /// An event came. A gateway that never pauses leaves no time to [`wake`](Self::wake), so the deadline counts
    /// here, too.
    pub fn event(&mut self, payload: &[u8], now: Instant, out: &mut BytesMut) {
        let verdict = self.judge.judge(payload);
        self.judged_event(verdict, payload, now, out);
    }

    /// The same for an event whose verdict is known.
    pub fn judged_event(&mut self, verdict: Verdict, payload: &[u8], now: Instant, out: &mut BytesMut) {
        if self.ending.is_some() {
            return;
        }
        if now >= self.times.deadline {
            return self.stop(Stop::Deadline, out);
        }
        match verdict {
            Verdict::Done => self.complete(out),
            Verdict::Malformed => self.interrupt(unreadable(), out),
            Verdict::Error => self.interrupt(Refusal::read(200, &HeaderMap::new(), payload).failure(), out),
            Verdict::Chunk { finished } => {
                if self.events == 0 {
                    self.first = FirstEvent::new(payload);
                }
                if finished > 0 {
                    self.finish_reason = finish_reason(payload);
                }
                write_event(payload, out);
                self.wrote = now;
                self.events += 1;
                self.unfinished = self.unfinished.saturating_sub(finished);
            }
        }
    }

    /// No more events come. A finished answer is completed; any other is interrupted.
    pub fn stop(&mut self, why: Stop, out: &mut BytesMut) {
        let failure = match why {
            Stop::BodyEnded | Stop::Silence | Stop::Deadline if self.is_finished() => {
                return self.complete(out);
            }
            Stop::BodyEnded => Failure::from(Kind::Gateway)
                .with_message("The connection to the AI service was lost. Please try again."),
            Stop::Silence => Failure::from(Kind::GatewayTimeout)
                .with_message("The AI service went silent. Please try again."),
            Stop::Deadline => Kind::Deadline.into(),
            Stop::TooLong => unreadable(),
            Stop::Panic => Kind::Internal.into(),
        };
        self.interrupt(failure, out);
    }

    /// Ends the stream with an error, once.
    pub fn interrupt(&mut self, failure: Failure, out: &mut BytesMut) {
        if self.ending.is_none() {
            self.first.identify(&mut self.answer);
            write_event(&self.dialect.error_event(&failure, &self.answer), out);
            self.ending = Some(Ending::Interrupted(failure));
        }
    }

    /// When [`wake`](Self::wake) is due, if nothing is heard or written before.
    pub fn next_wake(&self) -> Instant {
        let keep_alive = self.wrote + self.times.keep_alive;
        let silent = self.heard.map(|heard| heard + self.times.idle);
        silent.into_iter().fold(keep_alive.min(self.times.deadline), Instant::min)
    }

    /// Does what is due by the clock.
    pub fn wake(&mut self, now: Instant, out: &mut BytesMut) {
        if self.ending.is_some() {
            return;
        }
        if now >= self.times.deadline {
            self.stop(Stop::Deadline, out);
        } else if self.heard.is_some_and(|heard| now >= heard + self.times.idle) {
            self.stop(Stop::Silence, out);
        } else if now >= self.wrote + self.times.keep_alive {
            out.put_slice(KEEP_ALIVE);
            self.wrote = now;
        }
    }

    fn complete(&mut self, out: &mut BytesMut) {
        if self.ending.is_none() {
            write_event(DONE, out);
            self.ending = Some(Ending::Complete);
        }
    }
}

/// The `finish_reason` of an event that has one, when it is a word.
fn finish_reason(payload: &[u8]) -> Option<String> {
    let chunk: serde_json::Value = serde_json::from_slice(payload).ok()?;
    let mut reasons =
        chunk["choices"].as_array()?.iter().filter_map(|choice| choice["finish_reason"].as_str());
    reasons.next_back().filter(|reason| is_plain_word(reason)).map(str::to_owned)
}

fn unreadable() -> Failure {
    Failure::from(Kind::Gateway).with_message("The AI service sent something unreadable. Please try again.")
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
