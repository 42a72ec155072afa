//! The first event of an answer, kept for what it says of the answer. Only a stream that is interrupted has to know, so
//! nothing is read of it before.

use crate::dialect::AnswerId;
use serde::Deserialize;
use std::fmt;

/// A payload, or nothing yet. `Debug` prints nothing of it.
#[derive(Default)]
pub struct FirstEvent(Box<[u8]>);

#[derive(Deserialize)]
struct Chunk {
    id: Option<String>,
    created: Option<u64>,
    model: Option<String>,
}

impl fmt::Debug for FirstEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirstEvent").finish_non_exhaustive()
    }
}

impl FirstEvent {
    /// The payload of the first event.
    pub fn new(payload: &[u8]) -> Self {
        Self(payload.into())
    }

    /// Names the answer as the caller has read it so far; what the event does not say stays.
    pub fn identify(&self, answer: &mut AnswerId) {
        if let Ok(Chunk { id, created, model }) = serde_json::from_slice(&self.0) {
            answer.id = id.unwrap_or_else(|| std::mem::take(&mut answer.id));
            answer.created = created.unwrap_or(answer.created);
            answer.model = model.unwrap_or_else(|| std::mem::take(&mut answer.model));
        }
    }
}
