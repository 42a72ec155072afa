//! Why one attempt at one target brought no answer. `docs/failures.md` has the same as tables.

use super::{error_object::ErrorObject, public_words::public_word};
use crate::error::{ApiError, ApiErrorKind};
use http::HeaderMap;
use std::time::{Duration, SystemTime};

/// What an error means for the next step.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub enum ErrorClass {
    /// No connection: refused, no such host, TLS, or longer than the connect time-out.
    NotConnected,
    /// The connection broke before the first event.
    ConnectionLost,
    /// No response head, no first event (while another target is left), or no more bytes in time.
    TooSlow,
    /// The answer is malformed, empty, or a page.
    BadAnswer,
    /// Events where one JSON was asked for.
    WrongFormat,
    /// The answer, or its first event, is over the limit.
    TooLong,
    Refused,
    /// A content filter, a guardrail or data loss prevention blocks the request.
    ContentFilter,
    Denied,
    ContextLength,
    /// The model does not take the parameter that `param` names.
    UnsupportedParameter,
    RateLimited,
    Quota,
    Key,
    /// The gateway's own token is missing or refused.
    GatewayToken,
    GatewayNotSetUp,
    Forbidden,
    /// Something on the way to the model is set up wrongly.
    Misconfigured,
    ModelNotFound,
    /// The gateway's own time-out.
    Timeout,
    /// A guardrail is down and set to block.
    GuardrailDown,
    /// The gateway or the provider failed.
    #[default]
    Fault,
    /// Another 4xx.
    Other,
}
use ErrorClass::*;

/// Why an attempt failed.
#[derive(Debug, Default)]
pub struct UpstreamError {
    pub(super) class: ErrorClass,
    /// The HTTP status; 200 for an error inside a stream.
    pub(super) status: u16,
    /// `error.code`, else `error.type`, when it may be shown.
    pub(super) code: Option<String>,
    /// `error.param` as it came. It may be shown only when it is a place in the request.
    pub(super) param: Option<String>,
    /// `retry-after-ms`, else `retry-after`.
    pub(super) retry_after: Option<Duration>,
    /// `x-should-retry`.
    pub(super) should_retry: Option<bool>,
    /// Cloudflare's error number.
    pub gateway_code: Option<u32>,
}

impl From<ErrorClass> for UpstreamError {
    fn from(class: ErrorClass) -> Self {
        Self { class, ..Self::default() }
    }
}

impl UpstreamError {
    /// Reads an error response. `status` is 200 for an error inside a stream.
    pub fn read(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let error = ErrorObject::find(body);
        let by_word = [&error.code, &error.kind].into_iter().flatten().find_map(|word| class_of_word(word));
        // Cloudflare's spend limits answer 429 like its rate limits. Only the message differs.
        let is_spent = ["spend limit", "spending limit"].iter().any(|words| error.message.contains(words));
        let kind = error.kind.as_deref().and_then(public_word).filter(|kind| !kind.ends_with("_error"));
        Self {
            class: by_word.or(is_spent.then_some(Quota)).unwrap_or_else(|| class_of_status(status, &error)),
            status,
            code: error.code.as_deref().and_then(public_word).or(kind).map(str::to_owned),
            retry_after: retry_after(headers),
            should_retry: headers.get("x-should-retry").and_then(|value| value.to_str().ok()?.parse().ok()),
            // Smaller numbers repeat the HTTP status.
            gateway_code: error.number.filter(|code| (1000..10_000).contains(code)),
            param: error.param,
        }
    }

    /// The error for the caller.
    pub fn api_error(&self) -> ApiError {
        let kind = match self.class {
            Refused | ContentFilter | Denied | ContextLength | UnsupportedParameter => ApiErrorKind::Refused,
            RateLimited => ApiErrorKind::RateLimited,
            Quota => ApiErrorKind::OutOfQuota,
            Key | GatewayToken | GatewayNotSetUp | Forbidden | Misconfigured | ModelNotFound => {
                return ApiErrorKind::GatewayMisconfigured.into();
            }
            Timeout | TooSlow => return ApiErrorKind::GatewayTimeout.into(),
            _ => return ApiErrorKind::Gateway.into(),
        };
        let mut error = ApiError::from(kind);
        let default_code = (self.class == ContentFilter).then_some("content_filter");
        if let Some(code) = self.code.as_deref().or(default_code) {
            error = error.with_code(code.to_owned());
        }
        error.param = self.param.clone().filter(|_| kind == ApiErrorKind::Refused);
        let wait = self.retry_after.filter(|_| kind == ApiErrorKind::RateLimited);
        error.retry_after = wait.map(|wait| wait.as_millis().div_ceil(1000) as u64);
        error
    }
}

/// The class of a code or a type. The numbers are from Cloudflare's pages on authentication, guardrails, DLP, rate
/// limits and spend limits (<https://developers.cloudflare.com/ai-gateway/>).
fn class_of_word(word: &str) -> Option<ErrorClass> {
    Some(match word {
        "insufficient_quota" | "credit_balance_exhausted" | "billing_hard_limit_reached" => Quota,
        "billing_not_active" | "quota_exceeded" | "budget_exceeded" | "2021" | "2040" => Quota,
        _ if word.starts_with("spend_limit") || word.starts_with("spending_limit") => Quota,
        "context_length_exceeded" => ContextLength,
        "model_not_found" => ModelNotFound,
        "unsupported_parameter" | "unsupported_value" => UnsupportedParameter,
        "content_filter" | "content_policy_violation" | "2016" | "2017" | "2029" | "2030" => ContentFilter,
        "rate_limit_exceeded" | "2003" => RateLimited,
        "invalid_api_key" => Key,
        "2001" => GatewayNotSetUp,
        "2009" => GatewayToken,
        "7013" => GuardrailDown,
        _ => return None,
    })
}

/// The class of a status. An error inside a 200 has that of its numeric code or of its type.
fn class_of_status(status: u16, error: &ErrorObject) -> ErrorClass {
    let status = match (error.number, error.kind.as_deref()) {
        _ if !(200..300).contains(&status) => status.into(),
        (Some(code @ 400..600), _) => code,
        (_, Some("invalid_request_error")) => 400,
        (_, Some("authentication_error")) => 401,
        (_, Some("permission_error")) => 403,
        (_, Some("rate_limit_error" | "requests" | "tokens")) => 429,
        _ => 500,
    };
    match status {
        400 | 413 | 422 | 424 => Refused,
        401 => Key,
        402 => Quota,
        403 if error.is_cloudflare || error.number.is_some() => Denied,
        403 if error.is_json => Forbidden,
        300..=399 | 403 | 404 => Misconfigured,
        408 => Timeout,
        410 => ModelNotFound,
        429 => RateLimited,
        409 | 500.. => Fault,
        _ => Other,
    }
}

/// The pause that the gateway asks for: `retry-after-ms`, which OpenAI's packages read too, else
/// [`Retry-After`](https://www.rfc-editor.org/rfc/rfc9110#field.retry-after). Zero and the past count as absent.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |text: &str| Duration::try_from_secs_f64(text.parse().ok()?).ok();
    let date = |text: &str| httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::now()).ok();
    let milliseconds = text("retry-after-ms").and_then(seconds).map(|wait| wait / 1000);
    milliseconds
        .or_else(|| text("retry-after").and_then(|value| seconds(value).or_else(|| date(value))))
        .filter(|wait| !wait.is_zero())
}

#[cfg(test)]
#[path = "upstream_error_tests.rs"]
mod tests;
