//! What is done when a target fails: one pure function from what happened and what was tried to what comes next.
//! The README's table is this module's `match`, row by row.

use super::{
    refusal::{Class, Refusal},
    trouble::Trouble,
};
use crate::chat::Adjustments;
use std::time::Duration;

/// The first retry waits about this long, each further one twice as long.
const FIRST_BACK_OFF: Duration = Duration::from_millis(250);
/// A gateway that asks for a longer pause than this is not waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// A pool may hold several dead connections; after this many something else is wrong.
const MAX_STALE: u32 = 3;

/// What was tried for this request before the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tried {
    /// The target that failed is not the first one; it is asked once.
    pub past_first_target: bool,
    /// Retries so far.
    pub retries: u32,
    /// How many retries there may be.
    pub max_retries: u32,
    /// Stale connections so far.
    pub stale: u32,
    /// The key was refused before, and read again.
    pub key_refreshed: bool,
    /// How the target was asked last, beyond what the model's name says.
    pub adjustments: Adjustments,
}

/// Which of the targets that are left comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Whichever is next in order.
    Target,
    /// The fallback base with the same model.
    FallbackBase,
    /// The next model.
    Model,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Ask the same target again after a pause; it costs a retry.
    RetryAfter(Duration),
    /// Ask the same target again at once, over another connection; it costs nothing.
    Reconnect,
    /// Read the key again; if it changed, ask the same target once more, else go to the fallback base.
    RefreshKey,
    /// Ask the same target with the other token limit.
    OtherTokenLimit,
    /// Ask the same target without `temperature`.
    NoTemperature,
    /// Ask another target; give up when there is none.
    Go(Next),
    /// Tell the caller.
    GiveUp,
}

/// Decides. `left` is the time until the stream has to end; `jitter` lies between 0 and 1.
///
/// ```
/// use gptdock::gateway::{Trouble, policy::{Decision, Next, Tried, decide}};
/// use std::time::Duration;
///
/// let (tried, minute) = (Tried { max_retries: 2, ..Tried::default() }, Duration::from_secs(60));
/// let pause = Duration::from_millis(250);
/// assert_eq!(decide(&Trouble::ConnectionLost, &tried, minute, 1.0), Decision::RetryAfter(pause));
/// // No time is left for the pause, and a target that did not answer is not asked again.
/// assert_eq!(decide(&Trouble::ConnectionLost, &tried, pause, 1.0), Decision::Go(Next::Target));
/// assert_eq!(decide(&Trouble::NoAnswer, &tried, minute, 1.0), Decision::Go(Next::Target));
/// ```
pub fn decide(trouble: &Trouble, tried: &Tried, left: Duration, jitter: f64) -> Decision {
    match trouble {
        Trouble::StaleConnection if tried.stale < MAX_STALE => Decision::Reconnect,
        Trouble::StaleConnection | Trouble::NotConnected | Trouble::ConnectionLost | Trouble::BadAnswer => {
            retry(tried, None, left, jitter)
        }
        Trouble::NoAnswer | Trouble::SlowFirstEvent | Trouble::Silent => Decision::Go(Next::Target),
        Trouble::TooLong => Decision::GiveUp,
        Trouble::Refused(refusal) => match refusal.class {
            Class::Request | Class::Quota => Decision::GiveUp,
            Class::ContextLength | Class::ModelNotFound => Decision::Go(Next::Model),
            Class::TokenLimitName if !tried.adjustments.other_token_limit => Decision::OtherTokenLimit,
            Class::Temperature if !tried.adjustments.no_temperature => Decision::NoTemperature,
            Class::TokenLimitName | Class::Temperature => Decision::GiveUp,
            Class::Key if !tried.key_refreshed => Decision::RefreshKey,
            Class::Key | Class::Misconfigured => Decision::Go(Next::FallbackBase),
            Class::RateLimited | Class::Timeout | Class::Fault => retry_refused(refusal, tried, left, jitter),
            Class::Other if refusal.should_retry == Some(true) => retry_refused(refusal, tried, left, jitter),
            Class::Other => Decision::Go(Next::FallbackBase),
        },
    }
}

fn retry_refused(refusal: &Refusal, tried: &Tried, left: Duration, jitter: f64) -> Decision {
    match refusal {
        Refusal { should_retry: Some(false), .. } => Decision::Go(Next::Target),
        Refusal { retry_after: Some(wait), .. } if *wait > LONGEST_WAIT => Decision::Go(Next::Target),
        Refusal { retry_after, .. } => retry(tried, *retry_after, left, jitter),
    }
}

fn retry(tried: &Tried, asked_for: Option<Duration>, left: Duration, jitter: f64) -> Decision {
    // Between half and the whole of the step: callers that failed together do not return together.
    let back_off =
        || (FIRST_BACK_OFF * 2_u32.saturating_pow(tried.retries)).mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
    let wait = asked_for.unwrap_or_else(back_off);
    if tried.past_first_target || tried.retries >= tried.max_retries || wait >= left {
        return Decision::Go(Next::Target);
    }
    Decision::RetryAfter(wait)
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
