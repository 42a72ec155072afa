//! The relay: what leaves on an open stream, when, and how it ends.

mod body;
mod machine;

pub use body::{Opening, Source, StreamBody};
pub use machine::{Ending, Relay, Stop, Times};
