//! What callers ask and what the gateway is asked: parsing, checking and rendering. Pure; it knows no I/O.

mod message;
mod models;
mod parameters;
mod parts;
mod question;

pub use models::{Models, takes_completion_tokens};
pub use question::{Adjustments, Question};

/// More messages than any conversation has; it bounds the time that one request can take.
pub const MAX_MESSAGES: usize = 10_000;
