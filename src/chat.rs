//! Chat requests: reads and checks what callers send, renders what the gateway is sent. No I/O.
//!
//! Accepts the messages of ChatGPT-web and of OpenAI. Renders the body of [Create chat completion][create].
//!
//! [create]: https://platform.openai.com/docs/api-reference/chat/create

mod body;
mod message;
mod models;
mod request;

pub use models::{Adjustments, Parameter, list_models};
pub use request::ChatRequest;

#[cfg(test)]
mod memory_tests;
