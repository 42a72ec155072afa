#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;

#[path = "error_bodies_tests.rs"]
mod error_bodies_tests;

fn read(status: u16, body: &str) -> UpstreamError {
    UpstreamError::read(status, &HeaderMap::new(), body.as_bytes())
}

#[test]
fn reads_errors_inside_a_200() {
    for (body, class) in [
        (r#"{"error":{"message":"x","code":429}}"#, ErrorClass::RateLimited),
        (r#"{"error":{"message":"x","type":"invalid_request_error"}}"#, ErrorClass::Refused),
        (r#"{"error":{"message":"x","code":"rate_limit_exceeded"}}"#, ErrorClass::RateLimited),
        (r#"{"error":"overloaded"}"#, ErrorClass::Fault),
        (r#"[{"code":2001,"message":"x"}]"#, ErrorClass::GatewayNotSetUp),
        (r#"{"error":[{"code":2016}]}"#, ErrorClass::ContentFilter),
    ] {
        assert_eq!(read(200, body).class, class, "{body}");
    }
}

#[test]
fn shows_no_code_that_is_not_a_word() {
    for code in ["\"<script>\"", "\"12\"", "\"1e5\"", "7", "\"a b\"", "\"\""] {
        let body = format!(r#"{{"error":{{"code":{code}}}}}"#);
        assert_eq!(read(400, &body).api_error().code, "request_refused", "{code}");
    }
}

#[test]
fn reads_cloudflares_number() {
    assert_eq!(read(424, r#"{"errors":[{"code":2016}]}"#).gateway_code, Some(2016));
    assert_eq!(read(500, r#"{"error":{"code":500}}"#).gateway_code, None);
}

#[test]
fn zero_and_the_past_are_no_pause() {
    for (name, value) in
        [("retry-after", "0"), ("retry-after-ms", "0"), ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]
    {
        let headers = HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())]);
        assert_eq!(UpstreamError::read(429, &headers, b"").retry_after, None, "{name}: {value}");
    }
}

#[test]
fn reads_pauses() {
    let read = |headers: &[(&'static str, &str)]| {
        let headers =
            headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
        UpstreamError::read(429, &headers.collect(), b"")
    };
    let seconds = |response: &UpstreamError| response.retry_after.map(|wait| wait.as_secs_f64());
    assert_eq!(seconds(&read(&[("retry-after", "2")])), Some(2.0));
    assert_eq!(seconds(&read(&[("retry-after", "2"), ("retry-after-ms", "150")])), Some(0.15));
    assert_eq!(seconds(&read(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")])), None);
    assert!(
        seconds(&read(&[("retry-after", "Tue, 31 Dec 2199 23:59:59 GMT")]))
            .is_some_and(|seconds| seconds > 1e6)
    );
    assert_eq!(seconds(&read(&[("retry-after", "soon")])), None);
    assert_eq!(seconds(&read(&[("retry-after", "-1")])), None);
    assert_eq!(read(&[("retry-after-ms", "1001")]).api_error().retry_after, Some(2));
    assert_eq!(read(&[("x-should-retry", "true")]).should_retry, Some(true));
    assert_eq!(read(&[("x-should-retry", "false")]).should_retry, Some(false));
    assert_eq!(read(&[("x-should-retry", "1")]).should_retry, None);
}
