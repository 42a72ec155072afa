//! What one request leaves in the log: one line, written when all is over.

use crate::{
    auth::Caller,
    failure::Failure,
    gateway::{Asked, Purpose},
    log,
    relay::Ending,
};
use http::StatusCode;
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::time::Instant;

/// The facts of a request, gathered on its way. Dropping it writes the line.
#[derive(Debug)]
pub struct Record {
    started: Instant,
    request_id: String,
    route: &'static str,
    cold_start: bool,
    caller: Caller,
    status: StatusCode,
    /// The code of the failure, in-band ones included.
    code: Option<String>,
    /// Why a caller was refused; callers never read it.
    reason: Option<&'static str>,
    purpose: Option<Arc<Purpose>>,
    first_write: Option<Instant>,
    finish_reason: Option<String>,
    events: u64,
    bytes: u64,
    outcome: &'static str,
}

impl Record {
    /// A request that has just come.
    pub fn new(request_id: &str, cold_start: bool) -> Self {
        Self {
            started: Instant::now(),
            request_id: request_id.to_owned(),
            route: "none",
            cold_start,
            caller: Caller::default(),
            status: StatusCode::OK,
            code: None,
            reason: None,
            purpose: None,
            first_write: None,
            finish_reason: None,
            events: 0,
            bytes: 0,
            outcome: "abandoned",
        }
    }

    /// Where it goes.
    pub fn route(&mut self, route: &'static str) {
        self.route = route;
    }

    /// Who asks.
    pub fn caller(&mut self, caller: &Caller) {
        self.caller = caller.clone();
    }

    /// Why the caller was refused.
    pub fn reason(&mut self, reason: &'static str) {
        self.reason = Some(reason);
    }

    /// What is asked.
    pub fn purpose(&mut self, purpose: &Arc<Purpose>) {
        self.purpose = Some(Arc::clone(purpose));
    }

    /// A reply without a stream is whole.
    pub fn replied(&mut self, bytes: usize) {
        self.bytes = bytes as u64;
        self.outcome = "complete";
    }

    /// It failed before the stream.
    pub fn failed(&mut self, failure: &Failure) {
        self.status = failure.status();
        self.outcome = "failed";
        self.code = Some(failure.code.to_string());
    }

    /// Some of a stream was written; `events` is their number so far.
    pub fn wrote(&mut self, bytes: usize, events: u64) {
        self.bytes += bytes as u64;
        if events > self.events && self.first_write.is_none() {
            self.first_write = Some(Instant::now());
        }
        self.events = events;
    }

    /// A stream ended; `finish_reason` is the last one that a choice had.
    pub fn ended(&mut self, ending: &Ending, finish_reason: Option<&str>) {
        self.finish_reason = finish_reason.map(str::to_owned);
        match ending {
            Ending::Complete => self.outcome = "complete",
            Ending::Interrupted(failure) => {
                self.outcome = "interrupted";
                self.code = Some(failure.code.to_string());
            }
        }
    }

    fn fields(&self) -> Map<String, Value> {
        let since_start = |at: Instant| Value::from((at - self.started).as_micros() as f64 / 1e3);
        let asked = self.purpose.as_ref().map(|purpose| purpose.asked().clone());
        let Asked { attempts, retries, fallback, gateway_status, cache_status, model } =
            asked.unwrap_or_default();
        let fields = [
            ("request_id", Value::from(self.request_id.as_str())),
            ("route", self.route.into()),
            ("tenant", self.caller.tenant.clone().into()),
            ("user_hash", self.caller.user_hash.clone().into()),
            ("model", model.into()),
            ("status", self.status.as_u16().into()),
            ("outcome", self.outcome.into()),
            ("code", self.code.clone().into()),
            ("reason", self.reason.into()),
            ("finish_reason", self.finish_reason.clone().into()),
            ("gateway_status", gateway_status.into()),
            ("cache_status", cache_status.into()),
            ("attempts", attempts.into()),
            ("retries", retries.into()),
            ("fallback", fallback.into()),
            ("time_to_first_token_ms", self.first_write.map_or(Value::Null, since_start)),
            ("duration_ms", since_start(Instant::now())),
            ("events", self.events.into()),
            ("bytes", self.bytes.into()),
            ("cold_start", self.cold_start.into()),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        log::write("INFO", "request", self.fields());
    }
}
