//! The facts of a request, and the fields that they are in the log.

use crate::{
    auth::Caller,
    failure::Failure,
    gateway::{Asked, Head},
};
use http::StatusCode;
use serde_json::{Map, Value};
use std::time::Duration;

/// All that is known of a request when it is over.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The Lambda request id.
    pub request_id: String,
    /// X-Ray's id of the trace.
    pub trace: Option<String>,
    /// The route's path, or `none`.
    pub route: &'static str,
    /// It was the first of its process.
    pub cold_start: bool,
    /// Who asked.
    pub caller: Caller,
    /// The HTTP status.
    pub status: StatusCode,
    /// What went wrong, on a stream that was open, too.
    pub failure: Option<Failure>,
    /// Why the caller was refused; callers never read it.
    pub reason: Option<&'static str>,
    /// The model that metrics count it for, when a model was asked for.
    pub model: Option<String>,
    /// How asking the gateway went.
    pub asked: Asked,
    /// From the invocation to the first event that was written.
    pub first_event: Option<Duration>,
    /// From the invocation to the end.
    pub duration: Duration,
    /// The last `finish_reason` that came.
    pub finish_reason: Option<String>,
    /// Events written.
    pub events: u64,
    /// Bytes written.
    pub bytes: u64,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    /// Its reply was dropped before the end: Lambda let go of it.
    #[default]
    Abandoned,
    /// One JSON.
    Replied,
    /// An HTTP error.
    Failed,
    /// A stream to its `[DONE]`.
    Completed,
    /// A stream that ended with an error.
    Interrupted,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Abandoned => "abandoned",
            Self::Replied | Self::Completed => "complete",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

impl Facts {
    /// The fields of the line in the log, but for those that have no value.
    pub fn fields(&self) -> Map<String, Value> {
        let Asked { attempts, retries, fallback, model, head } = &self.asked;
        let head = |read: fn(&Head) -> Value| head.as_ref().map_or(Value::Null, read);
        let fields = [
            ("request_id", Value::from(self.request_id.as_str())),
            ("trace_id", self.trace.clone().into()),
            ("route", self.route.into()),
            ("tenant", self.caller.tenant.clone().into()),
            ("user_hash", self.caller.user_hash.clone().into()),
            ("model", Some(model.as_str()).filter(|model| !model.is_empty()).into()),
            ("status", self.status.as_u16().into()),
            ("outcome", self.outcome.name().into()),
            ("code", self.failure.as_ref().map(|failure| failure.code.as_ref()).into()),
            ("reason", self.reason.into()),
            ("finish_reason", self.finish_reason.clone().into()),
            ("gateway_status", head(|head| head.status.into())),
            ("gateway_latency_ms", head(|head| milliseconds(head.after).into())),
            ("cache_status", head(|head| head.cache_status.clone().into())),
            ("cf_aig_log_id", head(|head| head.log_id.clone().into())),
            ("attempts", (*attempts).into()),
            ("retries", (*retries).into()),
            ("fallback", (*fallback).into()),
            ("time_to_first_token_ms", self.first_event.map(milliseconds).into()),
            ("duration_ms", milliseconds(self.duration).into()),
            ("events", self.events.into()),
            ("bytes", self.bytes.into()),
            ("cold_start", self.cold_start.into()),
        ];
        let present = fields.into_iter().filter(|(_, value)| !value.is_null());
        present.map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// To the microsecond: more is noise.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}
