//! CloudWatch metrics as lines of the [embedded metric format][emf], which CloudWatch reads from the log: no API
//! call, no permission, no wait.
//!
//! [emf]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

use super::{Facts, Outcome};
use http::StatusCode;
use serde_json::{Map, Value, json};
use std::{
    io::Write,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tracing_subscriber::fmt::{self, time::FormatTime};

const NAMESPACE: &str = "GPTDock";

/// The metrics of a request, each with its unit. A count is 0 where it could have been 1, so that its average is a
/// rate. A metric is absent where it does not apply, and a time where nothing was timed.
///
/// A failed request counts once, in `ClientErrors`, `AuthFailures` or `GatewayErrors`, and also in
/// `StreamsInterrupted` when its stream was open. Everything that is not the caller's fault is a `GatewayErrors`:
/// the gateway, its rate limit and quota, the key, the deadline, and the function itself.
///
/// `TimeToFirstToken` and `StreamDuration` start with the invocation. `GatewayLatency` is the time from sending the
/// last answered request to its response head.
fn metrics(facts: &Facts) -> [(&'static str, &'static str, Option<Value>); 12] {
    let failure = facts.error.as_ref().map(|error| match error.kind.status() {
        StatusCode::UNAUTHORIZED => "AuthFailures",
        // All callers share the key's rate limit and quota.
        StatusCode::TOO_MANY_REQUESTS => "GatewayErrors",
        status if status.is_client_error() => "ClientErrors",
        _ => "GatewayErrors",
    });
    let attempts = &facts.attempts;
    let has_ended = matches!(facts.outcome, Outcome::Completed | Outcome::Interrupted);
    let count = |name, count: u32| (name, "Count", Some(count.into()));
    let failed = |name| count(name, (failure == Some(name)).into());
    let ended = |name, how| (name, "Count", has_ended.then(|| u32::from(facts.outcome == how).into()));
    let asked = |name, count: u32| (name, "Count", (attempts.attempts > 0).then(|| count.into()));
    let time = |name, time: Option<Duration>| (name, "Milliseconds", time.map(milliseconds).map(Value::from));
    [
        count("Requests", 1),
        failed("ClientErrors"),
        failed("GatewayErrors"),
        failed("AuthFailures"),
        ended("StreamsCompleted", Outcome::Completed),
        ended("StreamsInterrupted", Outcome::Interrupted),
        asked("Retries", attempts.retries),
        asked("Fallbacks", attempts.fallback.into()),
        count("ColdStarts", facts.cold_start.into()),
        time("GatewayLatency", attempts.response.as_ref().map(|response| response.latency)),
        time("TimeToFirstToken", facts.first_event),
        time("StreamDuration", has_ended.then_some(facts.duration)),
    ]
}

/// The line of one request, without a line end.
pub fn metrics_line(facts: &Facts, now: SystemTime, timestamp: &str) -> String {
    let (mut line, mut definitions) = (Map::new(), Vec::new());
    for (name, unit, value) in metrics(facts) {
        if let Some(value) = value {
            definitions.push(json!({"Name": name, "Unit": unit}));
            line.insert(name.to_owned(), value);
        }
    }
    let mut dimensions = vec![vec!["Route"]];
    // A request that reached no model has no such dimension.
    if let Some(model) = &facts.model {
        dimensions.push(vec!["Route", "Model"]);
        line.insert("Model".to_owned(), model.as_str().into());
    }
    let milliseconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
    let directive = json!({"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": definitions});
    line.insert("_aws".to_owned(), json!({"Timestamp": milliseconds, "CloudWatchMetrics": [directive]}));
    let (route, id) = (facts.route, facts.request_id.as_str());
    let words = [("Route", route), ("timestamp", timestamp), ("level", "INFO"), ("event", "metrics")];
    line.extend(
        words.into_iter().chain([("request_id", id)]).map(|(name, word)| (name.to_owned(), word.into())),
    );
    Value::Object(line).to_string()
}

/// Prints the line in one call, so that lines of concurrent requests do not mix.
pub(super) fn print(facts: &Facts) {
    if cfg!(test) {
        return;
    }
    // The time in RFC 3339, as the other lines have it. Writing to a `String` does not fail.
    let mut timestamp = String::new();
    let _ = fmt::time::SystemTime.format_time(&mut fmt::format::Writer::new(&mut timestamp));
    let line = metrics_line(facts, SystemTime::now(), &timestamp) + "\n";
    // There is nowhere to report that the log cannot be written.
    let _ = std::io::stdout().lock().write_all(line.as_bytes());
}

/// Milliseconds with microseconds behind the point.
pub(super) fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
