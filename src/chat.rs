//! What callers ask and what the gateway is asked: parsing, checking and rendering. Pure: it knows no I/O, no HTTP and no
//! gateway's address.
//!
//! In come ChatGPT-web's messages or OpenAI's, out goes the body of [Create chat completion][create].
//!
//! [create]: https://platform.openai.com/docs/api-reference/chat/create

mod message;
mod messages;
mod models;
mod parameters;
mod parts;
mod question;
mod refusal;

pub use models::{Models, takes_completion_tokens};
pub use question::{Adjustments, Question};

/// More messages than any conversation has; it bounds the time that one request can take.
pub const MAX_MESSAGES: usize = 10_000;
