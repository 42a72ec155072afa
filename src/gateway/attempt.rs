//! One attempt at one target: from the request to the first event, which decides whether it is an answer.

use super::{
    completion,
    error_response::{ErrorResponse, UpstreamError},
    events::{Arrival, UpstreamEvents},
    request::UpstreamRequest,
    response_headers,
    targets::Target,
};
use crate::{
    chat::Adjustments,
    config::GatewayConfig,
    sse::{ChunkKind, MAX_EVENT_BYTES},
    telemetry::{AttemptLog, GatewayResponse},
};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response};
use std::{collections::VecDeque, time::Duration};
use tokio::time::{Instant, timeout, timeout_at};

/// How long, and for how many bytes, an error body is read. What has arrived by then says enough.
const ERROR_BODY_TIME: Duration = Duration::from_secs(3);
const ERROR_BODY_BYTES: usize = 64 * 1024;
/// The largest JSON answer. No model writes more at once; it bounds the memory of one answer.
const MAX_JSON_BYTES: usize = 8 * 1024 * 1024;
/// Events before the first chunk (pings) are kept up to this size. A gateway that sends more of them gives no answer.
const MAX_HELD_BYTES: usize = 64 * 1024;

/// An answer, in the form that the caller asked for.
pub enum Answer {
    /// Events, the first of which has arrived.
    Stream(OpenAnswer),
    /// One JSON, and the gateway's headers that the caller may see.
    Json(HeaderMap, Bytes),
}

/// A streamed answer.
pub struct OpenAnswer {
    /// The gateway's headers that the caller may see.
    pub headers: HeaderMap,
    /// The model that was asked.
    pub model: String,
    /// The events.
    pub events: UpstreamEvents,
}

/// One attempt, ready to be sent.
pub struct Attempt<'a> {
    pub config: &'a GatewayConfig,
    pub client: &'a reqwest::Client,
    pub target: Target<'a>,
    pub request: &'a UpstreamRequest,
    pub adjustments: &'a Adjustments,
    /// Another target could be asked instead of waiting.
    pub has_another: bool,
    pub log: &'a AttemptLog,
}

impl Attempt<'_> {
    /// Asks, and waits for the first event or for all of the JSON.
    pub async fn run(&self, headers: HeaderMap) -> Result<Answer, UpstreamError> {
        if self.request.chat.stream {
            return self.answer(headers).await;
        }
        // A JSON comes all at once at its end, so that only the deadline can tell a slow answer from none.
        let left = self.request.deadline.saturating_duration_since(Instant::now());
        let limit = if self.has_another { left / 2 } else { left };
        timeout(limit, self.answer(headers)).await.unwrap_or(Err(UpstreamError::TimedOut))
    }

    async fn answer(&self, headers: HeaderMap) -> Result<Answer, UpstreamError> {
        self.log.started(self.target.model);
        let sent = Instant::now();
        let (head, body) = self.send(headers).await?.into_parts();
        let (status, headers) = (head.status.as_u16(), response_headers::public(&head.headers));
        let text = |name| headers.get(name)?.to_str().ok().map(str::to_owned);
        self.log.lock().response = Some(GatewayResponse {
            status,
            latency: sent.elapsed(),
            cache_status: text("cf-aig-cache-status"),
            log_id: text("cf-aig-log-id"),
        });
        let mut events = UpstreamEvents::new(body);
        if !head.status.is_success() {
            let mut body = BytesMut::new();
            let reading = async {
                while body.len() < ERROR_BODY_BYTES && events.arrival().await == Arrival::Bytes {
                    body.extend_from_slice(&events.undecoded);
                }
            };
            let _ = timeout(ERROR_BODY_TIME, reading).await;
            return Err(UpstreamError::Response(ErrorResponse::read(status, &head.headers, &body)));
        }
        if let Some(body) = self.beginning(&head.headers, &mut events).await? {
            completion::check(&head.headers, &body)?;
            if !self.request.chat.stream {
                return Ok(Answer::Json(headers, body));
            }
            events.held = completion::events(&body, self.request.chat.include_usage);
        }
        Ok(Answer::Stream(OpenAnswer { headers, model: self.target.model.to_owned(), events }))
    }

    async fn send(&self, headers: HeaderMap) -> Result<Response<reqwest::Body>, UpstreamError> {
        let url = self.target.base.chat_completions.clone();
        let body = self.request.chat.render(self.target.model, self.adjustments);
        let sending = self.client.post(url).headers(headers).body(body).send();
        let limit = if self.request.chat.stream { self.config.response_timeout } else { Duration::MAX };
        match timeout(limit, sending).await.map_err(|_| UpstreamError::TimedOut)? {
            Ok(response) => Ok(response.into()),
            Err(error) if error.is_connect() => Err(UpstreamError::NotConnected),
            Err(_) => Err(UpstreamError::ConnectionLost),
        }
    }

    /// Reads until it is clear what the answer is: events (`None`), which `events` then still holds, or one JSON.
    async fn beginning(
        &self,
        headers: &HeaderMap,
        events: &mut UpstreamEvents,
    ) -> Result<Option<Bytes>, UpstreamError> {
        let patience = match self.request.chat.lets_model_reason(self.target.model, self.adjustments) {
            true => self.config.first_thought_timeout,
            false => self.config.first_event_timeout,
        };
        let first_event_by = Instant::now() + patience;
        let (mut held, mut held_bytes, mut has_begun) = (VecDeque::new(), 0, false);
        loop {
            let has_more = self.arrival(events, first_event_by).await?;
            let text = events.undecoded.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&events.undecoded);
            match text.trim_ascii_start().first() {
                first if has_begun || first.is_none() => {}
                Some(b'{' | b'[') => return self.collect(events, first_event_by).await.map(Some),
                Some(b'<') => return Err(UpstreamError::BadAnswer),
                _ if !self.request.chat.stream => return Err(UpstreamError::WrongFormat),
                _ => has_begun = true,
            }
            loop {
                let event = match events.next().map_err(|_| UpstreamError::TooLong)? {
                    None if !has_more => events.last(),
                    event => event,
                };
                let Some(event) = event else { break };
                held_bytes += event.payload.len();
                held.push_back(Bytes::copy_from_slice(event.payload));
                match event.kind {
                    ChunkKind::Other => {}
                    ChunkKind::Chunk { .. } => {
                        events.held = held;
                        return Ok(None);
                    }
                    ChunkKind::Error => {
                        let response = ErrorResponse::read(200, headers, event.payload);
                        return Err(UpstreamError::Response(response));
                    }
                    ChunkKind::Done | ChunkKind::Malformed => return Err(UpstreamError::BadAnswer),
                }
            }
            if !has_more || held_bytes > MAX_HELD_BYTES {
                return Err(UpstreamError::BadAnswer);
            }
        }
    }

    /// Waits for more bytes, within the time limits of a stream. Returns false at the end of the body.
    async fn arrival(
        &self,
        events: &mut UpstreamEvents,
        first_event_by: Instant,
    ) -> Result<bool, UpstreamError> {
        let silent_at = Instant::now() + self.config.idle_timeout;
        let by = match (self.request.chat.stream, self.has_another) {
            (false, _) => self.request.deadline,
            (true, false) => silent_at,
            (true, true) => silent_at.min(first_event_by),
        };
        match timeout_at(by, events.arrival()).await.map_err(|_| UpstreamError::TimedOut)? {
            Arrival::Bytes => Ok(true),
            Arrival::End => Ok(false),
            Arrival::Broken => Err(UpstreamError::ConnectionLost),
        }
    }

    async fn collect(&self, events: &mut UpstreamEvents, by: Instant) -> Result<Bytes, UpstreamError> {
        // A stream's JSON becomes events, which have a limit of their own.
        let limit = if self.request.chat.stream { MAX_EVENT_BYTES } else { MAX_JSON_BYTES };
        let mut body = BytesMut::new();
        loop {
            body.extend_from_slice(&std::mem::take(&mut events.undecoded));
            if body.len() > limit {
                return Err(UpstreamError::TooLong);
            }
            if !self.arrival(events, by).await? {
                return Ok(body.freeze());
            }
        }
    }
}
