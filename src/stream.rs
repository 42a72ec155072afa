//! An open stream towards the caller: what is written, when, and how it ends.
//!
//! [`StreamState`] decides, from events and the time. [`StreamBody`] waits for both.

mod body;
mod state;

pub use body::{Opening, Source, StreamBody};
pub use state::{Stop, StreamLimits, StreamState};
