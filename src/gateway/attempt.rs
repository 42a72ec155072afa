//! One attempt at one target: from the request to the first event, which decides whether it is an answer.

use super::{
    completion::Completion,
    error_response::ErrorResponse,
    events::{Arrival, UpstreamEvents},
    request::UpstreamRequest,
    response_headers,
    targets::Target,
    upstream_error::UpstreamError,
};
use crate::{
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
#[derive(Debug)]
pub enum Answer {
    /// Events, the first of which has arrived.
    Stream(OpenAnswer),
    /// One JSON, and the gateway's headers that the caller may see.
    Json(HeaderMap, Bytes),
}

/// A streamed answer.
#[derive(Debug)]
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
    pub target: &'a Target<'a>,
    pub request: &'a UpstreamRequest,
    /// The model may think before its first word.
    pub lets_model_reason: bool,
    /// Another target could be asked instead of waiting.
    pub has_another: bool,
    pub log: &'a AttemptLog,
}

impl Attempt<'_> {
    /// Asks, and waits for the first event or for all of the JSON.
    pub async fn run(&self, headers: HeaderMap, body: Bytes) -> Result<Answer, UpstreamError> {
        if self.request.chat.stream {
            return self.answer(headers, body).await;
        }
        // A JSON comes all at once at its end, so that only the deadline can tell a slow answer from none.
        let left = self.request.deadline.saturating_duration_since(Instant::now());
        let limit = if self.has_another { left / 2 } else { left };
        timeout(limit, self.answer(headers, body)).await.unwrap_or(Err(UpstreamError::Silent))
    }

    async fn answer(&self, headers: HeaderMap, body: Bytes) -> Result<Answer, UpstreamError> {
        self.log.started(self.target.model);
        let sent = Instant::now();
        let response = self.send(headers, body).await?;
        let (parts, body) = response.into_parts();
        self.log.lock().response = Some(GatewayResponse {
            status: parts.status.as_u16(),
            latency: sent.elapsed(),
            cache_status: response_headers::cache_status(&parts.headers).map(str::to_owned),
            log_id: response_headers::log_id(&parts.headers).map(str::to_owned),
        });
        let mut events = UpstreamEvents::new(body);
        if !parts.status.is_success() {
            let body = read_error_body(&mut events).await;
            let response = ErrorResponse::read(parts.status.as_u16(), &parts.headers, &body);
            return Err(UpstreamError::Response(response));
        }
        let open = |events| OpenAnswer {
            headers: response_headers::public(&parts.headers),
            model: self.target.model.to_owned(),
            events,
        };
        Ok(match self.beginning(&parts.headers, &mut events).await? {
            None => Answer::Stream(open(events)),
            Some(completion) if self.request.chat.stream => {
                let payloads = completion.into_events(self.request.chat.include_usage);
                Answer::Stream(open(UpstreamEvents::complete(payloads)))
            }
            Some(completion) => {
                Answer::Json(response_headers::public(&parts.headers), completion.into_bytes())
            }
        })
    }

    async fn send(&self, headers: HeaderMap, body: Bytes) -> Result<Response<reqwest::Body>, UpstreamError> {
        let url = self.target.base.chat_completions.clone();
        let sending = self.client.post(url).headers(headers).body(body).send();
        let sent = match self.request.chat.stream {
            true => timeout(self.config.response_timeout, sending).await.map_err(|_| UpstreamError::NoResponse)?,
            false => sending.await,
        };
        match sent {
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
    ) -> Result<Option<Completion>, UpstreamError> {
        let thinks = self.lets_model_reason;
        let patience =
            if thinks { self.config.first_thought_timeout } else { self.config.first_event_timeout };
        let first_event_by = Instant::now() + patience;
        let (mut held, mut held_bytes, mut has_begun) = (VecDeque::new(), 0, false);
        loop {
            let has_ended = match self.arrival(events, first_event_by).await? {
                Arrival::Bytes => false,
                Arrival::End => true,
                Arrival::Broken => return Err(UpstreamError::ConnectionLost),
            };
            if !has_begun {
                match first_byte(events.undecoded()) {
                    None => {}
                    Some(b'{' | b'[') => {
                        let body = self.collect(events, first_event_by).await?;
                        return Completion::read(headers, body).map(Some);
                    }
                    Some(b'<') => return Err(UpstreamError::BadAnswer),
                    Some(_) if !self.request.chat.stream => return Err(UpstreamError::WrongFormat),
                    Some(_) => has_begun = true,
                }
            }
            while let Some(event) = events.next().map_err(|_| UpstreamError::TooLong)? {
                let (payload, kind) = (Bytes::copy_from_slice(event.payload), event.kind);
                held_bytes += payload.len();
                if self.hold(headers, &mut held, payload, kind)? {
                    events.hold(held);
                    return Ok(None);
                }
            }
            if has_ended {
                let last = events.last().map(|event| (Bytes::copy_from_slice(event.payload), event.kind));
                let (payload, kind) = last.ok_or(UpstreamError::BadAnswer)?;
                let is_chunk = self.hold(headers, &mut held, payload, kind)?;
                events.hold(held);
                return if is_chunk { Ok(None) } else { Err(UpstreamError::BadAnswer) };
            }
            if held_bytes > MAX_HELD_BYTES {
                return Err(UpstreamError::BadAnswer);
            }
        }
    }

    /// Keeps an event. Returns whether it is the first chunk.
    fn hold(
        &self,
        headers: &HeaderMap,
        held: &mut VecDeque<(Bytes, ChunkKind)>,
        payload: Bytes,
        kind: ChunkKind,
    ) -> Result<bool, UpstreamError> {
        let is_chunk = match kind {
            ChunkKind::Chunk { .. } => true,
            ChunkKind::Other => false,
            ChunkKind::Error => {
                return Err(UpstreamError::Response(ErrorResponse::read(200, headers, &payload)));
            }
            ChunkKind::Done | ChunkKind::Malformed => return Err(UpstreamError::BadAnswer),
        };
        held.push_back((payload, kind));
        Ok(is_chunk)
    }

    /// More bytes, within the time limits of a stream.
    async fn arrival(
        &self,
        events: &mut UpstreamEvents,
        first_event_by: Instant,
    ) -> Result<Arrival, UpstreamError> {
        if !self.request.chat.stream {
            return Ok(events.arrival().await);
        }
        let silent_at = Instant::now() + self.config.idle_timeout;
        if self.has_another && first_event_by <= silent_at {
            let arrival = timeout_at(first_event_by, events.arrival()).await;
            return arrival.map_err(|_| UpstreamError::SlowFirstEvent);
        }
        timeout_at(silent_at, events.arrival()).await.map_err(|_| UpstreamError::Silent)
    }

    async fn collect(&self, events: &mut UpstreamEvents, by: Instant) -> Result<Bytes, UpstreamError> {
        // A stream's JSON becomes events, which have a limit of their own.
        let limit = if self.request.chat.stream { MAX_EVENT_BYTES } else { MAX_JSON_BYTES };
        let mut body = BytesMut::from(&events.undecoded()[..]);
        loop {
            if body.len() > limit {
                return Err(UpstreamError::TooLong);
            }
            match self.arrival(events, by).await? {
                Arrival::Bytes => body.extend_from_slice(events.undecoded()),
                Arrival::End => return Ok(body.freeze()),
                Arrival::Broken => return Err(UpstreamError::ConnectionLost),
            }
        }
    }
}

/// The first byte that is neither white space nor a byte order mark.
fn first_byte(bytes: &[u8]) -> Option<u8> {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start().first().copied()
}

async fn read_error_body(events: &mut UpstreamEvents) -> BytesMut {
    let mut body = BytesMut::new();
    let by = Instant::now() + ERROR_BODY_TIME;
    while body.len() < ERROR_BODY_BYTES {
        match timeout_at(by, events.arrival()).await {
            Ok(Arrival::Bytes) => body.extend_from_slice(events.undecoded()),
            _ => break,
        }
    }
    body
}
