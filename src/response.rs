//! The response to one request: status, headers and a body, complete or streamed.

use crate::{api_format::ApiFormat, error::ApiError, stream::StreamBody};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use http_body::{Body, Frame, SizeHint};
use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll, ready},
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A body that never fails.
#[derive(Debug)]
pub enum ResponseBody {
    /// All of it.
    Complete(Bytes),
    /// Writes of complete events.
    Stream(Box<StreamBody>),
}

/// One JSON, with the headers that came from the gateway.
pub fn json(gateway_headers: HeaderMap, body: Bytes, request_id: &str) -> Response<ResponseBody> {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    build(gateway_headers, headers, ResponseBody::Complete(body), request_id)
}

/// An HTTP error in the format of the route.
pub fn error(error: &ApiError, format: ApiFormat, request_id: &str) -> Response<ResponseBody> {
    let body = format.error_body(error, request_id).into();
    let mut response = json(HeaderMap::new(), body, request_id);
    *response.status_mut() = error.kind.status();
    let headers = response.headers_mut();
    headers.extend(error.retry_after.map(|seconds| (RETRY_AFTER, seconds.into())));
    headers.extend(error.allow.map(|method| (ALLOW, HeaderValue::from_static(method))));
    response
}

/// An open stream, with the headers that came from the gateway.
pub fn stream(gateway_headers: HeaderMap, body: StreamBody, request_id: &str) -> Response<ResponseBody> {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    build(gateway_headers, headers, ResponseBody::Stream(Box::new(body)), request_id)
}

fn build<const N: usize>(
    gateway_headers: HeaderMap,
    headers: [(HeaderName, HeaderValue); N],
    body: ResponseBody,
    request_id: &str,
) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::OK;
    *response.headers_mut() = gateway_headers;
    response.headers_mut().extend(headers);
    if let Ok(id) = HeaderValue::try_from(request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let data = match &mut *self {
            Self::Complete(bytes) if bytes.is_empty() => None,
            Self::Complete(bytes) => Some(std::mem::take(bytes)),
            Self::Stream(stream) => ready!(stream.poll_write(cx)),
        };
        Poll::Ready(data.map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Complete(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Complete(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}
