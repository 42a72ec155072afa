//! What went wrong, as the caller may know it. It alone decides status and code, and has a sentence for each kind, which
//! whoever knows better replaces ([`Failure::with_message`]). Knows neither the route nor how an error is written down.

use http::StatusCode;
use std::borrow::Cow;

/// A failure of one request. Nothing in it is a secret, an upstream body or a stack.
///
/// ```
/// use gptdock::{dialect::Dialect, failure::{Failure, Kind}};
///
/// let failure = Failure::new(Kind::TooLarge);
/// assert_eq!(failure.status(), 413);
/// assert_eq!(
///     Dialect::Web.error_body(&failure, "r-1"),
///     br#"{"error":"The request is too large.","code":"request_too_large","request_id":"r-1"}"#
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The row of the contract's table.
    pub kind: Kind,
    /// The machine-readable code.
    pub code: Cow<'static, str>,
    /// One sentence that a person understands.
    pub message: Cow<'static, str>,
    /// The parameter of the request that is wrong, as OpenAI names it.
    pub param: Option<String>,
    /// The value of [`Retry-After`](https://www.rfc-editor.org/rfc/rfc9110#field.retry-after), in whole seconds.
    pub retry_after: Option<u64>,
    /// The value of `Allow`.
    pub allow: Option<&'static str>,
}

/// The kinds of failure, one for each row of the contract's section 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Not JSON, or nothing.
    InvalidJson,
    /// JSON of the wrong shape.
    InvalidRequest,
    /// A body over the limit.
    TooLarge,
    /// No or bad credentials.
    Unauthorized,
    /// No such path.
    NotFound,
    /// A known path with another method.
    MethodNotAllowed,
    /// A model that callers may not ask for.
    ModelNotFound,
    /// The gateway refuses the request itself.
    Refused,
    /// The gateway says: too many requests.
    RateLimited,
    /// Out of quota or credit.
    OutOfQuota,
    /// The gateway refuses the key, or knows no such model or gateway.
    GatewayMisconfigured,
    /// The gateway failed, or its answer made no sense.
    Gateway,
    /// The gateway was too slow.
    GatewayTimeout,
    /// The Lambda deadline came before the answer was whole.
    Deadline,
    /// No key can be had.
    SecretUnavailable,
    /// Our own fault.
    Internal,
}

impl Kind {
    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        match self {
            Self::InvalidJson | Self::Refused => StatusCode::BAD_REQUEST,
            Self::InvalidRequest => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::NotFound | Self::ModelNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RateLimited | Self::OutOfQuota => StatusCode::TOO_MANY_REQUESTS,
            Self::GatewayMisconfigured | Self::Gateway => StatusCode::BAD_GATEWAY,
            Self::GatewayTimeout | Self::Deadline => StatusCode::GATEWAY_TIMEOUT,
            Self::SecretUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The code when nobody named a better one.
    fn code(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::InvalidRequest => "invalid_request",
            Self::TooLarge => "request_too_large",
            Self::Unauthorized => "unauthorized",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::ModelNotFound => "model_not_found",
            Self::Refused => "request_refused",
            Self::RateLimited => "rate_limited",
            Self::OutOfQuota => "insufficient_quota",
            Self::GatewayMisconfigured => "gateway_misconfigured",
            Self::Gateway => "gateway_error",
            Self::GatewayTimeout => "gateway_timeout",
            Self::Deadline => "deadline",
            Self::SecretUnavailable => "secret_unavailable",
            Self::Internal => "internal",
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::InvalidJson => "The request body is not JSON.",
            Self::InvalidRequest => "The request has the wrong shape.",
            Self::TooLarge => "The request is too large.",
            Self::Unauthorized => "The request carries no valid credentials.",
            Self::NotFound => "There is no such path.",
            Self::MethodNotAllowed => "This path does not take that method.",
            Self::ModelNotFound => "The model does not exist, or may not be used here.",
            Self::Refused => "The AI service refused the request.",
            Self::RateLimited => "The AI service is receiving too many requests. Please try again shortly.",
            Self::OutOfQuota => "The AI service's quota is used up. Please tell the administrator.",
            Self::GatewayMisconfigured => {
                "The AI service is not set up correctly. Please tell the administrator."
            }
            Self::Gateway => "The AI service failed to answer. Please try again.",
            Self::GatewayTimeout => "The AI service took too long to answer. Please try again.",
            Self::Deadline => "The answer took longer than this service may run.",
            Self::SecretUnavailable => {
                "The AI service's key can't be read at the moment. Please try again shortly."
            }
            Self::Internal => "Something went wrong on our side. Please try again.",
        }
    }

    /// OpenAI's `error.type`.
    pub fn openai_type(self) -> &'static str {
        match self {
            Self::InvalidJson
            | Self::InvalidRequest
            | Self::TooLarge
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::ModelNotFound
            | Self::Refused => "invalid_request_error",
            Self::Unauthorized => "authentication_error",
            Self::RateLimited => "rate_limit_error",
            Self::OutOfQuota => "insufficient_quota",
            _ => "server_error",
        }
    }
}

impl Failure {
    /// A failure with the code and the sentence of its kind.
    pub fn new(kind: Kind) -> Self {
        let (code, message) = (Cow::Borrowed(kind.code()), Cow::Borrowed(kind.message()));
        Self { kind, code, message, param: None, retry_after: None, allow: None }
    }

    /// A request of the wrong shape; `place` is a path such as `messages[1].content.parts[0]`.
    pub fn invalid_request(place: &str, what: &str) -> Self {
        let message = Cow::Owned(format!("{place}: {what}"));
        Self { message, param: Some(place.to_owned()), ..Self::new(Kind::InvalidRequest) }
    }

    /// The same failure with another sentence.
    pub fn with_message(self, message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// The same failure under the code of a gateway, with a better sentence where that code has one.
    /// Codes that are not plain words (numbers above all) are not told.
    pub fn with_gateway_code(mut self, code: Option<&str>) -> Self {
        let Some(code) = code.filter(|code| is_plain_word(code)) else { return self };
        self.code = Cow::Owned(code.to_owned());
        self.message = match code {
            "context_length_exceeded" => {
                "The conversation is too long for the model. Please shorten it or start a new one.".into()
            }
            "content_filter" | "content_policy_violation" => {
                "The content filter refused this message. Please rephrase it.".into()
            }
            _ => self.message,
        };
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.kind.status()
    }
}

impl From<Kind> for Failure {
    fn from(kind: Kind) -> Self {
        Self::new(kind)
    }
}

/// Letters first, then letters, digits, and `_ . -`: what OpenAI's codes look like.
pub(crate) fn is_plain_word(code: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    code.len() <= 64 && code.starts_with(|first: char| first.is_ascii_alphabetic()) && code.bytes().all(inner)
}
