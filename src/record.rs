//! What one request leaves behind, written when all is over: a line of the log and a line of metrics.
//!
//! It owns when those are written, and gathers what others tell it; no prompt, answer, key or token is among that.

mod facts;
mod line;

pub use facts::{Facts, Outcome, milliseconds};

use crate::{
    auth::Caller,
    failure::Failure,
    gateway::Purpose,
    log::{self, Moment},
    metrics,
    relay::Ending,
};
use line::Line;
use std::{sync::Arc, time::SystemTime};
use tokio::{runtime::Handle, time::Instant};

/// The facts of a request, gathered on its way. Dropping it writes them.
#[derive(Debug)]
pub struct Record {
    started: Instant,
    purpose: Option<Arc<Purpose>>,
    facts: Facts,
}

impl Record {
    /// A request that has just come.
    pub fn new(request_id: &str, cold_start: bool) -> Self {
        let facts =
            Facts { request_id: request_id.to_owned(), route: "none", cold_start, ..Facts::default() };
        Self { started: Instant::now(), purpose: None, facts }
    }

    /// The trace that it belongs to.
    pub fn trace(&mut self, trace: Option<&str>) {
        self.facts.trace = trace.map(str::to_owned);
    }

    /// Where it goes.
    pub fn route(&mut self, route: &'static str) {
        self.facts.route = route;
    }

    /// Who asks.
    pub fn caller(&mut self, caller: &Caller) {
        self.facts.caller = caller.clone();
    }

    /// Why the caller was refused.
    pub fn reason(&mut self, reason: &'static str) {
        self.facts.reason = Some(reason);
    }

    /// What is asked.
    pub fn purpose(&mut self, purpose: &Arc<Purpose>) {
        self.purpose = Some(Arc::clone(purpose));
    }

    /// A reply without a stream is whole.
    pub fn replied(&mut self, bytes: usize) {
        self.facts.bytes = bytes as u64;
        self.facts.outcome = Outcome::Replied;
    }

    /// It failed before the stream.
    pub fn failed(&mut self, failure: &Failure) {
        self.facts.status = failure.status();
        self.facts.failure = Some(failure.clone());
        self.facts.outcome = Outcome::Failed;
    }

    /// Some of a stream was written; `events` is their number so far.
    pub fn wrote(&mut self, bytes: usize, events: u64) {
        self.facts.bytes += bytes as u64;
        if events > self.facts.events && self.facts.first_event.is_none() {
            self.facts.first_event = Some(self.started.elapsed());
        }
        self.facts.events = events;
    }

    /// A stream ended; `finish_reason` is the last one that a choice had.
    pub fn ended(&mut self, ending: &Ending, finish_reason: Option<&str>) {
        self.facts.finish_reason = finish_reason.map(str::to_owned);
        match ending {
            Ending::Complete => self.facts.outcome = Outcome::Completed,
            Ending::Interrupted(failure) => {
                self.facts.outcome = Outcome::Interrupted;
                self.facts.failure = Some(failure.clone());
            }
        }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        self.facts.duration = self.started.elapsed();
        if let Some(purpose) = self.purpose.take() {
            self.facts.model = Some(purpose.metric_model());
            self.facts.asked = purpose.asked().clone();
        }
        let lines = Lines(std::mem::take(&mut self.facts));
        // The stream's last events wait behind this to be sent: a task of its own writes after them.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { drop(lines) });
        }
    }
}

/// Facts that are written when this is dropped: also by a process that ends before it runs another task.
struct Lines(Facts);

impl Drop for Lines {
    fn drop(&mut self) {
        let moment = Moment::from(SystemTime::now());
        log::print(&log::json(&Line::new(&self.0, &moment)));
        log::print(&metrics::line(&self.0, &moment));
    }
}

#[cfg(test)]
#[path = "record/tests.rs"]
mod tests;
