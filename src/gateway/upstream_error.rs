//! Why one attempt at one target brought no answer.

use super::{error_class::ErrorClass, error_response::ErrorResponse};
use crate::{
    chat::{Adjustments, ChatRequest, Parameter},
    error::{ApiError, ApiErrorKind},
};

/// Why an attempt failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamError {
    /// No connection: refused, no such host, TLS, or longer than the connect time-out.
    NotConnected,
    /// The connection broke before the first event.
    ConnectionLost,
    /// No response head within its time.
    NoResponse,
    /// A response head but no event within its time, while another target is left.
    SlowFirstEvent,
    /// Silence after the response head.
    Silent,
    /// An error response, or an error as first event.
    Response(ErrorResponse),
    /// The answer is malformed, empty, or a page.
    BadAnswer,
    /// Events where one JSON was asked for.
    WrongFormat,
    /// The answer, or its first event, is over the limit.
    TooLong,
}

impl UpstreamError {
    /// The error for the caller.
    pub fn api_error(&self) -> ApiError {
        match self {
            Self::Response(response) => response.api_error(),
            Self::NoResponse | Self::SlowFirstEvent | Self::Silent => ApiErrorKind::GatewayTimeout.into(),
            Self::NotConnected
            | Self::ConnectionLost
            | Self::BadAnswer
            | Self::WrongFormat
            | Self::TooLong => ApiErrorKind::Gateway.into(),
        }
    }

    /// The gateway does not know the model.
    pub fn is_model_not_found(&self) -> bool {
        matches!(self, Self::Response(ErrorResponse { class: ErrorClass::ModelNotFound, .. }))
    }

    /// The parameter without which `model` may take the request.
    pub fn adjustment(&self, chat: &ChatRequest, model: &str, adjustments: &Adjustments) -> Option<Parameter> {
        let Self::Response(response) = self else { return None };
        match (response.class, &response.param) {
            (ErrorClass::UnsupportedParameter, Some(param)) => chat.adjust(param, model, adjustments),
            // Other gateways word it otherwise and name no parameter.
            (ErrorClass::Refused | ErrorClass::UnsupportedParameter, None)
                if matches!(response.status, 400 | 422) =>
            {
                chat.adjust("reasoning_effort", model, adjustments)
            }
            _ => None,
        }
    }
}
