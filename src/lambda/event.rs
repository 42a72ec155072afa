//! Lambda's events as HTTP requests.
//!
//! The event types are `lambda_http`'s. Its own conversion is not used: it panics on queries, paths, hosts and
//! base64 that anybody on the internet can send.

use crate::{
    app::{LongQuery, RequestBody},
    error::{ApiError, ApiErrorKind},
    json,
};
use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use http::Request;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::value::RawValue;

/// The members that are read, beside the request context and a REST API's query parameters.
const READ: [&str; 8] = [
    "httpMethod",
    "rawPath",
    "path",
    "rawQueryString",
    "headers",
    "multiValueHeaders",
    "body",
    "isBase64Encoded",
];
/// API Gateway takes 10 kB of request line and headers. A map of parameters takes 31 times its text.
const MAX_PARAMETERS: usize = 64 * 1024;
/// Lambda decodes paths.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// A raw query is encoded already, but for characters that no URI may hold.
const RAW_QUERY: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`');

/// Reads an event of a Function URL ([payload format 2.0][url]) or of an API Gateway REST API ([format 1.0][rest]).
/// Returns `None` for every other event. Broken base64 is an error of the body.
///
/// [url]: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
/// [rest]: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
pub fn request(event: Bytes) -> Option<Request<RequestBody>> {
    let members = read_members(std::str::from_utf8(&event).ok()?)?;
    drop(event); // up to 6 MB
    let url_event = serde_json::from_str::<ApiGatewayV2httpRequest>(&members);
    let (method, path, query, headers, body, is_base64) = match url_event {
        Ok(event) => {
            let query = event.raw_query_string.unwrap_or_default();
            let query = utf8_percent_encode(&query, RAW_QUERY).to_string();
            let method = event.request_context.http.method;
            (method, event.raw_path, query, event.headers, event.body, event.is_base64_encoded)
        }
        Err(_) => {
            let event: ApiGatewayProxyRequest = serde_json::from_str(&members).ok()?;
            let has_lists = !event.multi_value_headers.is_empty();
            let headers = if has_lists { event.multi_value_headers } else { event.headers };
            let lists = &event.multi_value_query_string_parameters;
            let parameters = if lists.is_empty() { &event.query_string_parameters } else { lists };
            let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let pairs = parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
            let query = pairs.collect::<Vec<_>>().join("&");
            (event.http_method, event.path, query, headers, event.body, event.is_base64_encoded)
        }
    };
    drop(members);
    let broken = |_| ApiError::from(ApiErrorKind::InvalidJson);
    let mut request = Request::new(match body.unwrap_or_default() {
        body if is_base64 => BASE64_STANDARD.decode(body).map(Into::into).map_err(broken),
        body => Ok(body.into()),
    });
    let path = utf8_percent_encode(&path.unwrap_or_default(), PATH).to_string();
    let target = if query.is_empty() { path.clone() } else { format!("{path}?{query}") };
    *request.method_mut() = method;
    *request.uri_mut() = target.parse().unwrap_or_else(|_| {
        request.extensions_mut().insert(LongQuery(query));
        // A path that no URI can hold belongs to no route.
        path.parse().unwrap_or_default()
    });
    *request.headers_mut() = headers;
    Some(request)
}

/// The event without the members that nothing reads. The event types would build trees and maps from them, at
/// many times their size.
fn read_members(event: &str) -> Option<String> {
    let is_url_event = json::members(event, ["rawPath"]).ok()?[0].is_some();
    let mut members = String::with_capacity(event.len());
    json::for_each_member(event, |name, value| {
        let is_parameters = name.ends_with("ueryStringParameters");
        if name == "requestContext" {
            let read = json::members(value.get(), ["http", "httpMethod"]).unwrap_or_default();
            let [http, method] = read.map(|value| value.map_or("null", RawValue::get));
            members.push_str(&format!(r#","requestContext":{{"http":{http},"httpMethod":{method}}}"#));
        } else if READ.contains(&name)
            || (is_parameters && !is_url_event && value.get().len() <= MAX_PARAMETERS)
        {
            members.push_str(&format!(",\"{name}\":"));
            members.push_str(value.get());
        }
    })
    .ok()?;
    members.push('}');
    // The comma before the first member is one too many.
    if members.len() > 1 {
        members.replace_range(..1, "{");
    }
    Some(members)
}
