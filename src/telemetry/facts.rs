//! The facts of one request, from which its log line and its metrics are written.

use crate::{caller::Caller, error::ApiError};
use http::StatusCode;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

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

/// The attempts of one request, shared by the gateway, which fills it, and the request's log, which reads it.
#[derive(Debug, Default)]
pub struct AttemptLog(Mutex<Attempts>);

/// The attempts so far.
#[derive(Debug, Clone, Default)]
pub struct Attempts {
    /// Requests sent.
    pub attempts: u32,
    /// Requests that repeated one to the first target.
    pub retries: u32,
    /// A target other than the first was asked.
    pub fallback: bool,
    /// The model that was asked last.
    pub model: String,
    /// The last response head.
    pub response: Option<GatewayResponse>,
    /// Cloudflare's number for the last error, such as 2016.
    pub gateway_code: Option<u32>,
}

/// What a response head says to the operator.
#[derive(Debug, Clone, Default)]
pub struct GatewayResponse {
    /// The status.
    pub status: u16,
    /// From sending the request to the head.
    pub latency: Duration,
    /// `cf-aig-cache-status`.
    pub cache_status: Option<String>,
    /// `cf-aig-log-id`.
    pub log_id: Option<String>,
}

impl AttemptLog {
    /// A request to `model` is about to be sent.
    pub fn started(&self, model: &str) {
        let mut attempts = self.lock();
        attempts.attempts += 1;
        attempts.gateway_code = None;
        model.clone_into(&mut attempts.model);
    }

    /// Locks the attempts for reading or changing. The lock must not be held across an `await`.
    pub fn lock(&self) -> MutexGuard<'_, Attempts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
