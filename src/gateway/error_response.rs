//! What an error response of a gateway means.

use super::{error_class::ErrorClass, error_object::ErrorObject, public_words::public_word};
use crate::error::{ApiError, ApiErrorKind};
use http::HeaderMap;
use std::time::{Duration, SystemTime};

/// An error response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorResponse {
    /// What it means.
    pub class: ErrorClass,
    /// The HTTP status; 200 for an error inside a stream.
    pub status: u16,
    /// `error.code`, else `error.type`, when it may be shown.
    pub code: Option<String>,
    /// `error.param` as it came. It may be shown only when it is a place in the request.
    pub param: Option<String>,
    /// `retry-after-ms`, else `retry-after`.
    pub retry_after: Option<Duration>,
    /// `x-should-retry`.
    pub should_retry: Option<bool>,
    /// Cloudflare's error number.
    pub gateway_code: Option<u32>,
}

impl ErrorResponse {
    /// Reads an error response. `status` is 200 for an error inside a stream.
    pub fn read(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let error = ErrorObject::find(body);
        let gateway_code = error.code.as_deref().and_then(|code| code.parse().ok());
        Self {
            class: class(&error, status),
            status,
            code: public_code(&error),
            retry_after: retry_after(headers, SystemTime::now()),
            should_retry: match headers.get("x-should-retry").map(|value| value.as_bytes()) {
                Some(b"true") => Some(true),
                Some(b"false") => Some(false),
                _ => None,
            },
            // Smaller numbers repeat the HTTP status.
            gateway_code: gateway_code.filter(|code| (1000..10_000).contains(code)),
            param: error.param,
        }
    }

    /// The error for the caller.
    pub fn api_error(&self) -> ApiError {
        use ErrorClass::*;
        let kind = match self.class {
            Refused | ContentFilter | Denied | ContextLength | UnsupportedParameter => ApiErrorKind::Refused,
            RateLimited => ApiErrorKind::RateLimited,
            Quota => ApiErrorKind::OutOfQuota,
            Key | GatewayToken | GatewayNotSetUp | Forbidden | Misconfigured | ModelNotFound => {
                ApiErrorKind::GatewayMisconfigured
            }
            Timeout => ApiErrorKind::GatewayTimeout,
            GuardrailDown | Fault | Other => ApiErrorKind::Gateway,
        };
        let mut error = ApiError::from(kind);
        match (kind, &self.code) {
            (ApiErrorKind::Refused | ApiErrorKind::RateLimited | ApiErrorKind::OutOfQuota, Some(code)) => {
                error = error.with_code(code.clone());
            }
            (ApiErrorKind::Refused, None) if self.class == ContentFilter => {
                error = error.with_code("content_filter");
            }
            _ => {}
        }
        error.param = self.param.clone().filter(|_| kind == ApiErrorKind::Refused);
        if kind == ApiErrorKind::RateLimited {
            error.retry_after = self.retry_after.map(|wait| wait.as_millis().div_ceil(1000) as u64);
        }
        error
    }
}

fn class(error: &ErrorObject, status: u16) -> ErrorClass {
    let words = [&error.code, &error.kind];
    let by_word = words.into_iter().flatten().find_map(|word| class_of_word(word, error));
    // Cloudflare's spend limits answer 429 like its rate limits. Only the message differs.
    let is_spent = || ["spend limit", "spending limit"].iter().any(|words| error.message.contains(words));
    by_word
        .or_else(|| is_spent().then_some(ErrorClass::Quota))
        .unwrap_or_else(|| class_of_status(status_of(error, status), error))
}

fn class_of_word(word: &str, error: &ErrorObject) -> Option<ErrorClass> {
    Some(match word {
        "insufficient_quota"
        | "credit_balance_exhausted"
        | "billing_hard_limit_reached"
        | "billing_not_active"
        | "quota_exceeded"
        | "budget_exceeded" => ErrorClass::Quota,
        _ if word.starts_with("spend_limit") || word.starts_with("spending_limit") => ErrorClass::Quota,
        "context_length_exceeded" => ErrorClass::ContextLength,
        "model_not_found" => ErrorClass::ModelNotFound,
        "unsupported_parameter" | "unsupported_value" => ErrorClass::UnsupportedParameter,
        "content_filter" | "content_policy_violation" => ErrorClass::ContentFilter,
        "rate_limit_exceeded" => ErrorClass::RateLimited,
        "invalid_api_key" => ErrorClass::Key,
        _ => return error.code.as_deref().filter(|code| *code == word)?.parse().ok().and_then(ErrorClass::of_cloudflare_code),
    })
}

/// The status. An error inside a 200 has that of its numeric code or of its type.
fn status_of(error: &ErrorObject, status: u16) -> u16 {
    if !(200..300).contains(&status) {
        return status;
    }
    let numeric = error.code.as_deref().and_then(|code| code.parse().ok());
    let named = match error.kind.as_deref() {
        Some("invalid_request_error") => Some(400),
        Some("authentication_error") => Some(401),
        Some("permission_error") => Some(403),
        Some("rate_limit_error" | "requests" | "tokens") => Some(429),
        _ => None,
    };
    numeric.filter(|code| (400..600).contains(code)).or(named).unwrap_or(500)
}

fn class_of_status(status: u16, error: &ErrorObject) -> ErrorClass {
    match status {
        400 | 413 | 422 | 424 => ErrorClass::Refused,
        401 => ErrorClass::Key,
        402 => ErrorClass::Quota,
        403 if error.is_cloudflare => ErrorClass::Denied,
        403 if error.is_json && error.code.as_ref().is_some_and(|code| code.parse::<u32>().is_ok()) => {
            ErrorClass::Denied
        }
        403 if error.is_json => ErrorClass::Forbidden,
        300..=399 | 403 | 404 => ErrorClass::Misconfigured,
        408 => ErrorClass::Timeout,
        410 => ErrorClass::ModelNotFound,
        429 => ErrorClass::RateLimited,
        409 | 500.. => ErrorClass::Fault,
        _ => ErrorClass::Other,
    }
}

fn public_code(error: &ErrorObject) -> Option<String> {
    let code = error.code.as_deref().and_then(public_word);
    let kind = || error.kind.as_deref().and_then(public_word).filter(|kind| !kind.ends_with("_error"));
    code.or_else(kind).map(str::to_owned)
}

/// The pause that the gateway asks for: `retry-after-ms`, which OpenAI's packages read too, else
/// [`Retry-After`](https://www.rfc-editor.org/rfc/rfc9110#field.retry-after). Zero and the past count as absent.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds =
        |text: &str| text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let date = |text: &str| httpdate::parse_http_date(text).ok()?.duration_since(now).ok();
    let milliseconds = text("retry-after-ms").and_then(seconds).map(|wait| wait / 1000);
    milliseconds
        .or_else(|| text("retry-after").and_then(|value| seconds(value).or_else(|| date(value))))
        .filter(|wait| !wait.is_zero())
}

#[cfg(test)]
#[path = "error_response_tests.rs"]
mod tests;
