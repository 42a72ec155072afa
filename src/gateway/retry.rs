//! What comes next after an attempt failed: a pure function of the error and of what was tried before.
//! `docs/failures.md` has the same rules as a table.

use super::{
    error_class::ErrorClass,
    error_response::ErrorResponse,
    targets::Next,
    upstream_error::UpstreamError,
};
use crate::chat::Parameter;
use std::time::Duration;

/// The pause before the first retry. Each further pause is twice as long.
const FIRST_BACK_OFF: Duration = Duration::from_millis(250);
/// The longest pause that a gateway may ask for. After a longer one a caller would have given up.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// A target may refuse this many parameters of one request, one after the other.
const MAX_ADJUSTMENTS: u32 = 3;

/// What was tried for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryState {
    /// The target is not the first one. It is asked only once.
    pub past_first_target: bool,
    /// Retries so far.
    pub retries: u32,
    /// The most retries.
    pub max_retries: u32,
    /// Parameters left out for this target so far.
    pub adjusted: u32,
    /// The key was read again because it was refused.
    pub key_refreshed: bool,
}

impl RetryState {
    pub fn new(max_retries: u32) -> Self {
        Self { past_first_target: false, retries: 0, max_retries, adjusted: 0, key_refreshed: false }
    }

    pub fn for_next_target(self) -> Self {
        Self { past_first_target: true, key_refreshed: self.key_refreshed, ..Self::new(self.max_retries) }
    }
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Ask the same target after a pause. This counts as a retry.
    RetryAfter(Duration),
    /// Ask the same target without this parameter.
    Adjust(Parameter),
    /// Read the key again. Ask the same target when it changed, else do what [`after_refused_key`] says.
    RefreshKey,
    /// Ask another target. Give up when there is none.
    Go(Next),
    /// Report the error.
    GiveUp,
}

/// Decides what comes next. `adjustment` is the parameter that can be left out. `left` is the time to the deadline.
/// `jitter` is between 0 and 1.
pub fn decide(
    error: &UpstreamError,
    state: &RetryState,
    adjustment: Option<Parameter>,
    left: Duration,
    jitter: f64,
) -> Decision {
    if let Some(parameter) = adjustment.filter(|_| state.adjusted < MAX_ADJUSTMENTS) {
        return Decision::Adjust(parameter);
    }
    match error {
        // Most lost connections were idle for too long. A new one is as good at once as later.
        UpstreamError::ConnectionLost if state.retries == 0 => retry(state, Some(Duration::ZERO), left, jitter),
        UpstreamError::NotConnected | UpstreamError::ConnectionLost | UpstreamError::BadAnswer => {
            retry(state, None, left, jitter)
        }
        UpstreamError::NoResponse
        | UpstreamError::SlowFirstEvent
        | UpstreamError::Silent
        | UpstreamError::WrongFormat => Decision::Go(Next::Target),
        UpstreamError::TooLong => Decision::GiveUp,
        UpstreamError::Response(response) => decide_response(response, error, state, left, jitter),
    }
}

fn decide_response(
    response: &ErrorResponse,
    error: &UpstreamError,
    state: &RetryState,
    left: Duration,
    jitter: f64,
) -> Decision {
    match response.class {
        // The gateway has decided. Another base would be a way around it.
        ErrorClass::Refused
        | ErrorClass::ContentFilter
        | ErrorClass::Denied
        | ErrorClass::UnsupportedParameter
        | ErrorClass::Quota
        | ErrorClass::GatewayNotSetUp
        | ErrorClass::Forbidden
        | ErrorClass::GuardrailDown => Decision::GiveUp,
        ErrorClass::ContextLength | ErrorClass::ModelNotFound => Decision::Go(Next::Model),
        ErrorClass::Key | ErrorClass::GatewayToken if !state.key_refreshed => Decision::RefreshKey,
        ErrorClass::Key | ErrorClass::GatewayToken => {
            after_refused_key(error).map_or(Decision::GiveUp, Decision::Go)
        }
        ErrorClass::Misconfigured => Decision::Go(Next::FallbackBase),
        ErrorClass::Other if response.should_retry != Some(true) => Decision::Go(Next::FallbackBase),
        ErrorClass::RateLimited | ErrorClass::Timeout | ErrorClass::Fault | ErrorClass::Other => {
            let is_long = response.retry_after.is_some_and(|wait| wait > LONGEST_WAIT);
            if is_long || response.should_retry == Some(false) {
                return Decision::Go(Next::Target);
            }
            retry(state, response.retry_after, left, jitter)
        }
    }
}

/// Where to go when the key was refused and has not changed. The gateway's own token is part of its decision.
pub fn after_refused_key(error: &UpstreamError) -> Option<Next> {
    let is_key = matches!(error, UpstreamError::Response(response) if response.class == ErrorClass::Key);
    is_key.then_some(Next::FallbackBase)
}

fn retry(state: &RetryState, asked_for: Option<Duration>, left: Duration, jitter: f64) -> Decision {
    // Between half of the pause and all of it, so that callers that failed together do not return together.
    let back_off =
        || (FIRST_BACK_OFF * 2_u32.saturating_pow(state.retries)).mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
    let wait = asked_for.unwrap_or_else(back_off);
    if state.past_first_target || state.retries >= state.max_retries || wait >= left {
        return Decision::Go(Next::Target);
    }
    Decision::RetryAfter(wait)
}

#[cfg(test)]
#[path = "retry_tests.rs"]
mod tests;
