//! The response to one request: status, headers and a body, complete or streamed.

use crate::{api_format::ApiFormat, error::ApiError, stream::StreamBody};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use std::convert::Infallible;

/// A body that never fails.
pub type ResponseBody = UnsyncBoxBody<Bytes, Infallible>;

/// One JSON, with the headers that came from the gateway.
pub fn json(gateway_headers: HeaderMap, body: Bytes, request_id: &str) -> Response<ResponseBody> {
    build(gateway_headers, "application/json", "no-store", Full::new(body).boxed_unsync(), request_id)
}

/// An HTTP error in the format of the route.
pub fn error(error: &ApiError, format: ApiFormat, request_id: &str) -> Response<ResponseBody> {
    let body = format.error_body(error, request_id).into();
    let mut response = json(HeaderMap::new(), body, request_id);
    *response.status_mut() = error.kind.status();
    let headers = response.headers_mut();
    headers.extend(error.retry_after.map(|seconds| (header::RETRY_AFTER, seconds.into())));
    headers.extend(error.allow.map(|method| (header::ALLOW, HeaderValue::from_static(method))));
    response
}

/// An open stream, with the headers that came from the gateway.
pub fn stream(gateway_headers: HeaderMap, body: StreamBody, request_id: &str) -> Response<ResponseBody> {
    let (media_type, cache) = ("text/event-stream; charset=utf-8", "no-cache, no-transform");
    let mut response = build(gateway_headers, media_type, cache, body.boxed_unsync(), request_id);
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn build(
    mut headers: HeaderMap,
    media_type: &'static str,
    cache_control: &'static str,
    body: ResponseBody,
    request_id: &str,
) -> Response<ResponseBody> {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    if let Ok(id) = request_id.try_into() {
        headers.insert("x-request-id", id);
    }
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    response
}
