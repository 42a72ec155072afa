//! One ask of one target: from the request to the first event, which decides whether it is an answer.

use super::{
    answer::{MAX_JSON_BYTES, WholeAnswer},
    client::Client,
    headers,
    purpose::{Head, Purpose},
    refusal::Refusal,
    trouble::Trouble,
    upstream::{Arrival, Opened, Upstream},
};
use crate::{
    config::GatewayConfig,
    sse::{Verdict, judge},
};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Response, Uri};
use hyper::body::Incoming;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// An error body is read for this long and no further; what has come by then says enough.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(3);
const ERROR_BODY_BYTES: usize = 64 * 1024;

/// A dead connection shows within a round trip; a gateway that takes longer had the request, and may bill it.
const STALE_WITHIN: Duration = Duration::from_millis(300);

/// An answer, as the caller asked for it.
#[derive(Debug)]
pub enum Answer {
    /// Events, the first of which has come.
    Stream(Opened),
    /// One JSON, and the gateway's headers that the caller may see.
    Json(HeaderMap, Bytes),
}

/// What the first bytes of an answer turned out to be.
enum Beginning {
    /// The first event, which is good.
    Event(Bytes, Verdict),
    /// All of it, in one JSON.
    Whole(WholeAnswer),
}

/// One ask, ready to be sent.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// The times to keep.
    pub config: &'a GatewayConfig,
    /// The client and its connections.
    pub client: &'a Client,
    /// Where to.
    pub url: &'a Uri,
    /// The model that is asked.
    pub model: &'a str,
    /// What is asked.
    pub purpose: &'a Purpose,
    /// Whether another target could be asked instead of waiting.
    pub has_another: bool,
}

impl Attempt<'_> {
    /// Asks, and waits for the first event or for the whole JSON.
    ///
    /// # Errors
    /// The [`Trouble`].
    pub async fn run(&self, headers: HeaderMap, body: Bytes) -> Result<Answer, Trouble> {
        let sent = Instant::now();
        let response = self.send(headers, body).await?;
        let (parts, body) = response.into_parts();
        self.purpose.asked().head = Some(Head::new(&parts, sent.elapsed()));
        let mut upstream = Upstream::new(body);
        if !parts.status.is_success() {
            let body = read_error_body(&mut upstream).await;
            return Err(Trouble::Refused(Refusal::read(parts.status.as_u16(), &parts.headers, &body)));
        }
        let first_event_by = Instant::now() + self.config.first_event_timeout;
        let beginning = self.beginning(&parts.headers, &mut upstream, first_event_by).await?;
        let headers = headers::passed_on(&parts.headers);
        let opened =
            |headers, upstream| Answer::Stream(Opened { headers, model: self.model.to_owned(), upstream });
        Ok(match beginning {
            Beginning::Event(payload, verdict) => {
                upstream.put_back(payload, verdict);
                opened(headers, upstream)
            }
            Beginning::Whole(answer) if !self.purpose.question.stream => {
                Answer::Json(headers, answer.into_bytes())
            }
            Beginning::Whole(answer) if self.purpose.question.wants_usage => {
                opened(headers, Upstream::whole(answer.into_events()))
            }
            Beginning::Whole(answer) => {
                opened(headers, Upstream::whole(answer.without_usage().into_events()))
            }
        })
    }

    /// Reads until it is known what the answer is.
    async fn beginning(
        &self,
        headers: &HeaderMap,
        upstream: &mut Upstream,
        first_event_by: Instant,
    ) -> Result<Beginning, Trouble> {
        let mut leading = None;
        loop {
            if let Some(payload) = upstream.event().map_err(|_| Trouble::TooLong)? {
                return self.check_first(headers, payload);
            }
            match self.arrival(upstream, first_event_by).await? {
                Arrival::Bytes => {}
                Arrival::Cut => return Err(Trouble::ConnectionLost),
                Arrival::End => {
                    return self.check_first(headers, upstream.last_event().ok_or(Trouble::BadAnswer)?);
                }
            }
            if leading.is_some() {
                continue;
            }
            leading = first_byte(upstream.undecoded());
            match leading {
                Some(b'{' | b'[') => {
                    let body = self.collect(upstream, first_event_by).await?;
                    return WholeAnswer::read(headers, body).map(Beginning::Whole);
                }
                // A page, or a stream where one JSON was asked for.
                Some(b'<') => return Err(Trouble::BadAnswer),
                Some(_) if !self.purpose.question.stream => return Err(Trouble::BadAnswer),
                _ => {}
            }
        }
    }

    async fn send(&self, headers: HeaderMap, body: Bytes) -> Result<Response<Incoming>, Trouble> {
        let connector = self.client.connector();
        let (connects, started) = (connector.connects(), Instant::now());
        let mut request = Request::new(body.into());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.clone();
        *request.headers_mut() = headers;
        let sending = self.client.send(request);
        let sent = match self.purpose.question.stream {
            true => timeout(self.config.response_timeout, sending).await.map_err(|_| Trouble::NoAnswer)?,
            false => sending.await,
        };
        sent.map_err(|error| {
            let was_pooled = connects == connector.connects();
            // An orderly close can follow half an answer; a reset in the first moment comes from a host that let go of
            // the connection long ago.
            let was_dead = || was_pooled && started.elapsed() < STALE_WITHIN && error.is_reset();
            if error.is_connect() {
                Trouble::NotConnected
            } else if error.is_unprocessed() || was_dead() {
                Trouble::StaleConnection
            } else {
                Trouble::ConnectionLost
            }
        })
    }

    /// More bytes, within the patience that a stream is given. One JSON is waited for to the deadline.
    async fn arrival(&self, upstream: &mut Upstream, first_event_by: Instant) -> Result<Arrival, Trouble> {
        if !self.purpose.question.stream {
            return Ok(upstream.arrival().await);
        }
        let silent_at = Instant::now() + self.config.idle_timeout;
        if self.has_another && first_event_by <= silent_at {
            return timeout_at(first_event_by, upstream.arrival()).await.map_err(|_| Trouble::SlowFirstEvent);
        }
        timeout_at(silent_at, upstream.arrival()).await.map_err(|_| Trouble::Silent)
    }

    async fn collect(&self, upstream: &mut Upstream, first_event_by: Instant) -> Result<Bytes, Trouble> {
        let mut body = BytesMut::from(&upstream.undecoded()[..]);
        loop {
            match self.arrival(upstream, first_event_by).await? {
                Arrival::Bytes => body.extend_from_slice(upstream.undecoded()),
                Arrival::End => return Ok(body.freeze()),
                Arrival::Cut => return Err(Trouble::ConnectionLost),
            }
            if body.len() > MAX_JSON_BYTES {
                return Err(Trouble::TooLong);
            }
        }
    }

    fn check_first(&self, headers: &HeaderMap, payload: &[u8]) -> Result<Beginning, Trouble> {
        match judge(payload) {
            verdict @ Verdict::Chunk { .. } if self.purpose.question.stream => {
                Ok(Beginning::Event(Bytes::copy_from_slice(payload), verdict))
            }
            Verdict::Error => Err(Trouble::Refused(Refusal::read(200, headers, payload))),
            Verdict::Chunk { .. } | Verdict::Done | Verdict::Malformed => Err(Trouble::BadAnswer),
        }
    }
}

/// The first byte that is neither white space nor a byte order mark.
fn first_byte(bytes: &[u8]) -> Option<u8> {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start().first().copied()
}

async fn read_error_body(upstream: &mut Upstream) -> BytesMut {
    let mut body = BytesMut::new();
    let by = Instant::now() + ERROR_BODY_TIMEOUT;
    while body.len() < ERROR_BODY_BYTES {
        match timeout_at(by, upstream.arrival()).await {
            Ok(Arrival::Bytes) => body.extend_from_slice(upstream.undecoded()),
            _ => break,
        }
    }
    body
}
