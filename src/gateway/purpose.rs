//! What the gateway is asked, and how asking it goes.

use super::headers::Metadata;
use crate::chat::Question;
use http::response::Parts;
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// A header of the gateway's that is longer says nothing that an operator looks for.
const MAX_WORD_BYTES: usize = 64;

/// What is asked, for whom, and until when.
#[derive(Debug)]
pub struct Purpose {
    /// The question.
    pub question: Question,
    /// Whether a setting names the question's model; with `ALLOWED_MODELS=*` a caller may have made the name up.
    pub is_named: bool,
    /// What Cloudflare's log may know.
    pub metadata: Metadata,
    /// When the answer has to end.
    pub deadline: Instant,
    /// How it went so far.
    pub asked: Mutex<Asked>,
}

/// How asking went, for the operator.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Requests sent.
    pub attempts: u32,
    /// Those that were retries of the first target.
    pub retries: u32,
    /// A target other than the first was asked.
    pub fallback: bool,
    /// The model that was asked last.
    pub model: String,
    /// The last response head that came.
    pub head: Option<Head>,
}

/// What a response head says to the operator.
#[derive(Debug, Clone)]
pub struct Head {
    /// The status.
    pub status: u16,
    /// How long after the request was sent it came.
    pub after: Duration,
    /// What Cloudflare's cache says.
    pub cache_status: Option<String>,
    /// The request's id in Cloudflare's log.
    pub log_id: Option<String>,
}

impl Purpose {
    /// How it went so far.
    pub fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The model that metrics count this for: the one asked last, or `other` when no setting names it, for callers
    /// must not create metrics.
    pub fn metric_model(&self) -> String {
        let asked = self.asked();
        let model = if asked.attempts == 0 { &self.question.model } else { &asked.model };
        if self.is_named || *model != self.question.model { model.clone() } else { "other".to_owned() }
    }
}

impl Head {
    /// What `parts` say, which came `after` the request was sent.
    pub fn new(parts: &Parts, after: Duration) -> Self {
        let word = |name| {
            let text = parts.headers.get(name)?.to_str().ok()?;
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            (!text.is_empty() && text.len() <= MAX_WORD_BYTES && text.bytes().all(plain))
                .then(|| text.to_owned())
        };
        Self {
            status: parts.status.as_u16(),
            after,
            cache_status: word("cf-aig-cache-status"),
            log_id: word("cf-aig-log-id"),
        }
    }
}
