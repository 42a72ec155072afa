//! What the operator sees: JSON lines and CloudWatch metrics. Nothing that a caller wrote, a model answered or a
//! secret holds may be passed to this module.

mod facts;
mod metrics;
mod request_log;

pub use facts::{AttemptLog, Attempts, Facts, GatewayResponse, Outcome};
pub use metrics::metrics_line;
pub use request_log::RequestLog;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Prints every `tracing` event as one JSON line with an RFC 3339 time and a level; Lambda assigns INFO to lines
/// without. Events of other crates are printed from WARN on, because their details may hold headers and bodies.
/// A panic becomes one line with its place only, because its message may hold a caller's words.
pub fn init() {
    let targets = Targets::new()
        .with_target("gptdock", LevelFilter::INFO)
        // It logs each failed poll of the Runtime API, without a pause between them.
        .with_target("lambda_runtime", LevelFilter::OFF)
        // Their warnings quote what the host of the credentials answered.
        .with_target("aws_", LevelFilter::OFF)
        .with_default(LevelFilter::WARN);
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false);
    // Fails only when a subscriber is set already, which then prints the lines.
    let _ = tracing_subscriber::registry().with(targets).with(lines).try_init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(event = "panic", place);
    }));
}
