//! A request of HTTP as the event that a Lambda Function URL makes of it (payload format 2.0).

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use serde_json::{Value, json};
use time::OffsetDateTime;

/// What an event says beside the request itself.
pub struct Circumstances<'a> {
    /// The invocation's id.
    pub request_id: &'a str,
    /// The `X-Amzn-Trace-Id` of the invocation.
    pub trace_id: &'a str,
    /// Who called.
    pub caller: SocketAddr,
}

/// The event's JSON, ready for the handler.
pub fn payload(request: &Parts, body: &Bytes, circumstances: &Circumstances<'_>) -> Bytes {
    let path = request.uri.path();
    let query = request.uri.query().unwrap_or_default();
    let source = circumstances.caller.ip().to_string();
    let now = OffsetDateTime::now_utc();
    let mut headers = joined(&request.headers);
    headers.extend([
        ("x-amzn-trace-id".to_owned(), circumstances.trace_id.to_owned()),
        ("x-forwarded-for".to_owned(), source.clone()),
        ("x-forwarded-port".to_owned(), "443".to_owned()),
        ("x-forwarded-proto".to_owned(), "https".to_owned()),
    ]);
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            "domainName": first(&request.headers, &HOST),
            "domainPrefix": "local",
            "http": {
                "method": request.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": source,
                "userAgent": first(&request.headers, &USER_AGENT),
            },
            "requestId": circumstances.request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": clock(now),
            "timeEpoch": now.unix_timestamp() * 1000 + i64::from(now.millisecond()),
        },
        "isBase64Encoded": false,
    });
    add_optional(&mut event, request, body);
    Bytes::from(event.to_string())
}

/// The members that Lambda leaves out when there is nothing to say.
fn add_optional(event: &mut Value, request: &Parts, body: &Bytes) {
    let query = request.uri.query().unwrap_or_default();
    let cookies: Vec<String> = values(&request.headers, &COOKIE)
        .flat_map(|line| line.split("; ").map(str::to_owned).collect::<Vec<_>>())
        .collect();
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !query.is_empty() {
        event["queryStringParameters"] = json!(parameters(query));
    }
    if !body.is_empty() {
        let (text, encoded) = written(&request.headers, body);
        event["body"] = Value::String(text);
        event["isBase64Encoded"] = Value::Bool(encoded);
    }
}

/// Lambda passes text as it is and everything else in base64.
fn written(headers: &HeaderMap, body: &Bytes) -> (String, bool) {
    let kind = first(headers, &CONTENT_TYPE).to_ascii_lowercase();
    let is_text = kind.starts_with("text/")
        || ["application/json", "application/xml", "application/javascript"]
            .iter()
            .any(|text| kind.starts_with(text));
    match std::str::from_utf8(body) {
        Ok(text) if is_text => (text.to_owned(), false),
        _ => (STANDARD.encode(body), true),
    }
}

/// Header names in lower case, repeated ones joined by a comma; cookies have a place of their own.
fn joined(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .keys()
        .filter(|name| **name != COOKIE)
        .map(|name| (name.to_string(), values(headers, name).collect::<Vec<_>>().join(",")))
        .collect()
}

fn first(headers: &HeaderMap, name: &HeaderName) -> String {
    values(headers, name).next().unwrap_or_default()
}

fn values(headers: &HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Decoded parameters, repeated ones joined by a comma, as Lambda gives them.
fn parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::<String, String>::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        parameters
            .entry(decoded(name))
            .and_modify(|before| {
                before.push(',');
                before.push_str(&decoded(value));
            })
            .or_insert_with(|| decoded(value));
    }
    parameters
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let escaped = tail
            .get(..2)
            .filter(|_| byte == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(if byte == b'+' { b' ' } else { byte }));
        rest = if escaped.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `22/Nov/2026:14:38:05 +0000`.
fn clock(now: OffsetDateTime) -> String {
    let month: String = now.month().to_string().chars().take(3).collect();
    let (hour, minute, second) = now.to_hms();
    format!("{:02}/{month}/{}:{hour:02}:{minute:02}:{second:02} +0000", now.day(), now.year())
}
