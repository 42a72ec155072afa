//! What the gateway module reports of one request while it asks target after target.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The attempts of one request, shared by the gateway, which fills it, and the request's log, which reads it.
#[derive(Debug, Default)]
pub struct AttemptLog(Mutex<Attempts>);

/// The attempts so far.
#[derive(Debug, Clone, Default)]
pub struct Attempts {
    /// Requests sent.
    pub attempts: u32,
    /// Requests that repeated one to the first target.
    pub retries: u32,
    /// A target other than the first was asked.
    pub fallback: bool,
    /// The model that was asked last.
    pub model: String,
    /// The last response head.
    pub response: Option<GatewayResponse>,
    /// Cloudflare's number for the last error, such as 2016.
    pub gateway_code: Option<u32>,
}

/// What a response head says to the operator.
#[derive(Debug, Clone, Default)]
pub struct GatewayResponse {
    /// The status.
    pub status: u16,
    /// From sending the request to the head.
    pub latency: Duration,
    /// `cf-aig-cache-status`.
    pub cache_status: Option<String>,
    /// `cf-aig-log-id`.
    pub log_id: Option<String>,
}

impl AttemptLog {
    /// A request to `model` is about to be sent.
    pub fn started(&self, model: &str) {
        let mut attempts = self.lock();
        attempts.attempts += 1;
        attempts.gateway_code = None;
        model.clone_into(&mut attempts.model);
    }

    /// Locks the attempts for reading or changing. The lock must not be held across an `await`.
    pub fn lock(&self) -> MutexGuard<'_, Attempts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
