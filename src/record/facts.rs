//! The facts of a request.

use crate::{auth::Caller, failure::Failure, gateway::Asked};
use http::StatusCode;
use std::time::Duration;

/// All that is known of a request when it is over.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The Lambda request id.
    pub request_id: String,
    /// X-Ray's id of the trace.
    pub trace: Option<String>,
    /// The route's path, or `none`.
    pub route: &'static str,
    /// It was the first of its process.
    pub cold_start: bool,
    /// Who asked.
    pub caller: Caller,
    /// The HTTP status.
    pub status: StatusCode,
    /// What went wrong, on a stream that was open, too.
    pub failure: Option<Failure>,
    /// Why the caller was refused; callers never read it.
    pub reason: Option<&'static str>,
    /// The model that metrics count it for, when a model was asked for.
    pub model: Option<String>,
    /// How asking the gateway went.
    pub asked: Asked,
    /// From the invocation to the first event that was written.
    pub first_event: Option<Duration>,
    /// From the invocation to the end.
    pub duration: Duration,
    /// The last `finish_reason` that came.
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
    /// Its reply was dropped before the end: Lambda let go of it.
    #[default]
    Abandoned,
    /// One JSON.
    Replied,
    /// An HTTP error.
    Failed,
    /// A stream to its `[DONE]`.
    Completed,
    /// A stream that ended with an error.
    Interrupted,
}

impl Outcome {
    /// Its word in the log.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Replied | Self::Completed => "complete",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

/// To the microsecond: more is noise.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}
