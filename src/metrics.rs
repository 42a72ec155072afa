//! CloudWatch's metrics as data: which there are, and what each says of one request.
//!
//! They leave as lines of the [embedded metric format][emf], which CloudWatch reads out of the log: no call of an API,
//! no permission, no wait. `docs/decisions/metrics.md` says why a crate writes it.
//!
//! [emf]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

mod emf;

pub use emf::line;

use crate::record::{Facts, Outcome, milliseconds};
use http::StatusCode;
use metrique::writer::{Unit, unit::NegativeScale};
use std::time::Duration;

/// The namespace of all.
pub const NAMESPACE: &str = "GPTDock";
/// The dimension of the route: its path, or `none`.
pub const ROUTE: &str = "Route";
/// The dimension of the model.
pub const MODEL: &str = "Model";

/// By what they can be told apart. A request that asked for no model has the first only.
pub const DIMENSIONS: [&[&str]; 2] = [&[ROUTE], &[ROUTE, MODEL]];

/// One metric.
#[derive(Debug)]
pub struct Metric {
    /// Its name in CloudWatch.
    pub name: &'static str,
    reading: Reading,
}

/// What a metric says of a request; nothing when it does not apply.
#[derive(Debug)]
enum Reading {
    Count(fn(&Facts) -> Option<u32>),
    Time(fn(&Facts) -> Option<Duration>),
}

/// All metrics. A count is 0 where it could have been more, so that its average is a rate; a time is absent where
/// there was none.
///
/// A request that failed counts once, in `ClientErrors`, `AuthFailures` or `GatewayErrors`, and in `StreamsInterrupted`
/// too when its stream was open. Whatever was not the caller's doing is a `GatewayErrors`: the gateway, its rate limit
/// and quota, the key, the deadline, the function itself.
///
/// `TimeToFirstToken` and `StreamDuration` run from the invocation to the first event written and to the stream's end,
/// `GatewayLatency` from sending a request to its response head (of the last request that got one).
pub const METRICS: [Metric; 12] = [
    count("Requests", |_| Some(1)),
    count("ClientErrors", |facts| failed(facts, Fault::Caller)),
    count("GatewayErrors", |facts| failed(facts, Fault::Service)),
    count("AuthFailures", |facts| failed(facts, Fault::Credentials)),
    time("GatewayLatency", |facts| facts.asked.head.as_ref().map(|head| head.after)),
    time("TimeToFirstToken", |facts| facts.first_event),
    time("StreamDuration", |facts| ended(facts, Outcome::Completed).map(|_| facts.duration)),
    count("StreamsCompleted", |facts| ended(facts, Outcome::Completed)),
    count("StreamsInterrupted", |facts| ended(facts, Outcome::Interrupted)),
    count("Retries", |facts| (facts.asked.attempts > 0).then_some(facts.asked.retries)),
    count("Fallbacks", |facts| (facts.asked.attempts > 0).then_some(facts.asked.fallback.into())),
    count("ColdStarts", |facts| Some(facts.cold_start.into())),
];

const fn count(name: &'static str, of: fn(&Facts) -> Option<u32>) -> Metric {
    Metric { name, reading: Reading::Count(of) }
}

const fn time(name: &'static str, of: fn(&Facts) -> Option<Duration>) -> Metric {
    Metric { name, reading: Reading::Time(of) }
}

impl Metric {
    /// Its unit.
    pub fn unit(&self) -> Unit {
        match self.reading {
            Reading::Count(_) => Unit::Count,
            Reading::Time(_) => Unit::Second(NegativeScale::Milli),
        }
    }

    /// What it says of a request.
    pub fn read(&self, facts: &Facts) -> Option<f64> {
        match self.reading {
            Reading::Count(of) => of(facts).map(f64::from),
            Reading::Time(of) => of(facts).map(milliseconds),
        }
    }
}

/// Whose doing a failure is.
#[derive(PartialEq)]
enum Fault {
    Caller,
    Credentials,
    Service,
}

fn failed(facts: &Facts, by: Fault) -> Option<u32> {
    let fault = facts.failure.as_ref().map(|failure| match failure.status() {
        StatusCode::UNAUTHORIZED => Fault::Credentials,
        // The rate limit and the quota are those of the key that all callers share.
        StatusCode::TOO_MANY_REQUESTS => Fault::Service,
        status if status.is_client_error() => Fault::Caller,
        _ => Fault::Service,
    });
    Some((fault == Some(by)).into())
}

/// Only a stream that came to an end is counted as ended well or badly.
fn ended(facts: &Facts, how: Outcome) -> Option<u32> {
    let over = matches!(facts.outcome, Outcome::Completed | Outcome::Interrupted);
    over.then_some((facts.outcome == how).into())
}

#[cfg(test)]
#[path = "metrics/tests.rs"]
mod tests;
