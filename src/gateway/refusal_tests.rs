#![allow(clippy::unwrap_used, reason = "a test stops where it fails")]

use super::*;

fn read(status: u16, body: &str) -> Refusal {
    Refusal::read(status, &HeaderMap::new(), body.as_bytes())
}

#[test]
fn bodies_of_the_known_services() {
    for (status, body, class, kind, code) in [
        (
            400,
            r#"{"error":{"message":"m","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
            Class::ContextLength,
            Kind::Refused,
            "context_length_exceeded",
        ),
        (
            400,
            r#"{"error":{"message":"m","type":"invalid_request_error","code":null}}"#,
            Class::Request,
            Kind::Refused,
            "request_refused",
        ),
        (400, r#"{"error":{"code":"content_filter"}}"#, Class::Request, Kind::Refused, "content_filter"),
        (
            403,
            r#"{"error":{"code":"content_policy_violation"}}"#,
            Class::Request,
            Kind::Refused,
            "content_policy_violation",
        ),
        (
            424,
            r#"{"success":false,"error":[{"code":2016,"message":"Prompt blocked"}]}"#,
            Class::Request,
            Kind::Refused,
            "content_filter",
        ),
        (
            424,
            r#"[{"code":"2017","message":"Response blocked"}]"#,
            Class::Request,
            Kind::Refused,
            "content_filter",
        ),
        (
            424,
            r#"{"errors":[{"code":2029,"message":"DLP"}]}"#,
            Class::Request,
            Kind::Refused,
            "request_refused",
        ),
        (413, "", Class::Request, Kind::Refused, "request_refused"),
        (
            429,
            r#"{"error":{"code":"insufficient_quota"}}"#,
            Class::Quota,
            Kind::OutOfQuota,
            "insufficient_quota",
        ),
        (
            429,
            r#"{"error":{"type":"insufficient_quota","code":null}}"#,
            Class::Quota,
            Kind::OutOfQuota,
            "insufficient_quota",
        ),
        (
            403,
            r#"{"error":{"code":"credit_balance_exhausted"}}"#,
            Class::Quota,
            Kind::OutOfQuota,
            "credit_balance_exhausted",
        ),
        (
            429,
            r#"{"errors":[{"code":2021,"message":"Spend limit exceeded"}]}"#,
            Class::Quota,
            Kind::OutOfQuota,
            "insufficient_quota",
        ),
        (402, "<html>", Class::Quota, Kind::OutOfQuota, "insufficient_quota"),
        (
            429,
            r#"{"error":{"code":"rate_limit_exceeded","type":"tokens"}}"#,
            Class::RateLimited,
            Kind::RateLimited,
            "rate_limit_exceeded",
        ),
        (
            429,
            r#"[{"code":2003,"message":"Rate limited"}]"#,
            Class::RateLimited,
            Kind::RateLimited,
            "rate_limited",
        ),
        (429, "", Class::RateLimited, Kind::RateLimited, "rate_limited"),
        (
            401,
            r#"{"error":{"code":"invalid_api_key"}}"#,
            Class::Key,
            Kind::GatewayMisconfigured,
            "gateway_misconfigured",
        ),
        (
            401,
            r#"{"success":false,"errors":[{"code":2009,"message":"Unauthorized"}]}"#,
            Class::Key,
            Kind::GatewayMisconfigured,
            "gateway_misconfigured",
        ),
        (
            404,
            r#"{"error":{"code":"model_not_found"}}"#,
            Class::ModelNotFound,
            Kind::GatewayMisconfigured,
            "gateway_misconfigured",
        ),
        (403, "<html>no</html>", Class::Misconfigured, Kind::GatewayMisconfigured, "gateway_misconfigured"),
        (404, "", Class::Misconfigured, Kind::GatewayMisconfigured, "gateway_misconfigured"),
        (302, "", Class::Misconfigured, Kind::GatewayMisconfigured, "gateway_misconfigured"),
        (408, "", Class::Timeout, Kind::GatewayTimeout, "gateway_timeout"),
        (409, "", Class::Fault, Kind::Gateway, "gateway_error"),
        (500, r#"{"error":{"code":"server_error"}}"#, Class::Fault, Kind::Gateway, "gateway_error"),
        (503, "<html>", Class::Fault, Kind::Gateway, "gateway_error"),
        (418, "", Class::Other, Kind::Gateway, "gateway_error"),
        (
            400,
            r#"{"error":{"code":"unsupported_parameter","param":"max_tokens"}}"#,
            Class::TokenLimitName,
            Kind::Refused,
            "unsupported_parameter",
        ),
        (
            400,
            r#"{"error":{"code":"unsupported_value","param":"temperature"}}"#,
            Class::Temperature,
            Kind::Refused,
            "unsupported_value",
        ),
        (
            400,
            r#"{"error":{"code":"unsupported_parameter","param":"tools"}}"#,
            Class::Request,
            Kind::Refused,
            "unsupported_parameter",
        ),
    ] {
        let refusal = read(status, body);
        let failure = refusal.failure();
        assert_eq!(
            (refusal.class, failure.kind, failure.code.as_ref()),
            (class, kind, code),
            "{status} {body}"
        );
        assert!(!failure.message.contains("blocked") && !failure.message.contains('<'));
    }
}

#[test]
fn errors_inside_a_200() {
    for (body, class) in [
        (r#"{"error":{"message":"x","code":429}}"#, Class::RateLimited),
        (r#"{"error":{"message":"x","type":"invalid_request_error"}}"#, Class::Request),
        (r#"{"error":{"message":"x","code":"rate_limit_exceeded"}}"#, Class::RateLimited),
        (r#"{"error":"overloaded"}"#, Class::Fault),
        (r#"[{"code":2001,"message":"x"}]"#, Class::Fault),
        (r#"{"error":[{"code":2016}]}"#, Class::Request),
    ] {
        assert_eq!(read(200, body).class, class, "{body}");
    }
}

#[test]
fn codes_that_are_no_words_are_not_told() {
    for code in ["\"<script>\"", "\"12\"", "\"1e5\"", "7", "\"a b\"", "\"\""] {
        let body = format!(r#"{{"error":{{"code":{code}}}}}"#);
        assert_eq!(read(400, &body).failure().code, "request_refused", "{code}");
    }
}

#[test]
fn parameters_that_are_no_places_are_not_told() {
    for (param, told) in
        [("messages[0].content", true), ("top_p", true), ("your key sk-1", false), ("a/b", false)]
    {
        let body = format!(r#"{{"error":{{"code":"invalid_value","param":"{param}"}}}}"#);
        assert_eq!(read(400, &body).failure().param.is_some(), told, "{param}");
    }
}

#[test]
fn pauses() {
    let read = |headers: &[(&'static str, &str)]| {
        let headers =
            headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
        Refusal::read(429, &headers.collect(), b"")
    };
    let seconds = |refusal: &Refusal| refusal.retry_after.map(|wait| wait.as_secs_f64());
    assert_eq!(seconds(&read(&[("retry-after", "2")])), Some(2.0));
    assert_eq!(seconds(&read(&[("retry-after", "2"), ("retry-after-ms", "150")])), Some(0.15));
    assert_eq!(seconds(&read(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")])), Some(0.0));
    assert!(
        seconds(&read(&[("retry-after", "Tue, 31 Dec 2199 23:59:59 GMT")]))
            .is_some_and(|seconds| seconds > 1e6)
    );
    assert_eq!(seconds(&read(&[("retry-after", "soon")])), None);
    assert_eq!(seconds(&read(&[("retry-after", "-1")])), None);
    assert_eq!(read(&[("retry-after-ms", "1001")]).failure().retry_after, Some(2));
    assert_eq!(read(&[("x-should-retry", "true")]).should_retry, Some(true));
    assert_eq!(read(&[("x-should-retry", "false")]).should_retry, Some(false));
    assert_eq!(read(&[("x-should-retry", "1")]).should_retry, None);
}
