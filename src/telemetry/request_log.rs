//! The log of one request: facts gathered on its way, written once when it is over.

use super::{AttemptLog, Facts, Outcome, metrics};
use std::sync::Arc;
use tokio::{runtime::Handle, time::Instant};

/// Gathers the facts of one request. Dropping it writes one log line and one line of metrics.
#[derive(Debug)]
pub struct RequestLog {
    /// When the request came.
    pub started: Instant,
    requested_model: String,
    /// The log that the gateway module fills.
    pub attempts: Arc<AttemptLog>,
    /// The facts known so far.
    pub facts: Facts,
}

impl RequestLog {
    /// Starts the log of a request.
    pub fn new(request_id: &str, trace_id: Option<String>, cold_start: bool) -> Self {
        let request_id = request_id.to_owned();
        let facts = Facts { request_id, trace_id, route: "none", cold_start, ..Facts::default() };
        let (started, attempts) = (Instant::now(), Arc::default());
        Self { started, requested_model: String::new(), attempts, facts }
    }

    /// The request is for `model`. A model that no setting names counts as `other` in the metrics: callers must
    /// not create metrics.
    pub fn asks_for(&mut self, model: &str, is_configured: bool) {
        model.clone_into(&mut self.requested_model);
        self.facts.model = Some(if is_configured { model } else { "other" }.to_owned());
    }

    /// A part of a stream was written; `events` is their number so far.
    pub fn wrote(&mut self, bytes: usize, events: u64) {
        self.facts.bytes += bytes as u64;
        if events > 0 && self.facts.first_event.is_none() {
            self.facts.first_event = Some(self.started.elapsed());
        }
        self.facts.events = events;
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        self.facts.duration = self.started.elapsed();
        self.facts.attempts = self.attempts.lock().clone();
        let last = &self.facts.attempts.model;
        if !last.is_empty() && *last != self.requested_model {
            self.facts.model = Some(last.clone()); // a fallback, which a setting names
        }
        let lines = Lines(std::mem::take(&mut self.facts));
        // A task of its own writes the lines, so that the stream's last events leave first.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { drop(lines) });
        }
    }
}

/// Writes the lines when dropped, also when the runtime ends before its task has run.
struct Lines(Facts);

impl Drop for Lines {
    fn drop(&mut self) {
        let facts = &self.0;
        let attempts = &facts.attempts;
        let response = attempts.response.as_ref();
        let milliseconds = metrics::milliseconds;
        tracing::info!(
            event = "request",
            request_id = facts.request_id,
            trace_id = facts.trace_id,
            route = facts.route,
            tenant = facts.caller.tenant,
            user_hash = facts.caller.user_hash,
            model = Some(attempts.model.as_str()).filter(|model| !model.is_empty()),
            status = facts.status.as_u16(),
            code = facts.error.as_ref().map(|error| &*error.code),
            reason = facts.reason,
            outcome = match facts.outcome {
                Outcome::Abandoned => "abandoned",
                Outcome::Replied | Outcome::Completed => "complete",
                Outcome::Failed => "failed",
                Outcome::Interrupted => "interrupted",
            },
            gateway_status = response.map(|response| response.status),
            gateway_code = attempts.gateway_code,
            gateway_latency_ms = response.map(|response| milliseconds(response.latency)),
            cache_status = response.and_then(|response| response.cache_status.as_deref()),
            cf_aig_log_id = response.and_then(|response| response.log_id.as_deref()),
            attempts = attempts.attempts,
            retries = attempts.retries,
            fallback = attempts.fallback,
            time_to_first_token_ms = facts.first_event.map(milliseconds),
            duration_ms = milliseconds(facts.duration),
            events = facts.events,
            bytes = facts.bytes,
            finish_reason = facts.finish_reason,
            cold_start = facts.cold_start,
        );
        metrics::print(facts);
    }
}
