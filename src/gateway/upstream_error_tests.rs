#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;

fn read(status: u16, body: &str) -> UpstreamError {
    UpstreamError::read(status, &HeaderMap::new(), body.as_bytes())
}

#[test]
fn reads_the_bodies_of_known_services() {
    for (status, body, class, kind, code) in [
        (
            400,
            r#"{"error":{"message":"m","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
            ErrorClass::ContextLength,
            ApiErrorKind::Refused,
            "context_length_exceeded",
        ),
        (
            400,
            r#"{"error":{"message":"m","type":"invalid_request_error","code":null}}"#,
            ErrorClass::Refused,
            ApiErrorKind::Refused,
            "request_refused",
        ),
        (
            400,
            r#"{"error":{"code":"content_filter"}}"#,
            ErrorClass::ContentFilter,
            ApiErrorKind::Refused,
            "content_filter",
        ),
        (
            403,
            r#"{"error":{"code":"content_policy_violation"}}"#,
            ErrorClass::ContentFilter,
            ApiErrorKind::Refused,
            "content_policy_violation",
        ),
        (
            424,
            r#"{"success":false,"error":[{"code":2016,"message":"Prompt blocked"}]}"#,
            ErrorClass::ContentFilter,
            ApiErrorKind::Refused,
            "content_filter",
        ),
        (
            424,
            r#"[{"code":"2017","message":"Response blocked"}]"#,
            ErrorClass::ContentFilter,
            ApiErrorKind::Refused,
            "content_filter",
        ),
        (
            424,
            r#"{"errors":[{"code":2029,"message":"DLP"}]}"#,
            ErrorClass::ContentFilter,
            ApiErrorKind::Refused,
            "content_filter",
        ),
        (413, "", ErrorClass::Refused, ApiErrorKind::Refused, "request_refused"),
        (
            429,
            r#"{"error":{"code":"insufficient_quota"}}"#,
            ErrorClass::Quota,
            ApiErrorKind::OutOfQuota,
            "insufficient_quota",
        ),
        (
            429,
            r#"{"error":{"type":"insufficient_quota","code":null}}"#,
            ErrorClass::Quota,
            ApiErrorKind::OutOfQuota,
            "insufficient_quota",
        ),
        (
            403,
            r#"{"error":{"code":"credit_balance_exhausted"}}"#,
            ErrorClass::Quota,
            ApiErrorKind::OutOfQuota,
            "credit_balance_exhausted",
        ),
        (
            429,
            r#"{"errors":[{"code":2021,"message":"Spend limit exceeded"}]}"#,
            ErrorClass::Quota,
            ApiErrorKind::OutOfQuota,
            "insufficient_quota",
        ),
        (402, "<html>", ErrorClass::Quota, ApiErrorKind::OutOfQuota, "insufficient_quota"),
        (
            429,
            r#"{"error":{"code":"rate_limit_exceeded","type":"tokens"}}"#,
            ErrorClass::RateLimited,
            ApiErrorKind::RateLimited,
            "rate_limit_exceeded",
        ),
        (
            429,
            r#"[{"code":2003,"message":"Rate limited"}]"#,
            ErrorClass::RateLimited,
            ApiErrorKind::RateLimited,
            "rate_limited",
        ),
        (429, "", ErrorClass::RateLimited, ApiErrorKind::RateLimited, "rate_limited"),
        (
            401,
            r#"{"error":{"code":"invalid_api_key"}}"#,
            ErrorClass::Key,
            ApiErrorKind::GatewayMisconfigured,
            "gateway_misconfigured",
        ),
        (
            401,
            r#"{"success":false,"errors":[{"code":2009,"message":"Unauthorized"}]}"#,
            ErrorClass::GatewayToken,
            ApiErrorKind::GatewayMisconfigured,
            "gateway_misconfigured",
        ),
        (
            404,
            r#"{"error":{"code":"model_not_found"}}"#,
            ErrorClass::ModelNotFound,
            ApiErrorKind::GatewayMisconfigured,
            "gateway_misconfigured",
        ),
        (
            403,
            "<html>no</html>",
            ErrorClass::Misconfigured,
            ApiErrorKind::GatewayMisconfigured,
            "gateway_misconfigured",
        ),
        (404, "", ErrorClass::Misconfigured, ApiErrorKind::GatewayMisconfigured, "gateway_misconfigured"),
        (302, "", ErrorClass::Misconfigured, ApiErrorKind::GatewayMisconfigured, "gateway_misconfigured"),
        (
            403,
            r#"{"success":false,"errors":[{"code":2999}]}"#,
            ErrorClass::Denied,
            ApiErrorKind::Refused,
            "request_refused",
        ),
        (
            403,
            r#"{"errors":[{"code":2040,"message":"Budget"}]}"#,
            ErrorClass::Quota,
            ApiErrorKind::OutOfQuota,
            "insufficient_quota",
        ),
        (
            403,
            r#"{"error":{"type":"permission_error"}}"#,
            ErrorClass::Forbidden,
            ApiErrorKind::GatewayMisconfigured,
            "gateway_misconfigured",
        ),
        (
            503,
            r#"{"errors":[{"code":7013,"message":"Guardrail"}]}"#,
            ErrorClass::GuardrailDown,
            ApiErrorKind::Gateway,
            "gateway_error",
        ),
        (
            400,
            r#"{"errors":[{"code":2001,"message":"No gateway"}]}"#,
            ErrorClass::GatewayNotSetUp,
            ApiErrorKind::GatewayMisconfigured,
            "gateway_misconfigured",
        ),
        (
            429,
            r#"{"error":"Spending limit exceeded"}"#,
            ErrorClass::Quota,
            ApiErrorKind::OutOfQuota,
            "insufficient_quota",
        ),
        (410, "", ErrorClass::ModelNotFound, ApiErrorKind::GatewayMisconfigured, "gateway_misconfigured"),
        (408, "", ErrorClass::Timeout, ApiErrorKind::GatewayTimeout, "gateway_timeout"),
        (409, "", ErrorClass::Fault, ApiErrorKind::Gateway, "gateway_error"),
        (
            500,
            r#"{"error":{"code":"server_error"}}"#,
            ErrorClass::Fault,
            ApiErrorKind::Gateway,
            "gateway_error",
        ),
        (503, "<html>", ErrorClass::Fault, ApiErrorKind::Gateway, "gateway_error"),
        (418, "", ErrorClass::Other, ApiErrorKind::Gateway, "gateway_error"),
        (
            400,
            r#"{"error":{"code":"unsupported_parameter","param":"max_tokens"}}"#,
            ErrorClass::UnsupportedParameter,
            ApiErrorKind::Refused,
            "unsupported_parameter",
        ),
        (
            400,
            r#"{"error":{"code":"unsupported_value","param":"temperature"}}"#,
            ErrorClass::UnsupportedParameter,
            ApiErrorKind::Refused,
            "unsupported_value",
        ),
        (
            400,
            r#"{"error":{"code":"unsupported_parameter","param":"tools"}}"#,
            ErrorClass::UnsupportedParameter,
            ApiErrorKind::Refused,
            "unsupported_parameter",
        ),
    ] {
        let response = read(status, body);
        let error = response.api_error();
        assert_eq!((response.class, error.kind, error.code.as_ref()), (class, kind, code), "{status} {body}");
        assert!(!error.message.contains("blocked") && !error.message.contains('<'));
    }
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
