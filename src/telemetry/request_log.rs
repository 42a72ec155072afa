//! The log of one request: facts gathered on its way, written once when it is over.

use super::{
    attempt_log::AttemptLog,
    facts::{Facts, Outcome, milliseconds},
    metrics,
};
use crate::error::ApiError;
use std::{sync::Arc, time::Instant};
use tokio::runtime::Handle;

/// Gathers the facts of one request. Dropping it writes one log line and one line of metrics.
#[derive(Debug)]
pub struct RequestLog {
    started: Instant,
    model: Option<Model>,
    attempts: Arc<AttemptLog>,
    /// The facts known so far.
    pub facts: Facts,
}

#[derive(Debug)]
struct Model {
    name: String,
    is_configured: bool,
}

impl RequestLog {
    /// Starts the log of a request.
    pub fn new(request_id: &str, trace_id: Option<String>, cold_start: bool) -> Self {
        let request_id = request_id.to_owned();
        let facts = Facts { request_id, trace_id, route: "none", cold_start, ..Facts::default() };
        Self { started: Instant::now(), model: None, attempts: Arc::default(), facts }
    }

    /// The request is for `model`. A model that no setting names counts as `other` in the metrics: callers must
    /// not create metrics.
    pub fn asks_for(&mut self, model: &str, is_configured: bool) {
        self.model = Some(Model { name: model.to_owned(), is_configured });
    }

    /// The log that the gateway module fills.
    pub fn attempts(&self) -> Arc<AttemptLog> {
        Arc::clone(&self.attempts)
    }

    /// A response without a stream is complete.
    pub fn replied(&mut self, bytes: usize) {
        self.facts.bytes = bytes as u64;
        self.facts.outcome = Outcome::Replied;
    }

    /// The request failed before a stream opened.
    pub fn failed(&mut self, error: &ApiError) {
        self.facts.status = error.kind.status();
        self.facts.error = Some(error.clone());
        self.facts.outcome = Outcome::Failed;
    }

    /// A part of a stream was written; `events` is their number so far.
    pub fn wrote(&mut self, bytes: usize, events: u64) {
        self.facts.bytes += bytes as u64;
        if events > 0 && self.facts.first_event.is_none() {
            self.facts.first_event = Some(self.started.elapsed());
        }
        self.facts.events = events;
    }

    /// A stream ended, with an error or completely.
    pub fn ended(&mut self, error: Option<&ApiError>, finish_reason: Option<&str>) {
        self.facts.outcome = if error.is_some() { Outcome::Interrupted } else { Outcome::Completed };
        self.facts.error = error.cloned();
        self.facts.finish_reason = finish_reason.map(str::to_owned);
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        self.facts.duration = self.started.elapsed();
        self.facts.attempts = self.attempts.lock().clone();
        if let Some(Model { name, is_configured }) = self.model.take() {
            let asked = &self.facts.attempts.model;
            let last = if asked.is_empty() { &name } else { asked };
            let is_named = is_configured || *last != name;
            self.facts.model = Some(if is_named { last.clone() } else { "other".to_owned() });
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
        write(&self.0);
        metrics::print(&self.0);
    }
}

fn write(facts: &Facts) {
    let attempts = &facts.attempts;
    let response = attempts.response.as_ref();
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
        outcome = facts.outcome.name(),
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
}
