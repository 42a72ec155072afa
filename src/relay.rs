//! The relay: what leaves on an open stream, when, and how it ends.
//!
//! It owns keep-alives, silence, the deadline and the one end of a stream; it may not know which gateway answers, nor
//! what the answer says. The machine decides, from events and the time; the body waits.

mod body;
mod first_event;
mod machine;

pub use body::{Opening, Source, StreamBody};
pub use machine::{Ending, Relay, Stop, Times};
