//! The errors that callers see: status, code and sentence of everything that can go wrong.

use http::StatusCode;
use std::borrow::Cow;

/// An error as a caller may see it. It holds no secret, no upstream body and no stack.
///
/// ```
/// use gptdock::error::{ApiError, ApiErrorKind};
///
/// let error = ApiError::from(ApiErrorKind::TooLarge);
/// assert_eq!((error.kind.status().as_u16(), &*error.code), (413, "request_too_large"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The row of the table of errors.
    pub kind: ApiErrorKind,
    /// The machine-readable code.
    pub code: Cow<'static, str>,
    /// One sentence for a person.
    pub message: Cow<'static, str>,
    /// The parameter of the request that is wrong, as OpenAI names it.
    pub param: Option<String>,
    /// The value of [`Retry-After`](https://www.rfc-editor.org/rfc/rfc9110#field.retry-after), in seconds.
    pub retry_after: Option<u64>,
    /// The value of `Allow`.
    pub allow: Option<&'static str>,
}

/// The kinds of errors. Each has one status and one default code and sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiErrorKind {
    /// The body is empty or not JSON.
    InvalidJson,
    /// The body is JSON of the wrong shape.
    InvalidRequest,
    /// The body is over the limit.
    TooLarge,
    /// The credentials are missing or bad.
    Unauthorized,
    /// No such path.
    NotFound,
    /// A known path with another method.
    MethodNotAllowed,
    /// The caller may not ask for this model.
    ModelNotFound,
    /// The gateway refuses the request itself.
    Refused,
    /// The gateway answers 429.
    RateLimited,
    /// The gateway's quota, credit or budget is used up.
    OutOfQuota,
    /// The gateway refuses the key, or does not know the model or itself.
    GatewayMisconfigured,
    /// The gateway failed, or its answer cannot be read.
    Gateway,
    /// The gateway was too slow.
    GatewayTimeout,
    /// The Lambda deadline came before the end of the answer.
    Deadline,
    /// A secret or a key set cannot be read.
    SecretUnavailable,
    /// A fault of this function.
    Internal,
}

impl ApiErrorKind {
    /// The table of errors: status, default code and OpenAI's `error.type`.
    fn row(self) -> (u16, &'static str, &'static str) {
        const INVALID: &str = "invalid_request_error";
        const SERVER: &str = "server_error";
        match self {
            Self::InvalidJson => (400, "invalid_json", INVALID),
            Self::InvalidRequest => (422, "invalid_request", INVALID),
            Self::TooLarge => (413, "request_too_large", INVALID),
            Self::Unauthorized => (401, "unauthorized", "authentication_error"),
            Self::NotFound => (404, "not_found", INVALID),
            Self::MethodNotAllowed => (405, "method_not_allowed", INVALID),
            Self::ModelNotFound => (404, "model_not_found", INVALID),
            Self::Refused => (400, "request_refused", INVALID),
            Self::RateLimited => (429, "rate_limited", "rate_limit_error"),
            Self::OutOfQuota => (429, "insufficient_quota", "insufficient_quota"),
            Self::GatewayMisconfigured => (502, "gateway_misconfigured", SERVER),
            Self::Gateway => (502, "gateway_error", SERVER),
            Self::GatewayTimeout => (504, "gateway_timeout", SERVER),
            Self::Deadline => (504, "deadline", SERVER),
            Self::SecretUnavailable => (503, "secret_unavailable", SERVER),
            Self::Internal => (500, "internal", SERVER),
        }
    }

    /// The default sentence.
    fn sentence(self) -> &'static str {
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

    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// OpenAI's `error.type`.
    pub fn openai_type(self) -> &'static str {
        self.row().2
    }
}

impl From<ApiErrorKind> for ApiError {
    /// An error with the default code and sentence of its kind.
    fn from(kind: ApiErrorKind) -> Self {
        let (code, message) = (kind.row().1.into(), kind.sentence().into());
        Self { kind, code, message, param: None, retry_after: None, allow: None }
    }
}

impl ApiError {
    /// A request of the wrong shape. `place` is a path such as `messages[1].content.parts[0]`.
    pub fn invalid_request(place: &str, what: &str) -> Self {
        Self { param: Some(place.to_owned()), ..ApiErrorKind::InvalidRequest.into() }
            .with_message(format!("{place}: {what}"))
    }

    /// The same error with a more precise sentence.
    pub fn with_message(self, message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// The same error with a gateway's code, which must be safe to show, and the sentence for that code.
    pub fn with_code(self, code: impl Into<Cow<'static, str>>) -> Self {
        let code = code.into();
        let error = match &*code {
            "context_length_exceeded" => self.with_message(
                "The conversation is too long for the model. Please shorten it or start a new one.",
            ),
            "content_filter" | "content_policy_violation" => {
                self.with_message("The content filter refused this message. Please rephrase it.")
            }
            _ => self,
        };
        Self { code, ..error }
    }
}
