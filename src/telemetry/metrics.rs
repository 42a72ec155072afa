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

/// The counts of a request. A count is 0 where it could have been 1, so that its average is a rate, and absent where
/// it does not apply.
///
/// A failed request counts once, in `ClientErrors`, `AuthFailures` or `GatewayErrors`, and also in
/// `StreamsInterrupted` when its stream was open. Everything that is not the caller's fault is a `GatewayErrors`:
/// the gateway, its rate limit and quota, the key, the deadline, and the function itself.
fn counts(facts: &Facts) -> [(&'static str, Option<u32>); 9] {
    let fault = facts.error.as_ref().map(|error| match error.kind.status() {
        StatusCode::UNAUTHORIZED => Fault::Credentials,
        // All callers share the key's rate limit and quota.
        StatusCode::TOO_MANY_REQUESTS => Fault::Service,
        status if status.is_client_error() => Fault::Caller,
        _ => Fault::Service,
    });
    let is_fault_of = |who| Some(u32::from(fault == Some(who)));
    let has_ended = matches!(facts.outcome, Outcome::Completed | Outcome::Interrupted);
    let ended = |how| has_ended.then_some(u32::from(facts.outcome == how));
    let asked = |count| (facts.attempts.attempts > 0).then_some(count);
    [
        ("Requests", Some(1)),
        ("ClientErrors", is_fault_of(Fault::Caller)),
        ("GatewayErrors", is_fault_of(Fault::Service)),
        ("AuthFailures", is_fault_of(Fault::Credentials)),
        ("StreamsCompleted", ended(Outcome::Completed)),
        ("StreamsInterrupted", ended(Outcome::Interrupted)),
        ("Retries", asked(facts.attempts.retries)),
        ("Fallbacks", asked(facts.attempts.fallback.into())),
        ("ColdStarts", Some(facts.cold_start.into())),
    ]
}

/// The times of a request, absent where nothing was timed. `TimeToFirstToken` and `StreamDuration` start with the
/// invocation. `GatewayLatency` is the time from sending the last answered request to its response head.
fn times(facts: &Facts) -> [(&'static str, Option<Duration>); 3] {
    let has_ended = matches!(facts.outcome, Outcome::Completed | Outcome::Interrupted);
    [
        ("GatewayLatency", facts.attempts.response.as_ref().map(|response| response.latency)),
        ("TimeToFirstToken", facts.first_event),
        ("StreamDuration", has_ended.then_some(facts.duration)),
    ]
}

/// The line of one request, without a line end.
pub fn metrics_line(facts: &Facts, now: SystemTime, timestamp: &str) -> String {
    let counts = counts(facts).map(|(name, count)| (name, "Count", count.map(Value::from)));
    let times =
        times(facts).map(|(name, time)| (name, "Milliseconds", time.map(milliseconds).map(Value::from)));
    let (mut line, mut definitions) = (Map::new(), Vec::new());
    for (name, unit, value) in counts.into_iter().chain(times) {
        if let Some(value) = value {
            definitions.push(json!({"Name": name, "Unit": unit}));
            line.insert(name.to_owned(), value);
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
    let words = [("timestamp", timestamp), ("level", "INFO"), ("event", "metrics")];
    for (name, value) in words.into_iter().chain([("request_id", facts.request_id.as_str())]) {
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

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
