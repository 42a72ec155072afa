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

    /// The default code and sentence.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::InvalidJson => ("invalid_json", "The request body is not JSON."),
            Self::InvalidRequest => ("invalid_request", "The request has the wrong shape."),
            Self::TooLarge => ("request_too_large", "The request is too large."),
            Self::Unauthorized => ("unauthorized", "The request carries no valid credentials."),
            Self::NotFound => ("not_found", "There is no such path."),
            Self::MethodNotAllowed => ("method_not_allowed", "This path does not take that method."),
            Self::ModelNotFound => ("model_not_found", "The model does not exist, or may not be used here."),
            Self::Refused => ("request_refused", "The AI service refused the request."),
            Self::RateLimited => {
                ("rate_limited", "The AI service is receiving too many requests. Please try again shortly.")
            }
            Self::OutOfQuota => {
                ("insufficient_quota", "The AI service's quota is used up. Please tell the administrator.")
            }
            Self::GatewayMisconfigured => (
                "gateway_misconfigured",
                "The AI service is not set up correctly. Please tell the administrator.",
            ),
            Self::Gateway => ("gateway_error", "The AI service failed to answer. Please try again."),
            Self::GatewayTimeout => {
                ("gateway_timeout", "The AI service took too long to answer. Please try again.")
            }
            Self::Deadline => ("deadline", "The answer took longer than this service may run."),
            Self::SecretUnavailable => (
                "secret_unavailable",
                "The AI service's key can't be read at the moment. Please try again shortly.",
            ),
            Self::Internal => ("internal", "Something went wrong on our side. Please try again."),
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

impl From<ApiErrorKind> for ApiError {
    /// An error with the default code and sentence of its kind.
    fn from(kind: ApiErrorKind) -> Self {
        let (code, message) = kind.words();
        Self {
            kind,
            code: code.into(),
            message: message.into(),
            param: None,
            retry_after: None,
            allow: None,
        }
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
        let message = match &*code {
            "context_length_exceeded" => {
                "The conversation is too long for the model. Please shorten it or start a new one.".into()
            }
            "content_filter" | "content_policy_violation" => {
                "The content filter refused this message. Please rephrase it.".into()
            }
            _ => self.message,
        };
        Self { code, message, ..self }
    }
}
