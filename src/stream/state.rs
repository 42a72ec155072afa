//! The state machine of one stream: events and the time in, writes out. It has no I/O and never waits.

use crate::{
    api_format::{AnswerId, ApiFormat},
    error::{ApiError, ApiErrorKind},
    gateway::UpstreamError,
    json,
    sse::{ChunkKind, DONE, KEEP_ALIVE, write_event},
};
use bytes::{BufMut, BytesMut};
use http::HeaderMap;
use std::time::Duration;
use tokio::time::Instant;

/// The time limits of a stream.
#[derive(Debug, Clone, Copy)]
pub struct StreamLimits {
    /// Silence towards the caller after which a comment is sent.
    pub keep_alive: Duration,
    /// Silence of the gateway that ends the stream.
    pub idle: Duration,
    /// When the stream must end.
    pub deadline: Instant,
}

/// Why no more events come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The body ended or broke.
    BodyEnded,
    /// The gateway was silent for the idle time.
    Silence,
    /// The Lambda deadline is near.
    Deadline,
    /// An event is not JSON, or longer than the limit.
    Unreadable,
    /// The code panicked.
    Panic,
}

/// One stream. Until the gateway answers, it only keeps the caller's connection alive.
///
/// ```
/// use bytes::BytesMut;
/// use gptdock::{api_format::{AnswerId, ApiFormat}, sse::classify, stream::{Stop, StreamLimits, StreamState}};
/// use std::time::Duration;
/// use tokio::time::Instant;
///
/// let (now, second) = (Instant::now(), Duration::from_secs(1));
/// let limits = StreamLimits { keep_alive: 15 * second, idle: 60 * second, deadline: now + 900 * second };
/// let answer = AnswerId { id: "chatcmpl-1".into(), created: 0, model: "gpt-4o".into() };
/// let mut stream = StreamState::new(ApiFormat::ChatGptWeb, answer, 1, limits, now);
///
/// let mut out = BytesMut::new();
/// stream.answered("gpt-4o", now);
/// let last = br#"{"choices":[{"finish_reason":"stop"}]}"#;
/// stream.event(last, classify(last), now, &mut out);
/// stream.stop(Stop::BodyEnded, &mut out); // without `[DONE]`, but every choice is finished
/// assert_eq!(&out[..], b"data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
/// assert!(stream.has_ended() && stream.error().is_none());
/// ```
#[derive(Debug)]
pub struct StreamState {
    format: ApiFormat,
    answer: AnswerId,
    has_id: bool,
    has_model: bool,
    limits: StreamLimits,
    /// The choices without a `finish_reason`, one bit each.
    unfinished: u128,
    /// When bytes last came from the gateway. `None` until it answers.
    pub(super) heard: Option<Instant>,
    /// When something was last written.
    wrote: Instant,
    end: Option<Result<(), ApiError>>,
    /// The last `finish_reason`.
    pub finish_reason: Option<String>,
    /// Cloudflare's number of the error that ended the stream.
    pub gateway_code: Option<u32>,
    /// The events passed on so far, without the end.
    pub events: u64,
}

impl StreamState {
    /// A stream of `n` choices (1 to 128), opened at `now`. `answer` names it until the gateway does.
    pub fn new(format: ApiFormat, answer: AnswerId, n: u32, limits: StreamLimits, now: Instant) -> Self {
        Self {
            format,
            answer,
            has_id: false,
            has_model: false,
            limits,
            unfinished: u128::MAX >> 128_u32.saturating_sub(n).min(127),
            heard: None,
            wrote: now,
            end: None,
            finish_reason: None,
            gateway_code: None,
            events: 0,
        }
    }

    /// Whether the end was written.
    pub fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    /// The error that ended the stream.
    pub fn error(&self) -> Option<&ApiError> {
        self.end.as_ref()?.as_ref().err()
    }

    /// `model` answers.
    pub fn answered(&mut self, model: &str, now: Instant) {
        model.clone_into(&mut self.answer.model);
        self.heard = Some(now);
    }

    /// An event came. The deadline is checked here too, since a gateway that never pauses leaves no time for
    /// [`wake`](Self::wake).
    pub fn event(&mut self, payload: &[u8], kind: ChunkKind, now: Instant, out: &mut BytesMut) {
        match kind {
            _ if self.has_ended() => {}
            _ if now >= self.limits.deadline => self.stop(Stop::Deadline, out),
            ChunkKind::Done => self.complete(out),
            ChunkKind::Malformed => self.stop(Stop::Unreadable, out),
            ChunkKind::Error => {
                let error = UpstreamError::read(200, &HeaderMap::new(), payload);
                self.gateway_code = error.gateway_code;
                self.interrupt(error.api_error(), out);
            }
            ChunkKind::Chunk { .. } | ChunkKind::Other => {
                if let ChunkKind::Chunk { finished, finish_reason } = kind {
                    self.identify(payload);
                    if finished & self.unfinished != 0 {
                        self.finish_reason = finish_reason;
                    }
                    self.unfinished &= !finished;
                }
                write_event(payload, out);
                self.wrote = now;
                self.events += 1;
            }
        }
    }

    /// Takes the first non-empty `id` and `model` of the answer, which the events of our own then carry too.
    fn identify(&mut self, payload: &[u8]) {
        if self.has_id && self.has_model {
            return;
        }
        let text = std::str::from_utf8(payload).unwrap_or_default();
        let [id, created, model] = json::members(text, ["id", "created", "model"]).unwrap_or_default();
        let word = |value: Option<_>| value.and_then(json::string).filter(|word| !word.is_empty());
        if let (false, Some(model)) = (self.has_model, word(model)) {
            (self.answer.model, self.has_model) = (model, true);
        }
        if let (false, Some(id)) = (self.has_id, word(id)) {
            (self.answer.id, self.has_id) = (id, true);
            let created = created.and_then(|created| created.get().parse().ok());
            self.answer.created = created.unwrap_or(self.answer.created);
        }
    }

    /// No more events come. A finished answer is completed; any other is interrupted.
    pub fn stop(&mut self, why: Stop, out: &mut BytesMut) {
        use ApiErrorKind::{Deadline, Gateway, GatewayTimeout, Internal};
        let error = |kind: ApiErrorKind, sentence: &'static str| ApiError::from(kind).with_message(sentence);
        let error = match why {
            _ if self.has_ended() => return,
            Stop::BodyEnded | Stop::Silence | Stop::Deadline if self.unfinished == 0 => {
                return self.complete(out);
            }
            Stop::BodyEnded => error(Gateway, "The connection to the AI service was lost. Please try again."),
            Stop::Silence => error(GatewayTimeout, "The AI service went silent. Please try again."),
            Stop::Deadline => Deadline.into(),
            Stop::Unreadable => error(Gateway, "The AI service sent something unreadable. Please try again."),
            Stop::Panic => Internal.into(),
        };
        self.interrupt(error, out);
    }

    /// Ends an open stream with an error.
    pub(super) fn interrupt(&mut self, error: ApiError, out: &mut BytesMut) {
        write_event(&self.format.error_event(&error, &self.answer), out);
        self.end = Some(Err(error));
    }

    fn complete(&mut self, out: &mut BytesMut) {
        let reason = self.finish_reason.as_deref().unwrap_or_default();
        if let Some(note) = self.format.finish_note(reason, &self.answer) {
            write_event(&note, out);
            self.events += 1;
        }
        write_event(DONE, out);
        self.end = Some(Ok(()));
    }

    /// When [`wake`](Self::wake) is due, if nothing is heard or written before.
    pub fn next_wake(&self) -> Instant {
        let keep_alive = self.wrote + self.limits.keep_alive;
        let due = keep_alive.min(self.limits.deadline);
        self.heard.map_or(due, |heard| due.min(heard + self.limits.idle))
    }

    /// Does what is due at `now`.
    pub fn wake(&mut self, now: Instant, out: &mut BytesMut) {
        if self.has_ended() {
            // Nothing is due.
        } else if now >= self.limits.deadline {
            self.stop(Stop::Deadline, out);
        } else if self.heard.is_some_and(|heard| now >= heard + self.limits.idle) {
            self.stop(Stop::Silence, out);
        } else if now >= self.wrote + self.limits.keep_alive {
            out.put_slice(KEEP_ALIVE);
            self.wrote = now;
        }
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
