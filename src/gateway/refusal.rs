//! The one reader of error bodies: OpenAI's object, Cloudflare AI Gateway's array and policy objects, HTML, nothing.

use crate::failure::{Failure, Kind};
use http::HeaderMap;
use serde_json::Value;
use std::time::{Duration, SystemTime};

/// What kind of refusal it is; decides what is tried next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The request itself is refused, by the model's provider or by a guardrail.
    Request,
    /// The conversation is too long for this model.
    ContextLength,
    /// This model takes another name for the token limit.
    TokenLimitName,
    /// This model takes no `temperature`.
    Temperature,
    /// Too many requests.
    RateLimited,
    /// Out of quota, credit or budget.
    Quota,
    /// Our key is refused.
    Key,
    /// Something on the way to the model is set up wrongly.
    Misconfigured,
    /// There is no such model (any more).
    ModelNotFound,
    /// The gateway gave up waiting.
    Timeout,
    /// The gateway or the provider failed.
    Fault,
    /// Another 4xx.
    Other,
}

/// An error answer, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What it means.
    pub class: Class,
    /// The HTTP status it came with.
    pub status: u16,
    /// `error.code` (else `error.type`), when it is a word.
    pub code: Option<String>,
    /// `error.param`, when it is a place in the request.
    pub param: Option<String>,
    /// `retry-after-ms`, else `retry-after`.
    pub retry_after: Option<Duration>,
    /// `x-should-retry`.
    pub should_retry: Option<bool>,
}

impl Refusal {
    /// Reads an error answer. `status` is 200 for an error inside a stream.
    pub fn read(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let error = ErrorObject::find(body);
        let class = error.class().unwrap_or_else(|| class_of_status(error.status(status)));
        Self {
            class,
            status,
            code: error.public_code(),
            param: error.param.filter(|param| is_place(param)),
            retry_after: retry_after(headers, SystemTime::now()),
            should_retry: match headers.get("x-should-retry").map(|value| value.as_bytes()) {
                Some(b"true") => Some(true),
                Some(b"false") => Some(false),
                _ => None,
            },
        }
    }

    /// What the caller is told.
    pub fn failure(&self) -> Failure {
        let kind = match self.class {
            Class::Request | Class::ContextLength | Class::TokenLimitName | Class::Temperature => {
                Kind::Refused
            }
            Class::RateLimited => Kind::RateLimited,
            Class::Quota => Kind::OutOfQuota,
            Class::Key | Class::Misconfigured | Class::ModelNotFound => Kind::GatewayMisconfigured,
            Class::Timeout => Kind::GatewayTimeout,
            Class::Fault | Class::Other => Kind::Gateway,
        };
        let mut failure = Failure::new(kind);
        if matches!(kind, Kind::Refused | Kind::RateLimited | Kind::OutOfQuota) {
            failure = failure.with_gateway_code(self.code.as_deref());
            failure.param = self.param.clone().filter(|_| kind == Kind::Refused);
        }
        if kind == Kind::RateLimited {
            failure.retry_after = self.retry_after.map(|wait| wait.as_millis().div_ceil(1000) as u64);
        }
        failure
    }
}

#[derive(Default)]
struct ErrorObject {
    code: Option<String>,
    kind: Option<String>,
    param: Option<String>,
    message: String,
}

impl ErrorObject {
    /// Looks where the known services put it: `{"error":{…}}`, `{"error":[{…}]}`, `{"errors":[{…}]}`, `[{…}]`,
    /// `{"error":"text"}`, or the members at the top.
    fn find(body: &[u8]) -> Self {
        let Ok(json) = serde_json::from_slice::<Value>(body) else { return Self::default() };
        let filled =
            |value: &&Value| !value.is_null() && value.as_array().is_none_or(|array| !array.is_empty());
        let mut found =
            ["error", "errors"].into_iter().find_map(|name| json.get(name).filter(filled)).unwrap_or(&json);
        found = found.as_array().and_then(|array| array.first()).unwrap_or(found);
        found = found.get("error").filter(|inner| inner.is_object()).unwrap_or(found);
        let text = |name: &str| match &found[name] {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let message = text("message").or_else(|| found.as_str().map(str::to_owned)).unwrap_or_default();
        Self {
            code: text("code"),
            kind: text("type"),
            param: text("param"),
            message: message.to_ascii_lowercase(),
        }
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        [&self.code, &self.kind].into_iter().flatten().map(String::as_str)
    }

    /// What the code says, before any status is looked at.
    fn class(&self) -> Option<Class> {
        self.words().find_map(|word| self.class_of_word(word)).or_else(|| self.class_of_message())
    }

    fn class_of_word(&self, word: &str) -> Option<Class> {
        Some(match word {
            "insufficient_quota"
            | "credit_balance_exhausted"
            | "billing_hard_limit_reached"
            | "billing_not_active"
            | "quota_exceeded"
            | "budget_exceeded" => Class::Quota,
            word if word.starts_with("spend_limit") || word.starts_with("spending_limit") => Class::Quota,
            "context_length_exceeded" => Class::ContextLength,
            "model_not_found" => Class::ModelNotFound,
            "unsupported_parameter" | "unsupported_value" => match self.param.as_deref() {
                Some("max_tokens" | "max_completion_tokens") => Class::TokenLimitName,
                Some("temperature") => Class::Temperature,
                _ => Class::Request,
            },
            "content_filter" | "content_policy_violation" | "2016" | "2017" => Class::Request,
            "rate_limit_exceeded" | "2003" => Class::RateLimited,
            "invalid_api_key" => Class::Key,
            _ => return None,
        })
    }

    /// Cloudflare's spend limits answer 429 as its rate limits do; only the words differ.
    fn class_of_message(&self) -> Option<Class> {
        let spent = ["spend limit", "spending limit"].iter().any(|words| self.message.contains(words));
        spent.then_some(Class::Quota)
    }

    /// The status; an error inside a 200 has that of its numeric code, of its type, or of a fault.
    fn status(&self, status: u16) -> u16 {
        if !(200..300).contains(&status) {
            return status;
        }
        let numeric = self.code.as_deref().and_then(|code| code.parse().ok());
        let named = match self.kind.as_deref() {
            Some("invalid_request_error") => Some(400),
            Some("authentication_error") => Some(401),
            Some("permission_error") => Some(403),
            Some("rate_limit_error" | "requests" | "tokens") => Some(429),
            _ => None,
        };
        numeric.filter(|code| (400..600).contains(code)).or(named).unwrap_or(500)
    }

    fn public_code(&self) -> Option<String> {
        match self.code.as_deref() {
            Some("2016" | "2017") => Some("content_filter".to_owned()),
            Some(code) if code.parse::<f64>().is_err() => Some(code.to_owned()),
            _ => self.kind.clone().filter(|kind| !kind.ends_with("_error")),
        }
    }
}

/// Such as `messages[0].content`: callers read it, so it must not be a sentence that quotes the key or a prompt.
fn is_place(param: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-[]".contains(&byte);
    param.len() <= 64 && param.bytes().all(plain)
}

fn class_of_status(status: u16) -> Class {
    match status {
        400 | 413 | 422 | 424 => Class::Request,
        401 => Class::Key,
        402 => Class::Quota,
        300..=399 | 403 | 404 => Class::Misconfigured,
        408 => Class::Timeout,
        429 => Class::RateLimited,
        409 | 500.. => Class::Fault,
        _ => Class::Other,
    }
}

/// How long the gateway asks us to wait: `retry-after-ms` (as OpenAI's own clients read it), else
/// [`Retry-After`](https://www.rfc-editor.org/rfc/rfc9110#field.retry-after) in seconds or as a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds =
        |text: &str| text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    if let Some(wait) = text("retry-after-ms").and_then(seconds) {
        return Some(wait / 1000);
    }
    let value = text("retry-after")?;
    seconds(value)
        .or_else(|| Some(httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default()))
}

#[cfg(test)]
#[path = "refusal_tests.rs"]
mod tests;
