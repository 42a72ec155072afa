//! The facts of one request, from which its log line and its metrics are written.

use super::attempt_log::Attempts;
use crate::{caller::Caller, error::ApiError};
use http::StatusCode;
use std::time::Duration;

/// All that is known of a request when it is over.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The Lambda request id.
    pub request_id: String,
    /// X-Ray's trace id.
    pub trace_id: Option<String>,
    /// The route's path, or `none`.
    pub route: &'static str,
    /// It was the first request of the process.
    pub cold_start: bool,
    /// The caller.
    pub caller: Caller,
    /// The HTTP status.
    pub status: StatusCode,
    /// The error, also one inside an open stream.
    pub error: Option<ApiError>,
    /// Why authentication failed. Callers never see it.
    pub reason: Option<&'static str>,
    /// The model for the metrics, when the request reached the gateway module.
    pub model: Option<String>,
    /// The attempts at the gateway.
    pub attempts: Attempts,
    /// From the start of the request to the first event that was written.
    pub first_event: Option<Duration>,
    /// From the start of the request to its end.
    pub duration: Duration,
    /// The last `finish_reason`.
    pub finish_reason: Option<String>,
    /// Events written.
    pub events: u64,
    /// Bytes written.
    pub bytes: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    /// Lambda dropped the response before its end.
    #[default]
    Abandoned,
    /// One JSON.
    Replied,
    /// An HTTP error.
    Failed,
    /// A stream up to `[DONE]`.
    Completed,
    /// A stream that ended with an error.
    Interrupted,
}

impl Outcome {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Replied | Self::Completed => "complete",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Milliseconds with microseconds behind the point.
pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}
