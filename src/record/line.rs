//! The facts of a request as a line of the log.

use super::{Facts, milliseconds};
use crate::{gateway::Asked, log::Moment};
use serde::Serialize;

/// The line. Its fields stand in the order of their names; those that have no value are left out.
#[derive(Debug, Serialize)]
pub struct Line<'f> {
    attempts: u32,
    bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_status: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cf_aig_log_id: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'f str>,
    cold_start: bool,
    duration_ms: f64,
    event: &'static str,
    events: u64,
    fallback: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway_latency_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway_status: Option<u16>,
    level: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    model: &'f str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    request_id: &'f str,
    retries: u32,
    route: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time_to_first_token_ms: Option<f64>,
    timestamp: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_hash: Option<&'f str>,
}

impl<'f> Line<'f> {
    /// What is written of `facts` at `moment`.
    pub fn new(facts: &'f Facts, moment: &'f Moment) -> Self {
        let Asked { attempts, retries, fallback, model, head } = &facts.asked;
        let head = head.as_ref();
        Self {
            attempts: *attempts,
            bytes: facts.bytes,
            cache_status: head.and_then(|head| head.cache_status.as_deref()),
            cf_aig_log_id: head.and_then(|head| head.log_id.as_deref()),
            code: facts.failure.as_ref().map(|failure| failure.code.as_ref()),
            cold_start: facts.cold_start,
            duration_ms: milliseconds(facts.duration),
            event: "request",
            events: facts.events,
            fallback: *fallback,
            finish_reason: facts.finish_reason.as_deref(),
            gateway_latency_ms: head.map(|head| milliseconds(head.after)),
            gateway_status: head.map(|head| head.status),
            level: "INFO",
            model,
            outcome: facts.outcome.name(),
            reason: facts.reason,
            request_id: &facts.request_id,
            retries: *retries,
            route: facts.route,
            status: facts.status.as_u16(),
            tenant: facts.caller.tenant.as_deref(),
            time_to_first_token_ms: facts.first_event.map(milliseconds),
            timestamp: &moment.text,
            trace_id: facts.trace.as_deref(),
            user_hash: facts.caller.user_hash.as_deref(),
        }
    }
}
