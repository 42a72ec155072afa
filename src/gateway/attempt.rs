//! One attempt at one target: from the request to the first event, which decides whether it is an answer.

use super::{
    completion,
    events::{Arrival, UpstreamEvents},
    request::UpstreamRequest,
    response_headers,
    targets::Target,
    upstream_error::{ErrorClass::*, UpstreamError},
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

type Result<T> = std::result::Result<T, UpstreamError>;

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
    pub async fn run(&self, headers: HeaderMap) -> Result<Answer> {
        if self.request.chat.stream {
            return self.answer(headers).await;
        }
        // A JSON comes all at once at its end, so that only the deadline can tell a slow answer from none.
        let left = self.request.deadline.saturating_duration_since(Instant::now());
        let limit = if self.has_another { left / 2 } else { left };
        timeout(limit, self.answer(headers)).await.unwrap_or(Err(TooSlow.into()))
    }

    async fn answer(&self, headers: HeaderMap) -> Result<Answer> {
        let Self { config, target, request: UpstreamRequest { chat, .. }, .. } = self;
        self.log.started(target.model);
        let sent = Instant::now();
        let body = chat.render(target.model, self.adjustments);
        let url = target.base.chat_completions.clone();
        let sending = self.client.post(url).headers(headers).body(body).send();
        let limit = if chat.stream { config.response_timeout } else { Duration::MAX };
        let response = timeout(limit, sending).await.map_err(|_| TooSlow)?;
        let response = response.map_err(|e| if e.is_connect() { NotConnected } else { ConnectionLost })?;
        let (head, body) = Response::<reqwest::Body>::from(response).into_parts();
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
            return Err(UpstreamError::read(status, &head.headers, &body));
        }
        if let Some(body) = self.beginning(&head.headers, &mut events).await? {
            completion::check(&head.headers, &body)?;
            if !chat.stream {
                return Ok(Answer::Json(headers, body));
            }
            events.held = completion::events(&body, chat.include_usage);
        }
        Ok(Answer::Stream(OpenAnswer { headers, model: target.model.to_owned(), events }))
    }

    /// Reads until it is clear what the answer is: events (`None`), which `events` then still holds, or one JSON.
    async fn beginning(&self, headers: &HeaderMap, events: &mut UpstreamEvents) -> Result<Option<Bytes>> {
        let chat = &self.request.chat;
        let patience = match chat.lets_model_reason(self.target.model, self.adjustments) {
            true => self.config.first_thought_timeout,
            false => self.config.first_event_timeout,
        };
        let first_event_by = Instant::now() + patience;
        // A stream's JSON becomes events, which have a limit of their own.
        let max_json_bytes = if chat.stream { MAX_EVENT_BYTES } else { MAX_JSON_BYTES };
        let (mut held, mut held_bytes) = (VecDeque::new(), 0);
        let (mut json, mut is_json, mut has_begun) = (BytesMut::new(), false, false);
        loop {
            let has_more = self.arrival(events, first_event_by).await?;
            let text = events.undecoded.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&events.undecoded);
            let first = text.trim_ascii_start().first().filter(|_| !has_begun);
            has_begun |= first.is_some();
            match first {
                Some(b'{' | b'[') => is_json = true,
                Some(b'<') => return Err(BadAnswer.into()),
                Some(_) if !chat.stream => return Err(WrongFormat.into()),
                _ => {}
            }
            if is_json {
                json.extend_from_slice(&std::mem::take(&mut events.undecoded));
                match json.len() > max_json_bytes {
                    true => return Err(TooLong.into()),
                    false if has_more => continue,
                    false => return Ok(Some(json.freeze())),
                }
            }
            loop {
                let event = match events.next().map_err(|_| TooLong)? {
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
                    ChunkKind::Error => return Err(UpstreamError::read(200, headers, event.payload)),
                    ChunkKind::Done | ChunkKind::Malformed => return Err(BadAnswer.into()),
                }
            }
            if !has_more || held_bytes > MAX_HELD_BYTES {
                return Err(BadAnswer.into());
            }
        }
    }

    /// Waits for more bytes, within the time limits of a stream. Returns false at the end of the body.
    async fn arrival(&self, events: &mut UpstreamEvents, first_by: Instant) -> Result<bool> {
        let silent_at = Instant::now() + self.config.idle_timeout;
        let by = match (self.request.chat.stream, self.has_another) {
            (false, _) => self.request.deadline,
            (true, false) => silent_at,
            (true, true) => silent_at.min(first_by),
        };
        match timeout_at(by, events.arrival()).await.map_err(|_| TooSlow)? {
            Arrival::Bytes => Ok(true),
            Arrival::End => Ok(false),
            Arrival::Broken => Err(ConnectionLost.into()),
        }
    }
}
