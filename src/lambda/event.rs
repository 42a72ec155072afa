//! Lambda's events as HTTP requests.
//!
//! The event types are `lambda_http`'s. Its own conversion is not used: it panics on queries, paths, hosts and
//! base64 that anybody on the internet can send.

use crate::{
    app::RequestBody,
    error::{ApiError, ApiErrorKind},
};
use base64::prelude::{BASE64_STANDARD, Engine};
use http::{HeaderMap, Method, Request, Uri};
use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

/// Lambda decodes paths.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// A raw query is encoded already, but for characters that no URI may hold.
const RAW_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`');

/// Reads an event of a Function URL ([payload format 2.0][url]) or of an API Gateway REST API ([format 1.0][rest]).
/// Returns `None` for every other event. Broken base64 is an error of the body.
///
/// [url]: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
/// [rest]: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
pub fn request(event: &[u8]) -> Option<Request<RequestBody>> {
    if let Ok(event) = serde_json::from_slice::<ApiGatewayV2httpRequest>(event) {
        let method = event.request_context.http.method;
        let query = utf8_percent_encode(&event.raw_query_string.unwrap_or_default(), RAW_QUERY).to_string();
        let path = event.raw_path.unwrap_or_default();
        return Some(build(method, &path, &query, event.headers, event.body, event.is_base64_encoded));
    }
    let event: ApiGatewayProxyRequest = serde_json::from_slice(event).ok()?;
    let has_lists = !event.multi_value_headers.is_empty();
    let headers = if has_lists { event.multi_value_headers } else { event.headers };
    let lists = &event.multi_value_query_string_parameters;
    let parameters = if lists.is_empty() { &event.query_string_parameters } else { lists };
    let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    let query = pairs.collect::<Vec<_>>().join("&");
    let path = event.path.unwrap_or_default();
    Some(build(event.http_method, &path, &query, headers, event.body, event.is_base64_encoded))
}

fn build(
    method: Method,
    path: &str,
    query: &str,
    headers: HeaderMap,
    body: Option<String>,
    is_base64: bool,
) -> Request<RequestBody> {
    let path = utf8_percent_encode(path, PATH);
    let target = if query.is_empty() { path.to_string() } else { format!("{path}?{query}") };
    let mut request = Request::new(decoded(body.unwrap_or_default(), is_base64));
    *request.method_mut() = method;
    // A target that no URI can hold belongs to no route.
    *request.uri_mut() = target.parse().unwrap_or_else(|_| Uri::from_static("/"));
    *request.headers_mut() = headers;
    request
}

fn decoded(body: String, is_base64: bool) -> RequestBody {
    if !is_base64 {
        return Ok(body.into());
    }
    let broken = |_| ApiError::from(ApiErrorKind::InvalidJson);
    BASE64_STANDARD.decode(body).map(Into::into).map_err(broken)
}
