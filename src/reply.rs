//! The reply to one call, whole or streamed: status, headers, body. Knows neither what was asked nor how Lambda wants it.

use crate::{dialect::Dialect, failure::Failure, relay::StreamBody};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use http_body::{Body, Frame, SizeHint};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Status, headers and body.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers, but for CORS: that is the Function URL's matter.
    pub headers: HeaderMap,
    /// The body.
    pub body: ReplyBody,
}

/// A body that never fails.
#[derive(Debug)]
pub enum ReplyBody {
    /// All of it, until it is taken.
    Whole(Bytes),
    /// Writes, each of whole events.
    Stream(Box<StreamBody>),
}

impl Reply {
    /// One JSON, with the gateway's headers that the caller may see.
    pub fn json(gateway_headers: HeaderMap, body: Bytes, request_id: &str) -> Self {
        let mut headers = gateway_headers;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        insert(&mut headers, REQUEST_ID, request_id);
        Self { status: StatusCode::OK, headers, body: ReplyBody::Whole(body) }
    }

    /// An HTTP error in the words of the route.
    pub fn failure(failure: &Failure, dialect: Dialect, request_id: &str) -> Self {
        let body = dialect.error_body(failure, request_id).into();
        let mut reply = Self { status: failure.status(), ..Self::json(HeaderMap::new(), body, request_id) };
        reply.headers.extend(failure.retry_after.map(|seconds| (RETRY_AFTER, seconds.into())));
        reply.headers.extend(failure.allow.map(|method| (ALLOW, HeaderValue::from_static(method))));
        reply
    }

    /// An open stream.
    pub fn stream(body: StreamBody, gateway_headers: HeaderMap, request_id: &str) -> Self {
        let mut headers = gateway_headers;
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        insert(&mut headers, REQUEST_ID, request_id);
        Self { status: StatusCode::OK, headers, body: ReplyBody::Stream(Box::new(body)) }
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let data = match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => None,
            Self::Whole(bytes) => Some(std::mem::take(bytes)),
            Self::Stream(stream) => ready!(stream.poll_write(cx)),
        };
        Poll::Ready(data.map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}
