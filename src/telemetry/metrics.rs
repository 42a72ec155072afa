//! CloudWatch metrics as lines of the [embedded metric format][emf], which CloudWatch reads from the log: no API
//! call, no permission, no wait.
//!
//! [emf]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

use super::facts::{Facts, Outcome, milliseconds};
use http::StatusCode;
use serde_json::{Map, Value, json};
use std::{
    io::Write,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tracing_subscriber::fmt::{self, time::FormatTime};

const NAMESPACE: &str = "GPTDock";
/// The dimension of the route: its path, or `none`.
const ROUTE: &str = "Route";
/// The dimension of the model. A request that reached no model has no such dimension.
const MODEL: &str = "Model";

/// One metric: its name in CloudWatch and how it is read from a request.
#[derive(Debug)]
pub struct Metric {
    /// The name.
    pub name: &'static str,
    reading: Reading,
}

/// How a metric is read. `None` leaves it out.
#[derive(Debug)]
enum Reading {
    Count(fn(&Facts) -> Option<u32>),
    Time(fn(&Facts) -> Option<Duration>),
}

/// All metrics. A count is 0 where it could have been 1, so that its average is a rate. A time is absent where
/// nothing was timed.
///
/// A failed request counts once, in `ClientErrors`, `AuthFailures` or `GatewayErrors`, and also in
/// `StreamsInterrupted` when its stream was open. Everything that is not the caller's fault is a `GatewayErrors`:
/// the gateway, its rate limit and quota, the key, the deadline, and the function itself.
///
/// `TimeToFirstToken` and `StreamDuration` start with the invocation. `GatewayLatency` is the time from sending the
/// last answered request to its response head.
pub const METRICS: [Metric; 12] = [
    count("Requests", |_| Some(1)),
    count("ClientErrors", |facts| failed(facts, Fault::Caller)),
    count("GatewayErrors", |facts| failed(facts, Fault::Service)),
    count("AuthFailures", |facts| failed(facts, Fault::Credentials)),
    time("GatewayLatency", |facts| facts.attempts.response.as_ref().map(|response| response.latency)),
    time("TimeToFirstToken", |facts| facts.first_event),
    time("StreamDuration", |facts| ended(facts, Outcome::Completed).map(|_| facts.duration)),
    count("StreamsCompleted", |facts| ended(facts, Outcome::Completed)),
    count("StreamsInterrupted", |facts| ended(facts, Outcome::Interrupted)),
    count("Retries", |facts| (facts.attempts.attempts > 0).then_some(facts.attempts.retries)),
    count("Fallbacks", |facts| (facts.attempts.attempts > 0).then_some(facts.attempts.fallback.into())),
    count("ColdStarts", |facts| Some(facts.cold_start.into())),
];

const fn count(name: &'static str, read: fn(&Facts) -> Option<u32>) -> Metric {
    Metric { name, reading: Reading::Count(read) }
}

const fn time(name: &'static str, read: fn(&Facts) -> Option<Duration>) -> Metric {
    Metric { name, reading: Reading::Time(read) }
}

impl Metric {
    /// The value for a request.
    pub fn read(&self, facts: &Facts) -> Option<f64> {
        match self.reading {
            Reading::Count(read) => read(facts).map(f64::from),
            Reading::Time(read) => read(facts).map(milliseconds),
        }
    }

    fn unit(&self) -> &'static str {
        match self.reading {
            Reading::Count(_) => "Count",
            Reading::Time(_) => "Milliseconds",
        }
    }
}

/// The line of one request, without a line end.
pub fn metrics_line(facts: &Facts, now: SystemTime, timestamp: &str) -> String {
    let mut line = Map::new();
    let mut definitions = Vec::new();
    for metric in &METRICS {
        if let Some(value) = metric.read(facts) {
            definitions.push(json!({"Name": metric.name, "Unit": metric.unit()}));
            let value = if metric.unit() == "Count" { (value as u64).into() } else { value.into() };
            line.insert(metric.name.to_owned(), value);
        }
    }
    let mut dimensions = vec![vec![ROUTE]];
    line.insert(ROUTE.to_owned(), facts.route.into());
    if let Some(model) = &facts.model {
        dimensions.push(vec![ROUTE, MODEL]);
        line.insert(MODEL.to_owned(), model.as_str().into());
    }
    let milliseconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
    let directive = json!({"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": definitions});
    line.insert("_aws".to_owned(), json!({"Timestamp": milliseconds, "CloudWatchMetrics": [directive]}));
    for (name, value) in [
        ("timestamp", timestamp),
        ("level", "INFO"),
        ("event", "metrics"),
        ("request_id", facts.request_id.as_str()),
    ] {
        line.insert(name.to_owned(), value.into());
    }
    Value::Object(line).to_string()
}

/// Prints the line in one call, so that lines of concurrent requests do not mix.
pub(super) fn print(facts: &Facts) {
    if cfg!(test) {
        return;
    }
    let line = metrics_line(facts, SystemTime::now(), &timestamp()) + "\n";
    // There is nowhere to report that the log cannot be written.
    let _ = std::io::stdout().lock().write_all(line.as_bytes());
}

/// The current time in RFC 3339, as the other lines have it.
fn timestamp() -> String {
    let mut text = String::new();
    // Writing to a `String` does not fail.
    let _ = fmt::time::SystemTime.format_time(&mut fmt::format::Writer::new(&mut text));
    text
}

/// Whose fault an error is.
#[derive(PartialEq)]
enum Fault {
    Caller,
    Credentials,
    Service,
}

fn failed(facts: &Facts, by: Fault) -> Option<u32> {
    let fault = facts.error.as_ref().map(|error| match error.kind.status() {
        StatusCode::UNAUTHORIZED => Fault::Credentials,
        // All callers share the key's rate limit and quota.
        StatusCode::TOO_MANY_REQUESTS => Fault::Service,
        status if status.is_client_error() => Fault::Caller,
        _ => Fault::Service,
    });
    Some((fault == Some(by)).into())
}

/// Whether a stream ended in this way. `None` for a request without a stream that ended.
fn ended(facts: &Facts, how: Outcome) -> Option<u32> {
    let has_ended = matches!(facts.outcome, Outcome::Completed | Outcome::Interrupted);
    has_ended.then_some((facts.outcome == how).into())
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
