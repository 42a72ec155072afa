//! What comes next after an attempt failed: a pure function of the error and of what was tried before.
//! `docs/failures.md` has the same rules as a table.

use super::upstream_error::{ErrorClass, UpstreamError};
use crate::chat::Parameter;
use std::time::Duration;

/// The pause before the first retry. Each further pause is twice as long.
const FIRST_BACK_OFF: Duration = Duration::from_millis(250);
/// The longest pause that a gateway may ask for. After a longer one a caller would have given up.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// A target may refuse this many parameters of one request, one after the other.
const MAX_ADJUSTMENTS: u32 = 3;

/// What was tried so far: retries and adjustments at this target, the rest for the request.
#[derive(Debug, Clone, Copy, Default)]
pub struct RetryState {
    /// The target is not the first one. It is asked only once.
    pub past_first_target: bool,
    pub retries: u32,
    pub max_retries: u32,
    pub adjusted: u32,
    pub key_refreshed: bool,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Ask the same target after a pause. This counts as a retry.
    RetryAfter(Duration),
    /// Ask the same target without this parameter.
    Adjust(Parameter),
    /// Read the key again. Ask the same target when it changed, else decide again.
    RefreshKey,
    /// Ask the next target, when there is one.
    NextTarget,
    /// Ask the fallback base for the same model.
    FallbackBase,
    NextModel,
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
    use ErrorClass::*;
    if let Some(parameter) = adjustment.filter(|_| state.adjusted < MAX_ADJUSTMENTS) {
        return Decision::Adjust(parameter);
    }
    match error.class {
        Key | GatewayToken if !state.key_refreshed => Decision::RefreshKey,
        Key | Misconfigured => Decision::FallbackBase,
        Other if error.should_retry != Some(true) => Decision::FallbackBase,
        ContextLength | ModelNotFound => Decision::NextModel,
        TooSlow | WrongFormat => Decision::NextTarget,
        NotConnected | ConnectionLost | BadAnswer | RateLimited | Timeout | Fault | Other => {
            // Between half of the pause and all of it, so that callers that failed together do not return together.
            let back_off = FIRST_BACK_OFF * 2_u32.saturating_pow(state.retries);
            let wait = match error.retry_after {
                Some(asked_for) => asked_for,
                // Most lost connections were idle for too long. A new one is as good at once as later.
                None if error.class == ConnectionLost && state.retries == 0 => Duration::ZERO,
                None => back_off.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0),
            };
            let is_welcome = error.should_retry != Some(false) && error.retry_after <= Some(LONGEST_WAIT);
            let is_left = !state.past_first_target && state.retries < state.max_retries && wait < left;
            if is_welcome && is_left { Decision::RetryAfter(wait) } else { Decision::NextTarget }
        }
        // The gateway has decided. Another base would be a way around it.
        Refused | ContentFilter | Denied | UnsupportedParameter | Quota | GatewayToken | GatewayNotSetUp
        | Forbidden | GuardrailDown => Decision::GiveUp,
        TooLong => Decision::GiveUp,
    }
}

#[cfg(test)]
#[path = "retry_tests.rs"]
mod tests;
