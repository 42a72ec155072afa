#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;
use crate::memory_tests;
use crate::{app::RequestBody, error::ApiErrorKind};
use http::{Request, Uri};
use serde_json::{Value, json};

fn url_event(path: &str, query: &str, body: &str, is_base64: bool) -> Value {
    json!({"version":"2.0","rawPath":path,"rawQueryString":query,"headers":{"x-name":"Zoë"},
        "requestContext":{"http":{"method":"POST","path":"/"},"timeEpoch":1},"body":body,"isBase64Encoded":is_base64})
}

fn read(event: &Value) -> Request<RequestBody> {
    event::request(event.to_string().into()).unwrap()
}

#[test]
fn reads_odd_paths_queries_and_headers() {
    let request = read(&url_event("/a b/é", "a=<\"&jwt=x%20y", "{}", false));
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/a%20b/%C3%A9"));
    assert_eq!(request.uri().query(), Some("a=%3C%22&jwt=x%20y"));
    assert_eq!(request.headers()["x-name"].as_bytes(), "Zoë".as_bytes());
    for path in [":x", "//host", "", "*", "/\u{0}", &"x".repeat(70_000)] {
        read(&url_event(path, "", "", false));
    }
    for query in ["<", "\"", " ", "#", "é", "\u{7f}", "%", &"x".repeat(70_000)] {
        read(&url_event("/health", query, "", false));
    }
}

#[test]
fn decodes_base64() {
    assert_eq!(read(&url_event("/", "", "e30=", true)).into_body(), Ok("{}".into()));
    assert_eq!(read(&url_event("/", "", "e30=", false)).into_body(), Ok("e30=".into()));
    let broken = read(&url_event("/", "", "not base64!", true)).into_body();
    assert_eq!(broken.map_err(|error| error.kind), Err(ApiErrorKind::InvalidJson));
}

#[test]
fn reads_api_gateway_events() {
    let event = json!({"httpMethod":"POST","path":"/conversations","headers":{"authorization":"a"},
        "multiValueHeaders":{"Authorization":["a","b"]},"queryStringParameters":{"jwt":"x"},
        "multiValueQueryStringParameters":{"jwt":["x","y+z"]},"body":"e30=","isBase64Encoded":true,
        "requestContext":{"httpMethod":"POST"}});
    let request = read(&event);
    assert_eq!(
        (request.method().as_str(), request.uri()),
        ("POST", &Uri::from_static("/conversations?jwt=x&jwt=y%2Bz"))
    );
    assert_eq!(request.headers().get_all("authorization").iter().count(), 2);
    assert_eq!(request.into_body(), Ok("{}".into()));
    let minimal = json!({"httpMethod":"GET","path":"/health","headers":null,"multiValueHeaders":null,
        "queryStringParameters":null,"multiValueQueryStringParameters":null,"pathParameters":null,
        "stageVariables":null,"body":null,"isBase64Encoded":false,"requestContext":{"httpMethod":"GET"}});
    assert_eq!(read(&minimal).uri(), &Uri::from_static("/health"));
}

#[test]
fn rejects_other_events() {
    for event in ["{\"Records\":[]}", "null", "[]", "1", "{", "{\"requestContext\":{\"http\":{}}}"] {
        assert!(event::request(event.into()).is_none(), "{event}");
    }
}

#[test]
fn names_what_lambda_has_not_set() {
    let error = RuntimeApi::new(|_| None).map(drop).unwrap_err();
    assert!(
        error.starts_with("AWS_LAMBDA_RUNTIME_API is not set") && error.contains("cargo run --example local")
    );
    for address in ["", "http://", "no host"] {
        assert!(RuntimeApi::new(|_| Some(address.to_owned())).is_err(), "{address}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(60))]

    #[test]
    fn takes_little_memory_for_any_event(
        json in memory_tests::large_json(&["requestContext", "authorizer", "body", "queryStringParameters", "http"]),
    ) {
        memory_tests::is_bounded(&json, || event::request(json.clone().into()))?;
    }
}
